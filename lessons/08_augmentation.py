# %% [markdown]
# # 08 Augmentation: crops, flips and the colour of the light
#
# **After it you can** make many training images out of one, and say which
# changes keep the label.
#
# **Needs** lesson 01. **Minutes** 30.

# %% [markdown]
# ## Predict
# The paper (section 4.1) cuts random crops of 224 x 224 pixels out of 256
# x 256 and flips half of them horizontally. It says that this makes the
# training set 2048 times as large.
#
# 1. Count for yourself: how many different images can come out of one?
# 2. Which of the ten digits keep their label when they are flipped? Does
#    a truck?
# 3. Colours differ from photograph to photograph. In which direction do
#    they differ most: red, blue, or another?

# %% [markdown]
# ## By hand
# Crop 2 x 2 out of 3 x 3. The upper left corner may be in row 0 or 1 and
# in column 0 or 1. In each direction there is **one more** position than
# the difference of the sizes. So there are 2 * 2 positions, times 2 for
# the flip: 8. In the paper it is 33 * 33 * 2 = 2178, not
# 32 * 32 * 2 = 2048. (And its net needs 227 pixels: lesson 10.)

# %%
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_images

from tinyalex import backends, data, learn
from tinyalex.data import from_arrays
from tinyalex.layers import (
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)

numpy = backends.get("numpy")


def training_split(images, labels):
    """A data set of these images alone; a test set is required, so they are that as well."""
    classes = [str(label) for label in range(len(images) + 1)]
    return from_arrays(
        "images", classes, (images, labels), (images, labels), ""
    ).train


nine = np.arange(1, 10, dtype=np.uint8).reshape(1, 3, 3, 1)
loader = data.Loader(
    training_split(nine, np.zeros(1, int)), numpy, 1, crop=2, mirror=True
)
crops = set()
for epoch in range(200):
    x, _ = next(loader.epoch(epoch))
    crops.add(x.tobytes())
print(
    f"{len(crops)} different crops of one image; in the paper {33 * 33 * 2}"
)
assert len(crops) == 8

# %% [markdown]
# ## Code
# Two photographs come with scikit-learn. We cut them into tiles of 64 x
# 64 pixels. The loader of `tinyalex train` makes a new version of each
# tile in each epoch. The label stays the same.

# %%
photos = [np.asarray(photo) for photo in load_sample_images().images]
grids = [
    photo[:384].reshape(6, 64, 10, 64, 3).transpose(0, 2, 1, 3, 4)
    for photo in photos
]
tiles = np.concatenate(grids).reshape(120, 64, 64, 3)
train = training_split(
    tiles, np.arange(120)
)  # each tile its own label: the loader shuffles them
statistics = data.statistics(train)
colour_shift = statistics.colour("std", sigma=0.1)


def one_epoch(number, **augmentation):
    """All tiles in their original order: float32 (120, 3, H, W), pixels around 0 to 255."""
    x, labels = next(
        data.Loader(train, numpy, 120, seed=1, **augmentation).epoch(
            number
        )
    )
    return x[np.argsort(labels)]


epochs = [
    one_epoch(e, crop=48, mirror=True, colour=colour_shift)
    for e in range(7)
]
figure = Figure(figsize=(9, 3.2), layout="constrained")
for tile, axes in zip((34, 84), figure.subplots(2, 8), strict=True):
    versions = [tiles[tile]] + [
        x[tile].transpose(1, 2, 0) for x in epochs
    ]
    for axis, version in zip(axes, versions, strict=True):
        axis.imshow(np.clip(version, 0, 255).astype(np.uint8))
        axis.set(xticks=[], yticks=[])
    axes[0].set_title("the tile", fontsize=9)
figure.suptitle(
    "A tile, and what a network sees of it in seven epochs (crop 48 of 64)"
)
learn.show(figure, "08-versions")

# %% [markdown]
# **Colour.** Every pixel is a point in a space of red, green and blue.
# The principal components of these points are the directions in which
# photographs differ. The paper adds `[p1, p2, p3] [a1 l1, a2 l2, a3 l3]`
# to all pixels of an image: `p` are the components, `l` their
# eigenvalues, and `a` is drawn from N(0, 0.1) each time the image is
# used. (Eigenvalues are variances. The authors' program multiplied by
# their roots, the standard deviations. This package has a recipe for
# each.)

# %%
components = statistics.eigenvectors  # (3, 3), one component per column
deviations = np.sqrt(statistics.eigenvalues)
first = np.abs(components[:, 0])
print(
    "first component:",
    first.round(2),
    "standard deviations:",
    deviations.round(0),
)
assert (
    first @ np.ones(3) / np.sqrt(3) > 0.95
)  # nearly grey: the brightness of the light
assert deviations[0] > 3 * deviations[1]

figure = Figure(figsize=(8, 4), layout="constrained")
small = photos[1][::3, ::3].astype(float)
for i, axes in enumerate(figure.subplots(3, 5)):
    for factor, axis in zip((-0.6, -0.3, 0, 0.3, 0.6), axes, strict=True):
        shifted = small + factor * deviations[i] * components[:, i]
        axis.imshow(np.clip(shifted, 0, 255).astype(np.uint8))
        axis.set(
            xticks=[],
            yticks=[],
            title=f"{factor:+.1f} sd" if i == 0 else "",
        )
    axes[0].set_ylabel(f"component {i + 1}")
figure.suptitle(
    "A photograph shifted along its colour components (in training mostly within 0.2)"
)
learn.show(figure, "08-colour")

# %% [markdown]
# ## Check
# The shift is the same for all pixels of an image and different for each
# image. Its size should be 0.1 standard deviations along each component.

# %%
plain = one_epoch(0)
shifts = np.stack(
    [one_epoch(e, colour=colour_shift) - plain for e in range(20)]
)
assert shifts.shape == (20, 120, 3, 64, 64)
assert np.abs(shifts - shifts[..., :1, :1]).max() < 1e-3
along = shifts[..., 0, 0] @ components  # (20, 120, 3)
assert np.allclose(along.std(axis=(0, 1)), 0.1 * deviations, rtol=0.1)
ten_crops = list(
    data.ten_views(tiles[:1], numpy, (48, 48), None, 1.0)
)  # for tests: lesson 14
assert len(ten_crops) == 10
assert np.array_equal(
    ten_crops[5], ten_crops[0][..., ::-1]
)  # the flipped first crop

# %% [markdown]
# ## Break it
# A change is allowed if it keeps the label. Train without flips, then
# test on flipped images. A flipped photograph still shows the same thing.
# A flipped digit may not.

# %%
dataset = learn.dataset()
x, labels = learn.arrays(dataset.train, 4000)
x_test, test_labels = learn.arrays(dataset.test, 1000)
C, H, _ = x.shape[1:]
net = Sequential([
    Conv2d(C, 16, 5, padding=2, seed=1), ReLU(), MaxPool2d(2),
    Conv2d(16, 32, 5, padding=2, seed=2), ReLU(), MaxPool2d(2),
    Flatten(), Linear(32 * (H // 4) ** 2, 10, seed=3),
]).to("numba")  # fmt: skip
learn.fit(net, x, labels, epochs=6, lr=0.01)
flipped = x_test[..., ::-1]
error = learn.error(net, x_test, test_labels)
flipped_error = learn.error(net, flipped, test_labels)
print(
    f"{dataset.name}: test error {error:.1%}, flipped {flipped_error:.1%}"
)
recognised = set()
for label in range(10):
    of_class = test_labels == label
    if learn.error(net, flipped[of_class], test_labels[of_class]) < 0.2:
        recognised.add(label)
names = [dataset.classes[label] for label in sorted(recognised)]
print("recognised when flipped:", ", ".join(names))
if dataset.name == "digits":
    assert flipped_error > error + 0.2
    assert {0, 8} <= recognised and not {2, 3} & recognised
else:
    assert abs(flipped_error - error) < 0.05

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 13_crop_mirror`, then `14_pca_colour`.
# - Which changes would you allow for digits? A rotation by 5 degrees? By
#   180?
# - Find the two colour shifts: `tinyalex recipe paper` and
#   `tinyalex recipe code2012`.
