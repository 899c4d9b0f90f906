# %% [markdown]
# # 11 Two GPUs: groups are two towers
#
# **After it you can** show that a convolution with two groups is two
# convolutions side by side, count what the paper's two GPUs had to send
# each other, and train two towers in two processes.
#
# **Needs** lessons 03 and 10. **Minutes** 35.

# %% [markdown]
# ## Predict
# AlexNet did not fit into a GPU with 3 GB, so each of two GPUs got half
# of the filters (paper, section 3.2). In conv2, conv4 and conv5 a filter
# sees only the channels on its own GPU.
#
# 1. Compare two groups with one: do they need half as many weights, the
#    same, or twice as many?
# 2. How many MB must a GPU receive before it can compute conv3 for 128
#    images?

# %% [markdown]
# ## By hand
# A 1x1 convolution at a single pixel: channels (1, 2, 3, 4), two filters,
# two groups. The first filter sees (1, 2), the second (3, 4). Both have
# the weights (1, 10), so `y = (21, 43)`. With one group the same numbers
# need the weight matrix `((1, 10, 0, 0), (0, 0, 1, 10))`.

# %%
import subprocess
import sys
import tempfile
from importlib.util import find_spec

import numpy as np

from tinyalex import learn, models, report, training
from tinyalex.group.launch import find_mpiexec
from tinyalex.layers import Conv2d, Sequential, Towers
from tinyalex.models.alexnet import paper_layers

conv = Conv2d(4, 2, 1, groups=2)
conv.params["weight"] = np.array([1.0, 10, 1, 10]).reshape(2, 2, 1, 1)
conv.params["bias"] = np.zeros(2)
y = conv.forward(np.array([1.0, 2, 3, 4]).reshape(1, 4, 1, 1))
assert y.ravel().tolist() == [21, 43]

# %% [markdown]
# ## Code
# We try every input channel of conv2 alone (96 channels, 256 filters, two
# groups), and see in which of them filter 200 responds.

# %%
conv2 = Conv2d(96, 256, 1, groups=2, seed=0)
alone = np.eye(96, dtype=np.float32).reshape(96, 96, 1, 1)
response = conv2.forward(alone)[:, 200, 0, 0] - conv2.params["bias"][200]
channels_seen = np.flatnonzero(response)

# %% [markdown]
# **Your turn.** Filters and channels are counted from 0. Which is the
# first channel that filter 200 sees?

# %%
channel = 48  # your turn: the first channel that filter 200 sees
assert channel == channels_seen[0]

# %% [markdown]
# Compare a convolution with `groups=2` to two towers that each see half
# of the channels. With the same weights they give the same numbers,
# forward and backward, for inputs, weights and biases.

# %%
rng = np.random.default_rng(0)
x = rng.standard_normal((2, 6, 9, 7))
dy = rng.standard_normal((2, 8, 9, 7))


def as_towers(conv):
    """The same convolution as two towers with half of the filters."""
    channels = conv.weight_shape[1]
    left = Conv2d(channels, 4, 3, padding=1)
    right = Conv2d(channels, 4, 3, padding=1)
    for key, value in conv.params.items():
        left.params[key], right.params[key] = np.split(value, 2)
    crossing = conv.groups == 1  # each tower sees both halves
    pair = Sequential([left]), Sequential([right])
    return left, right, Towers(*pair, crossing=crossing)


for groups, names in ((2, "conv2, conv4, conv5"), (1, "conv3")):
    conv = Conv2d(6, 8, 3, padding=1, groups=groups, seed=1)
    for key, value in conv.params.items():
        conv.params[key] = value.astype(np.float64)
    left, right, towers = as_towers(conv)
    assert np.allclose(conv.forward(x), towers.forward(x), atol=1e-12)
    assert np.allclose(conv.backward(dy), towers.backward(dy), atol=1e-12)
    for key, gradient in conv.grads.items():
        halves = np.concatenate([left.grads[key], right.grads[key]])
        assert np.allclose(gradient, halves, atol=1e-12)
    print(f"groups={groups}, as {names}: equal to two towers")

# %% [markdown]
# In conv3 each tower sees all channels: *one* group, on two GPUs. This
# picture shows which weights `groups=2` leaves out:

# %%
grouped = Conv2d(6, 8, 3, padding=1, groups=2, seed=1)
weight = grouped.params["weight"]  # (8, 3, 3, 3)
blocks = Conv2d(6, 8, 3, padding=1)
blocks.params["bias"] = grouped.params["bias"]
blocks.params["weight"] = np.zeros((8, 6, 3, 3), np.float32)
blocks.params["weight"][:4, :3] = weight[:4]
blocks.params["weight"][4:, 3:] = weight[4:]
assert np.allclose(blocks.forward(x), grouped.forward(x))


def mean_size(conv):
    """The mean absolute weight of each filter and channel: (F, C)."""
    return np.abs(conv.params["weight"]).mean(axis=(2, 3))


learn.draw_matrix(
    "11-blocks",
    {
        "one group": mean_size(Conv2d(6, 8, 3)),
        "two groups: blocks": mean_size(blocks),
    },
    title="Mean absolute value of 3 x 3 weights (white: 0)",
    xlabel="input channel",
    ylabel="filter",
)

# %% [markdown]
# ## Check
# **Prediction 1.** Half: each filter sees half of the channels.
#
# The whole network both ways, on real images. They are enlarged so that
# five convolutions fit. The weights are the same: `to_two_tower` cuts
# each array in half.

# %%
one_group = Conv2d(6, 8, 3).params["weight"].size
print(f"{weight.size} weights in two groups, {one_group} in one")
assert weight.size == one_group / 2
images, _ = learn.arrays(learn.dataset().train, 2)
factor = 96 // images.shape[2]
images = np.kron(images, np.ones((factor, factor), np.float32))
_, C, H, _ = images.shape
settings = {"num_classes": 10, "in_channels": C, "image_size": H}
alexnet = models.build("alexnet", **settings).eval()
two_tower = models.build("alexnet-two-tower", **settings).eval()
two_tower.load_state_dict(models.to_two_tower(alexnet.state_dict()))
logits = alexnet.forward(images)
difference = np.abs(logits - two_tower.forward(images)).max()
print(f"AlexNet and two towers: logits differ by {difference:.0e}")
assert difference < 1e-3 * np.abs(logits).max()

# %% [markdown]
# **What the GPUs sent each other**, in each direction, in the forward
# pass. (The backward pass sends as much again. Normalisation by the
# formula of section 3.3 needs two more channels at the border, 4 MB for
# both layers; in the authors' program each GPU normalised its own.)
#
# **Prediction 2.** The other GPU's half of the pooled conv2: 128 images,
# 128 channels, 13 x 13 pixels, 4 bytes: 11.1 MB.

# %%
layers = report.layer_table(
    Sequential(paper_layers(3)), (3, 227, 227), 128
)
bytes_of = {row.name: row.activation_bytes for row in layers}
input_of = {"conv2": "3", "conv3": "7", "conv4": "9", "conv5": "11"}
input_of["fc6"] = "14"
half = {}  # of a layer's input, in MB
for name, before in input_of.items():
    half[name] = bytes_of[before] / 2 / 1e6
half["fc7"] = half["fc8"] = 128 * 2048 * 4 / 1e6
sent = ("conv3", "fc6", "fc7", "fc8")
total, with_one_group = (
    sum(half[name] for name in sent),
    sum(half.values()),
)
print(f"conv3: {half['conv3']:.1f} MB of {total:.1f} MB", end="; ")
print(f"with one group {with_one_group:.1f} MB")
assert np.isclose(half["conv3"], 128 * 128 * 13 * 13 * 4 / 1e6)
assert total < with_one_group / 3
learn.draw_bars(
    "11-exchange",
    {"MB for a batch of 128": half},
    title="What a GPU must receive (red), and what two groups save",
    highlight=sent,
)

# %% [markdown]
# **Two processes.** Now each tower gets one. Neither can read the other's
# memory, like the paper's GPUs: they send messages by MPI (the extra
# `mpi`; without it the next two cells do nothing). Both run this
# program, conv3: a tower needs all feature maps and has half of them.

# %%
PROGRAM = """
import numpy as np
from tinyalex.group.world import join
from tinyalex.layers import Conv2d

group = join()  # group.rank is 0 in one process and 1 in the other
x = np.random.default_rng(0).standard_normal((2, 6, 9, 7))
mine = np.split(x, 2, axis=1)[group.rank]  # this tower's feature maps
both = group.exchange([mine, mine], [mine.shape, mine.shape])

conv3, tower = Conv2d(6, 8, 3), Conv2d(6, 4, 3)  # half of the filters
for key, w in conv3.params.items():
    tower.params[key] = np.split(w, 2)[group.rank]
y = tower.forward(np.concatenate(both, axis=1))
half = np.split(conv3.forward(x), 2, axis=1)[group.rank]
assert np.allclose(y, half, atol=1e-5)
print(f"sent {group.sent} bytes")
"""
has_mpi = find_spec("mpi4py") is not None
if has_mpi:
    two_processes = [find_mpiexec(), "-n", "2", sys.executable]
    command = [*two_processes, "-c", PROGRAM]
    said = subprocess.check_output(command, text=True)
    print(said.rstrip())
    assert said.split().count(f"{2 * 3 * 9 * 7 * 8}") == 2

# %% [markdown]
# `--parallel towers` does this for a whole network, forward and backward.
# Two processes learn what one does, up to rounding. (A larger learning
# rate enlarges every rounding.)

# %%
if has_mpi:
    train = ["-m", "tinyalex", "train", "--epochs", "1"]
    train += ["--lr", "0.001", "--quiet", "--out"]
    with tempfile.TemporaryDirectory() as folder:
        one, two = f"{folder}/one", f"{folder}/two"
        subprocess.check_output([sys.executable, *train, one])
        on_two = [*train, two, "--parallel", "towers"]
        subprocess.check_output([*two_processes, *on_two])
        alone = training.load_run(one).model.state_dict()
        together = training.load_run(two).model.state_dict()
    for name, w in alone.items():
        assert np.abs(together[name] - w).max() < 1e-5 * np.abs(w).max()
    print("two processes have learned the same weights as one")

# %% [markdown]
# ## Break it
# Three wrong ways to join two towers' weights have the right shape. Only
# the numbers show it.

# %%
left, right = np.split(weight, 2)
side_by_side = np.concatenate([left, right], axis=1)
joined = {
    "right: one after the other": np.concatenate([left, right]),
    "halves swapped": np.concatenate([right, left]),
    "joined along the channels": side_by_side.reshape(weight.shape),
    "interleaved": np.stack([left, right], axis=1).reshape(weight.shape),
}
y = grouped.forward(x)
for name, weights in joined.items():
    grouped.params["weight"] = weights
    error = np.abs(grouped.forward(x) - y).max() / np.abs(y).max()
    print(f"{name}: off by {error:.0%} of the largest output")
    assert error == 0 if name.startswith("right") else error > 0.1

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 17_grouped_conv`: write it with a loop over
#   the groups.
# - `tinyalex exercise start 23_grouped_conv_backward`, then train with
#   it: `tinyalex exercise train my-answers`.
# - `tinyalex train --workers 2 --parallel hybrid`: Krizhevsky's way of
#   2014; docs/many-workers.md.
# - Paper, section 6.1: one GPU learned filters with colour, the other
#   without. Look for it on CIFAR-10: `tinyalex reproduce towers`. Lesson
#   18 says what the second GPU brought.
