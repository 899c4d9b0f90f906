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
# the flip: 8.

# %%
import numpy as np
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
    """A data set of these images alone (its test set is the same)."""
    classes = [str(label) for label in range(len(images) + 1)]
    both = (images, labels)
    return from_arrays("images", classes, both, both, "").train


def count_crops(pixels, crop):
    """Different versions of one square image in 400 epochs."""
    image = np.arange(1, pixels**2 + 1, dtype=np.uint8)
    image = image.reshape(1, pixels, pixels, 1)
    split = training_split(image, np.zeros(1, int))
    loader = data.Loader(split, numpy, 1, crop=crop, mirror=True)
    crops = set()
    for epoch in range(400):
        x, _ = next(loader.epoch(epoch))
        crops.add(x.tobytes())
    return len(crops)


print(count_crops(3, crop=2), "different crops of 2 out of 3")
assert count_crops(3, crop=2) == 8

# %% [markdown]
# ## Code
# **Your turn.** Crop 3 x 3 out of 6 x 6, and flip: how many versions?

# %%
versions = (6 - 3 + 1) ** 2 * 2  # your turn: crop 3 out of 6, flip or not
assert versions == count_crops(6, crop=3), "one more than the difference"

# %% [markdown]
# Two photographs come with scikit-learn. We cut them into tiles of 64 x
# 64 pixels. The loader of `tinyalex train` makes a new version of each
# tile in each epoch. The label stays the same.

# %%
photos = [np.asarray(photo) for photo in load_sample_images().images]
grids = []
for photo in photos:
    grid = photo[:384].reshape(6, 64, 10, 64, 3)
    grids.append(grid.transpose(0, 2, 1, 3, 4))
tiles = np.concatenate(grids).reshape(120, 64, 64, 3)
# Each tile gets a label of its own, because the loader shuffles them.
train = training_split(tiles, np.arange(120))
statistics = data.statistics(train)
colour_shift = statistics.colour("std", sigma=0.1)


def one_epoch(number, **augmentation):
    """All tiles in their original order: float32 (120, 3, H, W)."""
    loader = data.Loader(train, numpy, 120, seed=1, **augmentation)
    x, labels = next(loader.epoch(number))
    return x[np.argsort(labels)]


how = {"crop": 48, "mirror": True, "colour": colour_shift}
epochs = [one_epoch(number, **how) for number in range(7)]
rows = {}
for tile in (34, 84):
    rows[f"tile {tile}"] = [tiles[tile]] + [x[tile] for x in epochs]
learn.draw_images(
    "08-versions",
    rows,
    title="A tile, and what a network sees of it (crop 48 of 64)",
    columns=["the tile"] + [f"epoch {number + 1}" for number in range(7)],
    scale=(0, 255),
)

# %% [markdown]
# **Colour.** Every pixel is a point in a space of red, green and blue.
# The principal components of these points are the directions in which
# photographs differ. The paper adds
# `[p1, p2, p3] [a1 l1, a2 l2, a3 l3]` to all pixels of an image: `p` are
# the components, `l` their eigenvalues, and `a` is drawn from N(0, 0.1)
# each time the image is used. (Eigenvalues are variances. The authors'
# program multiplied by their roots, the standard deviations. This package
# has a recipe for each.)

# %%
components = statistics.eigenvectors  # (3, 3), one component per column
deviations = np.sqrt(statistics.eigenvalues)
small = photos[1][::3, ::3].astype(float)
factors = (-0.6, -0.3, 0, 0.3, 0.6)
rows = {}
for i in range(3):
    direction = deviations[i] * components[:, i]
    rows[f"component {i + 1}"] = [small + f * direction for f in factors]
learn.draw_images(
    "08-colour",
    rows,
    title="Shifted along its colours (in training mostly within 0.2)",
    columns=[f"{factor:+.1f} deviations" for factor in factors],
    scale=(0, 255),
)

# %% [markdown]
# ## Check
# **Prediction 1.** 33 * 33 * 2 = 2178, not 32 * 32 * 2 = 2048: 256 - 224
# is 32, and there is one more position. (And the net needs 227 pixels:
# lesson 10. Lesson 18 shows what augmentation brought.)
#
# **Prediction 2.** 0 and 8, which are symmetrical; "Break it" below tries
# all ten. A flipped truck is still a truck.
#
# **Prediction 3.** Nearly along grey, the same amount of red, green and
# blue: the brightness of the light.

# %%
assert 33 * 33 * 2 == 2178
first = np.abs(components[:, 0])
print("first component (red, green, blue):", first.round(2))
print("standard deviations:", deviations.round(0))
assert first @ np.ones(3) / np.sqrt(3) > 0.95  # nearly grey
assert deviations[0] > 3 * deviations[1]

# %% [markdown]
# The shift is the same for all pixels of an image and different for each
# image. Its size should be 0.1 standard deviations along each component.

# %%
plain = one_epoch(0)
twenty = [one_epoch(e, colour=colour_shift) - plain for e in range(20)]
shifts = np.stack(twenty)
assert shifts.shape == (20, 120, 3, 64, 64)
assert np.abs(shifts - shifts[..., :1, :1]).max() < 1e-3
along = shifts[..., 0, 0] @ components  # (20, 120, 3)
measured = along.std(axis=(0, 1)) / deviations
print("shift along each component, in deviations:", measured.round(3))
assert np.allclose(measured, 0.1, rtol=0.1)
# Ten crops are for tests: lesson 14.
ten_crops = list(data.ten_views(tiles[:1], numpy, (48, 48), None, 1.0))
assert len(ten_crops) == 10
assert np.array_equal(ten_crops[5], ten_crops[0][..., ::-1])  # flipped

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
net = Sequential(
    [Conv2d(C, 16, 5, padding=2, seed=1), ReLU(), MaxPool2d(2)]
    + [Conv2d(16, 32, 5, padding=2, seed=2), ReLU(), MaxPool2d(2)]
    + [Flatten(), Linear(32 * (H // 4) ** 2, 10, seed=3)]
).to("numba")
learn.fit(net, x, labels, epochs=6, lr=0.01)
flipped = x_test[..., ::-1]
error = learn.error(net, x_test, test_labels)
flipped_error = learn.error(net, flipped, test_labels)
print(f"{dataset.name}: test error {error:.1%}", end=", ")
print(f"flipped {flipped_error:.1%}")
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
# - `tinyalex exercise train my-answers` trains with your crops.
# - Which changes would you allow for digits? A rotation by 5 degrees? By
#   180?
# - Find the two colour shifts: `tinyalex recipe paper` and
#   `tinyalex recipe code2012`.
