# %% [markdown]
# # 11 Two GPUs: groups are two towers
#
# **After it you can** show that a convolution with two groups is two convolutions side by side,
# and count what the paper's two GPUs had to send each other.
#
# **Needs** lessons 03 and 10. **Minutes** 25.

# %% [markdown]
# ## Predict
# AlexNet did not fit into a GPU of 3 GB, so two GPUs took half of the filters each (paper, section
# 3.2). In conv2, conv4 and conv5 a filter sees only the maps of its own GPU.
#
# 1. Do two groups need half as many weights as one, the same, or twice as many?
# 2. How many MB must a GPU receive before it can do conv3 for 128 images?

# %% [markdown]
# ## By hand
# A 1x1 convolution at a single pixel: maps (1, 2, 3, 4), two filters, two groups. The first
# filter sees (1, 2), the second one (3, 4). Both have the weights (1, 10), so `y = (21, 43)`.
# As one group its weight matrix would be `((1, 10, 0, 0), (0, 0, 1, 10))`: two groups save zeros.

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
# A convolution with `groups=2`, and two towers that each see half of the maps. Same weights in,
# same numbers out: forward, and backward for the input, the weights and the biases.

# %%
rng = np.random.default_rng(0)
x, dy = rng.standard_normal((2, 6, 9, 7)), rng.standard_normal((2, 8, 9, 7))


def columns(conv):
    """The same convolution as two towers: each has half of the filters."""
    towers = [Sequential([Conv2d(conv.weight_shape[1], 4, 3, padding=1)]) for _ in range(2)]
    for i, tower in enumerate(towers):
        tower[0].params = {key: np.split(value, 2)[i] for key, value in conv.params.items()}
    return Towers(*towers, crossing=conv.groups == 1)


for groups, layer in ((2, "conv2, conv4, conv5"), (1, "conv3")):
    conv = Conv2d(6, 8, 3, padding=1, groups=groups, seed=1)
    conv.params = {key: value.astype(np.float64) for key, value in conv.params.items()}
    both = columns(conv)
    assert np.allclose(conv.forward(x), both.forward(x), atol=1e-12)
    assert np.allclose(conv.backward(dy), both.backward(dy), atol=1e-12)
    for key, gradient in conv.grads.items():
        halves = [layer.grads[key] for _, layer in both.named_layers()]
        assert np.allclose(gradient, np.concatenate(halves), atol=1e-12)
    print(f"groups={groups} (as {layer}): {conv.params['weight'].size} weights, equal to towers")

# %% [markdown]
# In conv3 each tower sees all maps: *one* group. So "two GPUs" is not the same as "two groups".
# What `groups=2` leaves out, as a picture:

# %%
grouped, full = Conv2d(6, 8, 3, padding=1, groups=2, seed=1), Conv2d(6, 8, 3, padding=1)
w, x32 = grouped.params["weight"], x.astype(np.float32)
full.params = {"weight": np.zeros((8, 6, 3, 3), np.float32), "bias": grouped.params["bias"]}
full.params["weight"][:4, :3], full.params["weight"][4:, 3:] = w[:4], w[4:]
assert np.allclose(full.forward(x32), grouped.forward(x32), atol=1e-5)
figure = Figure(figsize=(8, 3.6), layout="constrained")
shown = {"one group": Conv2d(6, 8, 3), "two groups: blocks": full}
for axis, (title, each) in zip(figure.subplots(1, 2), shown.items(), strict=True):
    axis.imshow(np.abs(each.params["weight"]).mean(axis=(2, 3)), cmap="Blues", vmin=0, vmax=0.15)
    axis.set(xlabel="input map", ylabel="filter", xticks=range(6), yticks=range(8), title=title)
figure.suptitle("Mean of the 3 x 3 weights' sizes: the darker, the larger; white is 0")
learn.show(figure, "11-blocks")

# %% [markdown]
# ## Check
# The whole network both ways, on real images, enlarged so that five convolutions fit. The
# weights are the same: `to_two_tower` cuts each array in half.

# %%
images, _ = learn.arrays(learn.dataset().train, 2)
images = np.kron(images, np.ones((96 // images.shape[2],) * 2, np.float32))
kind = {"num_classes": 10, "in_channels": images.shape[1], "image_size": images.shape[2]}
one, two = models.build("alexnet", **kind), models.build("alexnet-two-tower", **kind)
two.load_state_dict(models.to_two_tower(one.state_dict()))
logits, logits_two = one.eval().forward(images), two.eval().forward(images)
dx, dx_two = one.backward(logits), two.backward(logits)
assert one.count_parameters() == two.count_parameters()
print(f"{one.count_parameters():,} parameters; difference {np.abs(logits - logits_two).max():.1e}")
for a, b in ((logits, logits_two), (dx, dx_two)):
    assert np.abs(a).max() > 0 and np.abs(a - b).max() < 1e-3 * np.abs(a).max()

# %% [markdown]
# **What the GPUs sent each other**, each way, for the forward pass (backward: as much again).

# %%
rows = {r.name: r for r in report.layer_table(Sequential(paper_layers(3)), (3, 227, 227), 128)}
sees = {"conv2": "3", "conv3": "7", "conv4": "9", "conv5": "11", "fc6": "14"}  # its input's layer
half = {name: rows[before].activation_bytes / 2 / 1e6 for name, before in sees.items()}
half |= {"fc7": 128 * 2048 * 4 / 1e6, "fc8": 128 * 2048 * 4 / 1e6}
sent = {name: mb for name, mb in half.items() if name not in ("conv2", "conv4", "conv5")}
total, uncut = sum(sent.values()), sum(half.values())
print(f"conv3: {half['conv3']:.1f} MB of {total:.1f} MB in all; with one group {uncut:.1f} MB")
assert np.isclose(half["conv3"], 128 * 128 * 13 * 13 * 4 / 1e6)
assert total < uncut / 3
saved = sum(rows[name].parameters for name in ("4", "10", "12")) - 256 - 384 - 256
assert saved == 1_413_120  # weights that two groups spare: as many as those layers still have
figure = Figure(figsize=(8, 3.4), layout="constrained")
axis = figure.subplots()
colours = ["#d9480f" if name in sent else "#ced4da" for name in half]
axis.bar_label(axis.bar(list(half), list(half.values()), color=colours), fmt="%.1f", padding=2)
axis.set(ylabel="MB for a batch of 128", ylim=(0, 20))
axis.set_title("What a GPU must receive (red), and what two groups spare it (grey)")
learn.show(figure, "11-exchange")

# %% [markdown]
# ## Break it
# Three wrong ways to put two towers' weights together. All end with the right shape, so no error
# warns you: only numbers do.

# %%
left, right = np.split(w, 2)
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

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 17_grouped_conv`: write it, with loops over the groups.
# - Paper, section 6.1: the two GPUs' filters came out as "colour" and "no colour". Lesson 15.
