# %% [markdown]
# # 11 Two GPUs: groups are two towers
#
# **After it you can** show that a convolution with two groups is two convolutions side by side,
# and count what the paper's two GPUs had to send each other.
#
# **Needs** lessons 03 and 10. **Minutes** 25.

# %% [markdown]
# ## Predict
# AlexNet did not fit into a GPU with 3 GB, so each of two GPUs got half of the filters (paper,
# section 3.2). In conv2, conv4 and conv5 a filter sees only the channels on its own GPU.
#
# 1. Compare two groups with one: do they need half as many weights, the same, or twice as many?
# 2. How many MB must a GPU receive before it can compute conv3 for 128 images?

# %% [markdown]
# ## By hand
# A 1x1 convolution at a single pixel: channels (1, 2, 3, 4), two filters, two groups. The first
# filter sees (1, 2), the second (3, 4). Both have the weights (1, 10), so `y = (21, 43)`. With one
# group the weight matrix would be `((1, 10, 0, 0), (0, 0, 1, 10))`: two groups save the zeros.

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import learn, models, report
from tinyalex.layers import Conv2d, Sequential, Towers
from tinyalex.models.alexnet import paper_layers

conv = Conv2d(4, 2, 1, groups=2)
conv.params = {"weight": np.array([1.0, 10, 1, 10]).reshape(2, 2, 1, 1), "bias": np.zeros(2)}
y = conv.forward(np.array([1.0, 2, 3, 4]).reshape(1, 4, 1, 1))
assert y.ravel().tolist() == [21, 43]

# %% [markdown]
# ## Code
# Compare a convolution with `groups=2` to two towers that each see half of the channels. With the
# same weights they give the same numbers, forward and backward, for inputs, weights and biases.

# %%
rng = np.random.default_rng(0)
x = rng.standard_normal((2, 6, 9, 7))
dy = rng.standard_normal((2, 8, 9, 7))


def as_towers(conv):
    """The same convolution as two towers; each has half of the filters."""
    left = Conv2d(conv.weight_shape[1], 4, 3, padding=1)
    right = Conv2d(conv.weight_shape[1], 4, 3, padding=1)
    for key, value in conv.params.items():
        left.params[key], right.params[key] = np.split(value, 2)
    return left, right, Towers(Sequential([left]), Sequential([right]), crossing=conv.groups == 1)


for groups, layers in ((2, "conv2, conv4, conv5"), (1, "conv3")):
    conv = Conv2d(6, 8, 3, padding=1, groups=groups, seed=1)
    conv.params = {key: value.astype(np.float64) for key, value in conv.params.items()}
    left, right, towers = as_towers(conv)
    assert np.allclose(conv.forward(x), towers.forward(x), atol=1e-12)
    assert np.allclose(conv.backward(dy), towers.backward(dy), atol=1e-12)
    for key, gradient in conv.grads.items():
        halves = np.concatenate([left.grads[key], right.grads[key]])
        assert np.allclose(gradient, halves, atol=1e-12)
    print(f"groups={groups} (as {layers}): {conv.params['weight'].size} weights, equal to towers")

# %% [markdown]
# In conv3 each tower sees all channels, so it is *one* group. "Two GPUs" is not the same as "two
# groups". This picture shows which weights `groups=2` leaves out:

# %%
grouped = Conv2d(6, 8, 3, padding=1, groups=2, seed=1)
weight = grouped.params["weight"]  # (8, 3, 3, 3)
blocks = Conv2d(6, 8, 3, padding=1)
blocks.params = {"weight": np.zeros((8, 6, 3, 3), np.float32), "bias": grouped.params["bias"]}
blocks.params["weight"][:4, :3] = weight[:4]
blocks.params["weight"][4:, 3:] = weight[4:]
x = x.astype(np.float32)
assert np.allclose(blocks.forward(x), grouped.forward(x), atol=1e-5)

figure = Figure(figsize=(8, 3.6), layout="constrained")
panels = {"one group": Conv2d(6, 8, 3), "two groups: blocks": blocks}
for axis, (title, conv) in zip(figure.subplots(1, 2), panels.items(), strict=True):
    size = np.abs(conv.params["weight"]).mean(axis=(2, 3))  # (F, C)
    axis.imshow(size, cmap="Blues", vmin=0, vmax=0.15)
    axis.set(xlabel="input channel", ylabel="filter", xticks=range(6), yticks=range(8), title=title)
figure.suptitle("Mean absolute value of 3 x 3 weights (white: 0)")
learn.show(figure, "11-blocks")

# %% [markdown]
# ## Check
# The whole network both ways, on real images. They are enlarged so that five convolutions fit. The
# weights are the same: `to_two_tower` cuts each array in half.

# %%
images, _ = learn.arrays(learn.dataset().train, 2)
factor = 96 // images.shape[2]
images = np.kron(images, np.ones((factor, factor), np.float32))
settings = {"num_classes": 10, "in_channels": images.shape[1], "image_size": images.shape[2]}
alexnet = models.build("alexnet", **settings).eval()
two_tower = models.build("alexnet-two-tower", **settings).eval()
two_tower.load_state_dict(models.to_two_tower(alexnet.state_dict()))
logits, tower_logits = alexnet.forward(images), two_tower.forward(images)
dx, tower_dx = alexnet.backward(logits), two_tower.backward(logits)
difference = np.abs(logits - tower_logits).max()
print(f"{alexnet.count_parameters():,} parameters; difference {difference:.1e}")
assert alexnet.count_parameters() == two_tower.count_parameters()
assert difference < 1e-3 * np.abs(logits).max()
assert np.abs(dx - tower_dx).max() < 1e-3 * np.abs(dx).max()

# %% [markdown]
# **What the GPUs sent each other**, in each direction, in the forward pass. (The backward pass
# sends as much again.)

# %%
table = report.layer_table(Sequential(paper_layers(3)), (3, 227, 227), 128)
rows = {row.name: row for row in table}
layer_before = {"conv2": "3", "conv3": "7", "conv4": "9", "conv5": "11", "fc6": "14"}
half = {name: rows[before].activation_bytes / 2 / 1e6 for name, before in layer_before.items()}
half["fc7"] = half["fc8"] = 128 * 2048 * 4 / 1e6
sent = {name: mb for name, mb in half.items() if name not in ("conv2", "conv4", "conv5")}
total, with_one_group = sum(sent.values()), sum(half.values())
print(f"conv3: {half['conv3']:.1f} MB of {total:.1f} MB; with one group {with_one_group:.1f} MB")
assert np.isclose(half["conv3"], 128 * 128 * 13 * 13 * 4 / 1e6)
assert total < with_one_group / 3
weights_left = sum(rows[name].parameters for name in ("4", "10", "12")) - 256 - 384 - 256
assert weights_left == 1_413_120  # two groups halve the weights of these layers: they save as many
figure = Figure(figsize=(8, 3.4), layout="constrained")
axis = figure.subplots()
colours = ["#d9480f" if name in sent else "#ced4da" for name in half]
bars = axis.bar(list(half), list(half.values()), color=colours)
axis.bar_label(bars, fmt="%.1f", padding=2)
axis.set(ylabel="MB for a batch of 128", ylim=(0, 20))
axis.set_title("What a GPU must receive (red), and what two groups save (grey)")
learn.show(figure, "11-exchange")

# %% [markdown]
# ## Break it
# Here are three wrong ways to join the weights of two towers. All give the right shape, so no error
# warns you. Only the numbers show the mistake.

# %%
left, right = np.split(weight, 2)
wrong = {
    "halves swapped": np.concatenate([right, left]),
    "joined along the input channels": np.concatenate([left, right], axis=1).reshape(weight.shape),
    "filters interleaved": np.stack([left, right], axis=1).reshape(weight.shape),
}
y = grouped.forward(x)
for name, mistaken in wrong.items():
    grouped.params["weight"] = mistaken
    error = np.abs(grouped.forward(x) - y).max() / np.abs(y).max()
    print(f"{name}: off by {error:.0%} of the largest output")
    assert error > 0.1

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 17_grouped_conv`: write it with a loop over the groups.
# - Paper, section 6.1: one GPU learned filters with colour, the other without.
#   `tinyalex reproduce towers` looks for this on CIFAR-10; docs/reproduce.md has the result.
