# %% [markdown]
# # 10 The whole AlexNet: shapes, weights, memory, arithmetic
#
# **After it you can** write down every shape of AlexNet, count its
# weights, say where its weights and its arithmetic are, and explain why
# "224" only works as 227.
#
# **Needs** lessons 02, 05, 06 and 07. **Minutes** 30.

# %% [markdown]
# ## Predict
# Five convolutions, three fully connected layers, 60 million weights
# (paper, abstract).
#
# 1. What share of the weights is in the convolutions: 4 %, 40 % or 90 %?
#    And of the multiply-adds?
# 2. What needs more memory when you train with 128 images: the weights,
#    or the layers' outputs?
# 3. The paper's figure 2 says 224 x 224 pixels. How many 11 x 11 windows
#    fit along a row, 4 pixels apart?

# %% [markdown]
# ## By hand
# A convolution has `F` filters. Each has `C/G * KH * KW` weights and a
# bias. The number of windows along a row is
# `(W + 2 padding - KW) / stride + 1`, rounded down.
#
# - conv1: `96 * (3 * 11 * 11) + 96 = 34,944` parameters. 227 pixels give
#   `(227 - 11) / 4 + 1 = 55` windows, and pooling 3/2 leaves
#   `(55 - 3) / 2 + 1 = 27`.
# - conv2 has two groups (lesson 11), so a filter sees 48 of the 96
#   channels: `256 * (48 * 5 * 5) + 256 = 307,456`.
# - fc6 sees 256 channels of 6 x 6, 9,216 numbers:
#   `4096 * 9216 + 4096 = 37,752,832`.
#
# There is one multiply-add per weight and position: 105,415,200 in conv1,
# but only 37,748,736 in fc6.

# %%
import numpy as np

from tinyalex import learn, models, report
from tinyalex.errors import ShapeError
from tinyalex.layers import Conv2d

# Filters (F), inputs per filter (K), positions (P)
BY_HAND = {
    "conv1": (96, 3 * 11 * 11, 55 * 55),
    "conv2": (256, 48 * 5 * 5, 27 * 27),
    "conv3": (384, 256 * 3 * 3, 13 * 13),
    "conv4": (384, 192 * 3 * 3, 13 * 13),
    "conv5": (256, 192 * 3 * 3, 13 * 13),
    "fc6": (4096, 256 * 6 * 6, 1),
    "fc7": (4096, 4096, 1),
    "fc8": (1000, 4096, 1),
}
parameters = {name: F * K + F for name, (F, K, P) in BY_HAND.items()}
multiply_adds = {name: F * K * P for name, (F, K, P) in BY_HAND.items()}
all_parameters = sum(parameters.values())
all_multiply_adds = sum(multiply_adds.values())
print(f"{all_parameters:,} parameters")
print(f"{all_multiply_adds / 1e6:.0f} million multiply-adds per image")
assert all_parameters == 60_965_224

# %% [markdown]
# ## Code
# **Your turn.** conv3 has 384 filters of 3 x 3, and each sees all 256
# channels. How many weights and biases are that?

# %%
conv3 = 384 * 256 * 3 * 3 + 384  # your turn: parameters of conv3
assert conv3 == parameters["conv3"], "a bias per filter, too"

# %% [markdown]
# The package's network, and its table of layers. It gives shapes and
# costs without computing anything.

# %%
BATCH = 128  # the paper's
net = models.build("alexnet")
rows = report.layer_table(net, (3, 227, 227), BATCH)
without_output = ("ReLU", "Dropout", "Flatten")  # ReLU works in place
shown = [row for row in rows if row.kind not in without_output]
for row in shown:
    size = " x ".join(str(side) for side in row.output_shape)
    print(f"{row.kind:17} {row.detail:8} {size:13} {row.parameters:>10,}")

# %% [markdown]
# ## Check
# Your table and the network's agree, layer by layer. A real forward pass
# has the same shape.
#
# **Prediction 1.** 4 % of the weights, and more than 90 % of the
# multiply-adds: a convolution uses each weight at every position.

# %%
with_weights = [row for row in rows if row.parameters]
for name, row in zip(BY_HAND, with_weights, strict=True):
    assert row.parameters == parameters[name], name
    assert row.multiply_adds == multiply_adds[name], name
assert net.count_parameters() == all_parameters
rng = np.random.default_rng(0)
image = rng.standard_normal((1, 3, 227, 227)).astype(np.float32)
assert net.eval().forward(image).shape == (1, 1000)
assert net.output_shape(image.shape) == (1, 1000)

convolutions = ("conv1", "conv2", "conv3", "conv4", "conv5")
weights = sum(parameters[name] for name in convolutions)
work = sum(multiply_adds[name] for name in convolutions)
print(
    f"convolutions: {weights / all_parameters:.1%} of the weights", end=""
)
print(f", {work / all_multiply_adds:.1%} of the arithmetic")
assert weights < 0.04 * all_parameters
assert work > 0.9 * all_multiply_adds
neurons = sum(F * P for F, K, P in BY_HAND.values())
print(f"{neurons:,} neurons; the abstract says 650,000")
# The caption of figure 2 has other numbers for conv1.
assert abs(neurons - 650_000) < 10_000

# %% [markdown]
# **Prediction 2.** The outputs. Training keeps weights, gradients and
# velocity, all of the same size. It also keeps the outputs of the layers,
# for the whole batch, until the backward pass has used them.
#
# **Time**: 1.2 million images, 90 epochs, and a backward pass costs about
# twice a forward pass.

# %%
outputs = sum(row.activation_bytes for row in shown)
weights = sum(row.weight_bytes for row in rows)
print(f"batch of {BATCH}: outputs {outputs / 2**20:.0f} MiB", end=", ")
print(f"weights 3 x {weights / 2**20:.0f} MiB")
# The outputs have gradients as well; a GTX 580 had 3 GB.
assert outputs > 2 * weights
flop = 2 * 3 * all_multiply_adds * 1.2e6 * 90
# A GTX 580 has at most 1.58 TFLOP/s (data sheet).
days = flop / (2 * 1.58e12) / 86_400
print(f"training: {flop:.1e} operations")
print(f"two GTX 580s at their peak: {days:.1f} days; the paper: 5 to 6")
assert 1 < days < 5

millions = {name: n / 1e6 for name, n in parameters.items()}
work = {name: n / 1e6 for name, n in multiply_adds.items()}
memory = {}
for name, (F, _, P) in BY_HAND.items():
    memory[name] = 4 * BATCH * F * P / 2**20
learn.draw_bars(
    "10-where",
    {
        "parameters, millions": millions,
        "multiply-adds, millions": work,
        f"output for {BATCH} images, MiB": memory,
    },
    title="Weights at the end, arithmetic and memory at the beginning",
    highlight=("fc6", "fc7", "fc8"),
)

# %% [markdown]
# **Prediction 3.** 54: `(224 - 11) / 4 + 1 = 54.25`, rounded down. So
# figure 2 cannot be right. See what happens:

# %% [markdown]
# ## Break it
# If you round down, all later feature maps are smaller and fc6 does not
# fit. If you round *up*, it is 55. Then the last window reaches 3 pixels
# beyond the edge, as if 224 were padded by (0, 3), which gives 227.
# Padding 2 on both sides (torchvision) also gives 55, but the windows are
# different.

# %%
features = net["features"]
for pixels in (227, 224):
    shape = features.output_shape((1, 3, pixels, pixels))
    print(f"{pixels} pixels: fc6 gets {shape[1:]}")
assert features.output_shape((1, 3, 227, 227)) == (1, 256, 6, 6)
assert features.output_shape((1, 3, 224, 224)) == (1, 256, 5, 5)
try:
    net.output_shape((1, 3, 224, 224))
    raise AssertionError("224 pixels fitted")
except ShapeError as error:
    print(error)
padded_by_1 = Conv2d(3, 4, 11, stride=4, padding=1)  # some textbooks
assert padded_by_1.output_shape((1, 3, 224, 224)) == (1, 4, 54, 54)

image = image[:, :, :224, :224]
conv1 = Conv2d(3, 4, 11, stride=4)
padded_by_2 = Conv2d(3, 4, 11, stride=4, padding=2)  # the same weights
bottom_and_right = ((0, 0), (0, 0), (0, 3), (0, 3))
y = conv1.forward(np.pad(image, bottom_and_right))
y_2 = padded_by_2.forward(image)
assert y.shape == y_2.shape == (1, 4, 55, 55)
# One row and one column more than without padding ...
assert np.allclose(y[..., :54, :54], conv1.forward(image), atol=1e-5)
# ... and with padding 2 other windows.
print(
    f"padded by (0, 3) and by 2: up to {np.abs(y - y_2).max():.1f} apart"
)
assert not np.allclose(y, y_2, atol=0.1)

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 26_count_weights`: count any network.
# - `tinyalex exercise train my-answers --milestone 3`: a CNN with your
#   backward passes learns digits.
# - Count another net: `tinyalex model alexnet-torchvision` has 61,100,840
#   parameters. Which layers differ?
# - What would 256 pixels cost? Do
#   `net["features"].output_shape((1, 3, 256, 256))` by hand first.
