# %% [markdown]
# # 10 The whole AlexNet: shapes, weights, memory, arithmetic
#
# **After it you can** write down every shape and count every weight of AlexNet, say where the
# weights are and where the arithmetic is, and explain why "224" works only as 227.
#
# **Needs** lessons 02, 05, 06 and 07. **Minutes** 30.

# %% [markdown]
# ## Predict
# Five convolutions, three fully connected layers, 60 million weights (paper, abstract).
#
# 1. What share of the weights do the convolutions hold: 4 %, 40 % or 90 %? Of the multiply-adds?
# 2. What needs more memory while training with 128 images: the weights, or the layers' outputs?
# 3. The paper's figure 2 says 224 x 224 pixels. How many 11 x 11 windows, 4 pixels apart, fit?

# %% [markdown]
# ## By hand
# A convolution has `F` filters of `C/G * KH * KW` weights and a bias each. Windows along a row:
# `(W + 2 padding - KW) / stride + 1`, rounded down.
#
# - conv1: `96 * (3 * 11 * 11) + 96 = 34,944`; from 227 pixels `(227 - 11) / 4 + 1 = 55` windows,
#   and pooling 3/2 leaves `(55 - 3) / 2 + 1 = 27`.
# - conv2 has two groups (lesson 11), so a filter sees 48 of the 96 maps:
#   `256 * (48 * 5 * 5) + 256 = 307,456`.
# - fc6 sees 256 maps of 6 x 6, 9,216 numbers: `4096 * 9216 + 4096 = 37,752,832`.
#
# A multiply-add for each weight at each place: 105,415,200 in conv1, but only 37,748,736 in fc6.

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import learn, models, report
from tinyalex.errors import ShapeError
from tinyalex.layers import Conv2d

# Outputs (F), inputs of each (K), places
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
weights = {name: F * K + F for name, (F, K, _) in BY_HAND.items()}
multiply_adds = {name: F * K * places for name, (F, K, places) in BY_HAND.items()}
work = sum(multiply_adds.values())
print(f"{sum(weights.values()):,} parameters, {work / 1e6:.0f} million multiply-adds an image")
assert sum(weights.values()) == 60_965_224

# %% [markdown]
# ## Code
# The package's network and its table of layers: they say shapes and costs without computing.

# %%
BATCH = 128  # the paper's
net = models.build("alexnet")
rows = report.layer_table(net, (3, 227, 227), BATCH)
shown = [row for row in rows if row.kind not in ("ReLU", "Dropout", "Flatten")]
for row in shown:
    size = " x ".join(map(str, row.output_shape))
    print(f"{row.kind:17} {row.detail:8} {size:13} {row.parameters:>10,} parameters")

# %% [markdown]
# ## Check
# Your table and the network's agree, layer by layer, and a real forward pass agrees with both.

# %%
for name, row in zip(BY_HAND, (row for row in rows if row.parameters), strict=True):
    assert (row.parameters, row.multiply_adds) == (weights[name], multiply_adds[name]), name
assert net.count_parameters() == 60_965_224
image = np.random.default_rng(0).standard_normal((1, 3, 227, 227)).astype(np.float32)
assert net.eval().forward(image).shape == net.output_shape(image.shape) == (1, 1000)
share_weights = sum(list(weights.values())[:5]) / sum(weights.values())
share_work = sum(list(multiply_adds.values())[:5]) / work
print(f"convolutions: {share_weights:.1%} of the weights, {share_work:.1%} of the arithmetic")
assert share_weights < 0.04 and share_work > 0.9
neurons = sum(F * places for F, _, places in BY_HAND.values())
print(f"{neurons:,} neurons; the abstract says 650,000")
assert abs(neurons - 650_000) < 10_000  # figure 2's caption has other numbers for conv1

# %% [markdown]
# **Memory.** Training keeps each weight three times (itself, gradient, velocity), and the maps of
# the whole batch until the backward pass has used them. ReLU works in place and adds none.
# **Time**: 1.2 million images, 90 epochs, and backward costs about twice a forward pass.

# %%
maps = sum(row.activation_bytes for row in shown)
once = sum(row.weight_bytes for row in rows)
print(f"batch of {BATCH}: maps {maps / 2**20:.0f} MiB, weights 3 x {once / 2**20:.0f} MiB")
assert maps > 2 * once  # the maps' gradients come on top: a GTX 580 had 3 GB in all
flop = 2 * 3 * work * 1.2e6 * 90
days = flop / (2 * 1.58e12) / 86_400  # a GTX 580 does 1.58 TFLOP/s at most (data sheet)
print(f"training: {flop:.1e} operations, {days:.1f} days at two GTX 580s' best; it took 5 to 6")
assert 1 < days < 5

figure = Figure(figsize=(9, 3.8), layout="constrained")
sizes = {n: 4 * BATCH * F * places / 2**20 for n, (F, _, places) in BY_HAND.items()}
panels = (
    ("parameters, millions", {n: w / 1e6 for n, w in weights.items()}),
    ("multiply-adds an image, millions", {n: m / 1e6 for n, m in multiply_adds.items()}),
    (f"output for {BATCH} images, MiB", sizes),
)
for axis, (title, bars) in zip(figure.subplots(1, 3, sharey=True), panels, strict=True):
    colours = ["#1f77b4"] * 5 + ["#d9480f"] * 3
    drawn = axis.barh(list(bars), list(bars.values()), color=colours)
    axis.bar_label(drawn, fmt="%.3g", padding=3, fontsize=8)
    axis.set_title(title, fontsize=10)
    axis.margins(x=0.22)
axis.invert_yaxis()
figure.suptitle("AlexNet: weights are at the end, arithmetic and memory at the beginning")
learn.show(figure, "10-where")

# %% [markdown]
# ## Break it
# `(224 - 11) / 4 + 1 = 54.25`. Rounded down, everything behind is smaller and fc6 does not fit.
# Rounded *up* it is 55: the last window hangs 3 pixels over the edge, which is 224 padded by
# (0, 3), which is 227. Padding 2 on both sides (torchvision) gives 55 too, but other windows.

# %%
try:
    fits = bool(net.output_shape((1, 3, 224, 224)))
except ShapeError as error:
    fits = False
    print(error)
assert not fits and net["features"].output_shape((1, 3, 224, 224)) == (1, 256, 5, 5)
assert Conv2d(3, 4, 11, stride=4, padding=1).output_shape((1, 3, 224, 224))[2] == 54  # textbooks
image = image[:, :, :224, :224]
conv1, by_2 = Conv2d(3, 4, 11, stride=4), Conv2d(3, 4, 11, stride=4, padding=2)  # same weights
y = conv1.forward(np.pad(image, ((0, 0), (0, 0), (0, 3), (0, 3))))
assert y.shape == by_2.forward(image).shape == (1, 4, 55, 55)
assert np.allclose(y[..., :54, :54], conv1.forward(image), atol=1e-5)  # one more row and column
assert not np.allclose(y, by_2.forward(image), atol=0.1)  # other windows, other numbers

# %% [markdown]
# ## Try next
# - No exercise belongs to this lesson: count another net. `tinyalex model alexnet-torchvision` has
#   61,100,840 parameters; which layers differ?
# - What would 256 pixels cost? Do `net["features"].output_shape((1, 3, 256, 256))` by hand first.
