# %% [markdown]
# # 08 Augmentation: crops, mirrors and the colour of the light
#
# **After it you can** make many training images out of one, and say which changes keep the label.
#
# **Needs** lesson 01. **Minutes** 30.

# %% [markdown]
# ## Predict
# The paper (section 4.1) cuts 224 x 224 pixels out of 256 x 256 at random, mirrors half of them,
# and says that this makes the training set 2048 times as large.
#
# 1. Count for yourself: how many different images can come out of one?
# 2. A digit in a mirror: which of the ten keep their name? Does a truck?
# 3. Colours vary from photograph to photograph. In which direction most: red, blue, or another?

# %% [markdown]
# ## By hand
# Cut 2 x 2 out of 3 x 3. The upper left corner may lie in row 0 or 1 and in column 0 or 1: **one
# more** place than the difference, each way. So 2 * 2 places, times 2 for the mirror: 8. In the
# paper 33 * 33 * 2 = 2178, not 32 * 32 * 2 = 2048 (and its net needs 227: lesson 10).

# %%
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_images

from tinyalex import backends, data, learn
from tinyalex.data import from_arrays
from tinyalex.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential

numpy = backends.get("numpy")
nine = np.arange(1, 10, dtype=np.uint8).reshape(1, 3, 3, 1)
one = from_arrays("nine", ["a", "b"], (nine, np.zeros(1, int)), (nine, np.zeros(1, int)), "").train
loader = data.Loader(one, numpy, 1, crop=2, mirror=True)
seen = {next(loader.epoch(epoch))[0].tobytes() for epoch in range(200)}
print(f"{len(seen)} different crops of one image, (256 - 224 + 1)**2 * 2 = {33 * 33 * 2}")
assert len(seen) == 8

# %% [markdown]
# ## Code
# Two photographs that come with scikit-learn, cut into tiles of 64 x 64 pixels. The loader of
# `tinyalex train` makes new versions of a tile in each epoch; the label stays.

# %%
photos = [np.asarray(photo) for photo in load_sample_images().images]
rows = [photo[:384].reshape(6, 64, 10, 64, 3).transpose(0, 2, 1, 3, 4) for photo in photos]
tiles = np.concatenate(rows).reshape(120, 64, 64, 3)
numbers = np.arange(120)  # a name of its own for each tile: the loader shuffles them
train = from_arrays("tiles", list(map(str, numbers)), *[(tiles, numbers)] * 2, "").train
found = data.statistics(train)
shift = found.colour("std", sigma=0.1)


def epoch_of(number, **how):
    """All tiles in their own order: float32 (120, 3, H, W), pixels of 0 to 255 and beyond."""
    x, names = next(data.Loader(train, numpy, 120, seed=1, **how).epoch(number))
    return x[np.argsort(names)]


figure = Figure(figsize=(9, 3.2), layout="constrained")
for row, axes in zip((34, 84), figure.subplots(2, 8), strict=True):
    versions = [epoch_of(e, crop=48, mirror=True, colour=shift)[row] for e in range(7)]
    versions = [tiles[row], *(version.transpose(1, 2, 0) for version in versions)]
    for axis, picture in zip(axes, versions, strict=True):
        axis.imshow(np.clip(picture, 0, 255).astype(np.uint8))
        axis.set(xticks=[], yticks=[])
    axes[0].set_title("the tile", fontsize=9)
figure.suptitle("One tile, and what a network sees of it in seven epochs (crop 48 of 64)")
learn.show(figure, "08-versions")

# %% [markdown]
# **Colour.** Every pixel is a point in a space of red, green and blue. The principal components of
# these points are the directions in which photographs vary. To all pixels of an image the paper
# adds `[p1, p2, p3] [a1 l1, a2 l2, a3 l3]`: `p` are the components, `l` their eigenvalues, `a` is
# drawn from N(0, 0.1) for each use of the image. (Eigenvalues are variances; the authors' program
# multiplied by their roots, the standard deviations. Both are recipes here.)

# %%
first, deviations = np.abs(found.eigenvectors[:, 0]), np.sqrt(found.eigenvalues)
print("first component:", first.round(2), "standard deviations:", deviations.round(0))
assert first @ np.ones(3) / np.sqrt(3) > 0.95  # nearly grey: the brightness of the light
assert deviations[0] > 3 * deviations[1]

figure = Figure(figsize=(8, 4), layout="constrained")
small = photos[1][::3, ::3].astype(float)
for i, axes in enumerate(figure.subplots(3, 5)):
    for factor, axis in zip((-0.6, -0.3, 0, 0.3, 0.6), axes, strict=True):
        moved = small + factor * deviations[i] * found.eigenvectors[:, i]
        axis.imshow(np.clip(moved, 0, 255).astype(np.uint8))
        axis.set(xticks=[], yticks=[], title=f"{factor:+.1f} sd" if i == 0 else "")
    axes[0].set_ylabel(f"component {i + 1}")
figure.suptitle("A photograph moved along its colour components (training: mostly within 0.2)")
learn.show(figure, "08-colour")

# %% [markdown]
# ## Check
# The shift is the same for all pixels of an image, another one for each image, and as large as it
# should be: 0.1 standard deviations along each component.

# %%
plain = epoch_of(0)
moves = np.stack([epoch_of(e, colour=shift) - plain for e in range(20)])  # (20, 120, 3, 64, 64)
assert np.abs(moves - moves[..., :1, :1]).max() < 1e-3
along = moves[..., 0, 0] @ found.eigenvectors  # (20, 120, 3)
assert np.allclose(along.std(axis=(0, 1)), 0.1 * deviations, rtol=0.1)
views = list(data.ten_views(tiles[:1], numpy, (48, 48), None, 1.0))
assert len(views) == 10 and np.array_equal(views[5], views[0][..., ::-1])  # tests: lesson 14

# %% [markdown]
# ## Break it
# A change is allowed if the label survives it. Train without mirrors, then look at test images
# through one: photographs stay what they are, digits do not.

# %%
dataset = learn.dataset()
(x, y), (x_test, y_test) = learn.arrays(dataset.train, 4000), learn.arrays(dataset.test, 1000)
C, H, _ = x.shape[1:]
net = Sequential([
    Conv2d(C, 16, 5, padding=2, seed=1), ReLU(), MaxPool2d(2),
    Conv2d(16, 32, 5, padding=2, seed=2), ReLU(), MaxPool2d(2),
    Flatten(), Linear(32 * (H // 4) ** 2, 10, seed=3),
]).to("numba")  # fmt: skip
learn.fit(net, x, y, epochs=6, lr=0.01)
straight, mirrored = learn.error(net, x_test, y_test), learn.error(net, x_test[..., ::-1], y_test)
print(f"{dataset.name}: test error {straight:.1%}, in the mirror {mirrored:.1%}")
by_class = [
    learn.error(net, x_test[y_test == c, ..., ::-1], y_test[y_test == c]) for c in range(10)
]
known = {c for c in range(10) if by_class[c] < 0.2}
print("known in the mirror:", *(dataset.classes[c] for c in sorted(known)))
if dataset.name == "digits":
    assert mirrored > straight + 0.2 and {0, 8} <= known and not {2, 3} & known
else:
    assert abs(mirrored - straight) < 0.05

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 13_crop_mirror`, then `14_pca_colour`.
# - Which changes would you allow for digits? A turn by 5 degrees? By 180?
# - `tinyalex recipe paper` and `tinyalex recipe code2012`: find the two colour shifts.
