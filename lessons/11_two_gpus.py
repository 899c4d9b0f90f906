# %% [markdown]
# # 11 Two GPUs: groups are two towers
#
# **After it you can** show that a convolution with two groups is two convolutions side by side,
# and count what the paper's two GPUs had to send each other.
#
# **Needs** lessons 03 and 10. **Minutes** 25.

# %% [markdown]
# ## Predict
#
# AlexNet did not fit into a GPU of 3 GB, so each of two GPUs took half of the filters (paper,
# section 3.2, figure 2). In conv2, conv4 and conv5 a filter sees only the maps of its own GPU.
#
# 1. Do two groups need half as many weights as one, the same, or twice as many?
# 2. A batch has 128 images. How many MB must a GPU receive before it can do conv3?

# %% [markdown]
# ## By hand
#
# A 1x1 convolution at a single pixel: maps (1, 2, 3, 4), two filters, two groups. The first
# filter sees the maps (1, 2), the second one (3, 4). Both have the weights (1, 10):
# `y = (1 + 20, 3 + 40) = (21, 43)`.
#
# As one ungrouped convolution its weight matrix has zeros where a filter sees nothing:
# `((1, 10, 0, 0), (0, 0, 1, 10))`. Two groups save those zeros: half of the weights.

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import learn, models
from tinyalex.errors import ShapeError
from tinyalex.layers import Conv2d, Sequential, Towers
from tinyalex.models.alexnet import paper_layers
from tinyalex.report import layer_table

conv = Conv2d(4, 2, 1, groups=2)
conv.params = {"weight": np.array([1.0, 10, 1, 10]).reshape(2, 2, 1, 1), "bias": np.zeros(2)}
y = conv.forward(np.array([1.0, 2, 3, 4]).reshape(1, 4, 1, 1))
print("by hand (21, 43), the layer:", y.ravel())
assert y.ravel().tolist() == [21, 43]

# %% [markdown]
# ## Code
#
# One convolution with `groups=2`, and two columns that each see half of the maps. The *first*
# half of the filters belongs to the first half of the maps. Same weights in, same numbers out:
# forward, and backward for the input, the weights and the biases.

# %%
rng = np.random.default_rng(0)
x, dy = rng.standard_normal((2, 6, 9, 7)), rng.standard_normal((2, 8, 9, 7))


def columns(weight, bias, channels, crossing):
    """Two towers of a convolution each, with the halves of the weights along the filters."""
    towers = [Conv2d(channels, 4, 3, padding=1) for _ in range(2)]
    for tower, w, b in zip(towers, np.split(weight, 2), np.split(bias, 2), strict=True):
        tower.params = {"weight": w.copy(), "bias": b.copy()}
    return Towers(*(Sequential([tower]) for tower in towers), crossing=crossing), towers


for groups, layer in ((2, "conv2, conv4, conv5"), (1, "conv3")):
    conv = Conv2d(6, 8, 3, padding=1, groups=groups, seed=1)
    conv.params = {key: value.astype(np.float64) for key, value in conv.params.items()}
    both, towers = columns(**conv.params, channels=6 // groups, crossing=groups == 1)
    assert np.allclose(conv.forward(x), both.forward(x), atol=1e-12)
    assert np.allclose(conv.backward(dy), both.backward(dy), atol=1e-12)
    for key in ("weight", "bias"):
        halves = [tower.grads[key] for tower in towers]
        assert np.allclose(conv.grads[key], np.concatenate(halves), atol=1e-12)
    print(f"groups={groups} (as {layer}): {conv.params['weight'].size} weights, equal to towers")

# %% [markdown]
# Where the columns cross, as in conv3, each tower sees all maps. That is *one* group: "two GPUs"
# and "two groups" are not the same thing. What `groups=2` leaves out, as a picture:

# %%
grouped = Conv2d(6, 8, 3, padding=1, groups=2, seed=1)
w = grouped.params["weight"]
full = Conv2d(6, 8, 3, padding=1)
full.params = {"weight": np.zeros((8, 6, 3, 3), np.float32), "bias": grouped.params["bias"]}
full.params["weight"][:4, :3], full.params["weight"][4:, 3:] = w[:4], w[4:]
x32 = x.astype(np.float32)
assert np.allclose(full.forward(x32), grouped.forward(x32), atol=1e-5)
figure = Figure(figsize=(8, 3.6), layout="constrained")
drawn = {"groups=1: every filter sees every map": Conv2d(6, 8, 3), "groups=2: two blocks": full}
for axis, (title, each) in zip(figure.subplots(1, 2), drawn.items(), strict=True):
    size = np.abs(each.params["weight"]).sum(axis=(2, 3))
    image = axis.imshow(np.where(size == 0, np.nan, size), cmap="Blues", vmin=0)
    axis.set(title=title, xlabel="input map", ylabel="filter")
    axis.set_facecolor("#f1f3f5")
figure.colorbar(image, ax=figure.axes, label="sum of |weights|, 3 x 3")
learn.show(figure, "11-blocks")

# %% [markdown]
# ## Check
#
# The whole network both ways, on real images (enlarged, so that five convolutions fit), with the
# same weights: `to_two_tower` cuts each array in half and changes no number.

# %%
images, _ = learn.arrays(learn.dataset().train, 2)
zoom = 80 // images.shape[2]
images = images.repeat(zoom, axis=2).repeat(zoom, axis=3)
kind = {"num_classes": 10, "in_channels": images.shape[1], "image_size": images.shape[2]}
one, two = models.build("alexnet", **kind), models.build("alexnet-two-tower", **kind)
two.load_state_dict(models.to_two_tower(one.state_dict()))
logits, logits_two = one.eval().forward(images), two.eval().forward(images)
dx, dx_two = one.backward(logits), two.backward(logits)
print(f"{one.count_parameters():,} parameters in both; logits, first image:", logits[0, :3])
assert one.count_parameters() == two.count_parameters()
assert np.allclose(logits, logits_two, rtol=1e-3, atol=1e-4 * np.abs(logits).max())
assert np.allclose(dx, dx_two, rtol=1e-3, atol=1e-4 * np.abs(dx).max())

# %% [markdown]
# **What the GPUs sent each other**, each way, for the forward pass (backward: as much again).

# %%
rows = {r.name: r for r in layer_table(Sequential(paper_layers(3)), (3, 227, 227), batch_size=128)}
sees = {"conv2": "3", "conv3": "7", "conv4": "9", "conv5": "11", "fc6": "14"}  # its input's layer
half = {name: rows[before].activation_bytes / 2 / 1e6 for name, before in sees.items()}
half |= {"fc7": 128 * 2048 * 4 / 1e6, "fc8": 128 * 2048 * 4 / 1e6}
sent = {name: mb for name, mb in half.items() if name not in ("conv2", "conv4", "conv5")}
print(
    f"conv3: {half['conv3']:.1f} MB; all: {sum(sent.values()):.1f} of {sum(half.values()):.1f} MB"
)
assert np.isclose(half["conv3"], 128 * 128 * 13 * 13 * 4 / 1e6) and 10 < half["conv3"] < 12
assert sum(sent.values()) < sum(half.values()) / 3
saved = sum(rows[name].parameters for name in ("4", "10", "12")) - 256 - 384 - 256
print(f"and the groups save {saved:,} weights")
assert saved == 1_413_120  # as many as there are: each of the three layers has half of its own
figure = Figure(figsize=(8, 3.4), layout="constrained")
axis = figure.subplots()
colours = ["#d9480f" if name in sent else "#ced4da" for name in half]
axis.bar_label(axis.bar(list(half), list(half.values()), color=colours), fmt="%.1f")
axis.set(title="What a GPU would have to receive; the paper's crosses at the dark bars only")
axis.set(ylabel="MB a batch of 128")
learn.show(figure, "11-exchange")

# %% [markdown]
# ## Break it
#
# Three ways to put two weight files together, all with the right shape at the end: halves
# swapped; joined along the wrong axis; every other filter (a common guess for "groups").

# %%
left, right = w[:4], w[4:]
wrong = {
    "halves swapped": np.concatenate([right, left]),
    "joined along the input maps": np.concatenate([left, right], axis=1).reshape(w.shape),
    "every other filter": np.stack([left, right], axis=1).reshape(w.shape),
}
y = grouped.forward(x32)
for name, weight in wrong.items():
    grouped.params["weight"] = weight
    error = np.abs(grouped.forward(x32) - y).max() / np.abs(y).max()
    print(f"{name}: off by {error:.0%} of the largest output")
    assert error > 0.1
try:
    grouped.params["weight"] = np.concatenate([left, right], axis=1)
    grouped.forward(x32)
except ShapeError as error:
    print("without the reshape, the layer notices:", error)

# %% [markdown]
# ## Try next
#
# - `tinyalex exercise start 17_grouped_conv`: write it, with loops over the groups.
# - Paper, section 6.1: the two GPUs' filters came out as "colour" and "no colour". Lesson 15.
