# %% [markdown]
# # 05 Pooling with windows that overlap
#
# **After it you can** compute sizes and gradients of any pooling, and say what overlap is for.
#
# **Needs** lessons 02 and 03. **Minutes** 25.

# %% [markdown]
# ## Predict
#
# Pooling keeps one number of each window: z is its side, s the step to the next window. The paper
# (section 3.4) takes z = 3, s = 2, so neighbouring windows share a row of pixels.
#
# 1. AlexNet pools maps of 55, 27 and 13 pixels. Which sizes come out? Which with z = 2, s = 2?
# 2. A window holds nine equal numbers. Which of them gets the gradient?
# 3. The image moves by one pixel. Which pooled map changes less, that of z = 2 or of z = 3?

# %% [markdown]
# ## By hand
#
# Windows that fit along n pixels: `floor((n - z) / s) + 1`. From 55: (55 - 3) / 2 + 1 = 27, no
# remainder; 27 gives 13, 13 gives 6. With z = 2: 53 / 2 = 26.5, so 27 again, then 13, then 6.
#
# Four pixels `1 2 3 4`, z = 3, s = 2: one window fits, `1 2 3`, and pixel 4 is never read.
# **Ceil mode** rounds up: a second window `3 4` is clipped at the edge. Its maximum is 4, its
# average (3 + 4) / 2 = 3.5: a clipped window divides by what it has, not by z. AlexNet's odd
# sizes leave no remainder, so ceil mode changes nothing there; CIFAR-10's 32 pixels do.

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import check, learn
from tinyalex.errors import ShapeError
from tinyalex.layers import AvgPool2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential


def sizes(n, z, ceil_mode=False):
    pool = MaxPool2d(z, 2, ceil_mode=ceil_mode)
    shape = (1, 1, n, n)
    widths = [n]
    for _ in range(3):
        shape = pool.output_shape(shape)
        widths.append(shape[-1])
    return widths


print("55 pixels, z = 2 and z = 3:", sizes(55, 2), sizes(55, 3))
print("32 pixels, z = 3, floor and ceil:", sizes(32, 3), sizes(32, 3, ceil_mode=True))
assert sizes(55, 2) == sizes(55, 3) == sizes(55, 3, ceil_mode=True) == [55, 27, 13, 6]
assert sizes(32, 3) == [32, 15, 7, 3] and sizes(32, 3, ceil_mode=True) == [32, 16, 8, 4]
four = np.array([[[[1.0, 2, 3, 4]]]])
assert MaxPool2d((1, 3), (1, 2), ceil_mode=True)(four).ravel().tolist() == [3, 4]
assert AvgPool2d((1, 3), (1, 2), ceil_mode=True)(four).ravel().tolist() == [2, 3.5]

# %% [markdown]
# ## Code
#
# Backward: a window's output moves only with its maximum, so the maximum gets all of dy, and a
# pixel that wins in several windows gets their sum. The average gives every pixel an equal share.
#
# Of equals the first takes all, as in PyTorch; any split that adds up to dy would be as right. At
# a tie the maximum has a kink and no slope, so the check needs numbers without ties. Are they
# rare? Not after ReLU: many windows hold nothing but zeros. But there it does not matter who
# wins, because ReLU's own backward pass stops the gradient at a zero.

# %%
x = np.zeros((1, 1, 5, 5))
x[0, 0, 2, 2] = 9  # the centre lies in all four windows of 3, but in one window of 2
dy = np.array([[[[1.0, 2], [3, 4]]]])
for pool, centre in ((MaxPool2d(2, 2), 4), (MaxPool2d(3, 2), 10), (AvgPool2d(3, 2), 10 / 9)):
    pool.forward(x)
    dx = pool.backward(dy)
    print(f"{type(pool).__name__} z = {pool.kernel_size[0]}: the centre gets {dx[0, 0, 2, 2]:.2f}")
    assert np.isclose(dx[0, 0, 2, 2], centre) and np.isclose(dx.sum(), dy.sum())  # nothing lost

flat, one = np.ones((1, 1, 3, 3)), np.ones((1, 1, 1, 1))
pool = MaxPool2d(3)
pool.forward(flat)  # nine equal numbers in one window
assert pool.backward(one).ravel().tolist() == [1] + [0] * 8
check.gradcheck(MaxPool2d(3, 2, ceil_mode=True), check.permuted_grid((2, 3, 6, 7)))

# %% [markdown]
# ## Check
#
# Feature maps of real images, and the same one pixel to the side: how far do the pooled maps
# move, as a share of their length?
#
# The paper counts the gain in errors: 0.4 points of top-1 and 0.3 of top-5, and finds such a net
# slightly harder to overfit. The authors' logs say 41.058 and 18.510 % without overlap (net 147),
# 40.664 and 18.210 % with it (net 145). On 360 digits, chance is larger than that.

# %%
assert [round(gain, 1) for gain in (41.058 - 40.664, 18.510 - 18.210)] == [0.4, 0.3]
on_imagenet = 100 * (0.4 * 0.6 / 50_000) ** 0.5
on_digits = 100 * (0.03 * 0.97 / 360) ** 0.5
print(f"one standard error: {on_imagenet:.2f} points on ImageNet, {on_digits:.2f} on the digits")
assert on_imagenet < 0.4 < on_digits
images, _ = learn.arrays(learn.dataset().train, 300)


def pooled(maps, z):
    """Pool maps, and the same maps one pixel further right; how much they differ (z = 1: all)."""
    odd = maps.shape[3] - 1 - maps.shape[3] % 2  # an odd size, which both windows fill
    pool = MaxPool2d(z, min(z, 2))
    here, moved = pool(maps[..., :odd, :odd]), pool(maps[..., :odd, 1 : odd + 1])
    return here, moved, np.linalg.norm(moved - here) / np.linalg.norm(here)


for seed in range(3):
    maps = Sequential([Conv2d(images.shape[1], 16, 5, seed=seed), ReLU()])(images)
    (_, _, two), (wide, _, three) = pooled(maps, 2), pooled(maps, 3)
    print(f"filters {seed}: z = 2 {two:.1%}, z = 3 {three:.1%}; all 0: {(wide == 0).mean():.0%}")
    assert three < 0.95 * two and (wide == 0).mean() > 0.02

# %%
edges = Sequential([Conv2d(1, 1, 3), ReLU()])  # one filter: upright edges
edges[0].params["weight"] = np.array([[[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]], np.float32)
maps = edges(images[:1].mean(axis=1, keepdims=True))
figure = Figure(figsize=(8, 8), layout="constrained")
for z, row in zip((1, 2, 3), figure.subplots(3, 3), strict=True):
    here, moved, share = pooled(maps, z)
    titles = "not pooled" if z == 1 else f"max, z = {z}, s = 2", "one pixel to the right"
    titles = (*titles, f"difference: {share:.0%}")
    for ax, shown, title in zip(row, (here, moved, abs(moved - here)), titles, strict=True):
        ax.imshow(shown[0, 0], cmap="magma", vmin=0, vmax=float(maps.max()))
        ax.set(title=title, xticks=[], yticks=[])
figure.suptitle("Upright edges of one image, pooled without and with overlap")
learn.show(figure, "05-pooling")

# %% [markdown]
# ## Break it
#
# **"Every maximum gets the gradient."** cuda-convnet did so: whoever equals the maximum gets all
# of dy. Nine equal numbers then get nine times too much: all raised by h, the maximum rises by h.
#
# **"Floor or ceil, who cares?"** The first linear layer, as soon as a size is even.

# %%
generous = (flat == pool(flat)) * one
slope = (pool(flat + 0.5) - pool(flat)).item() / 0.5
print(f"all nine raised together: slope {slope:.0f}, generous gradient {generous.sum():.0f}")
assert slope == pool.backward(one).sum() == 1 and generous.sum() == 9
floor = [MaxPool2d(3, 2), MaxPool2d(3, 2), MaxPool2d(3, 2)]  # 3 pixels, where 4 are expected
try:
    Sequential([*floor, Flatten(), Linear(64 * 4 * 4, 10)])(np.zeros((1, 64, 32, 32)))
    raise AssertionError("576 features fitted into 1024")
except ShapeError as mistake:
    print(mistake)

# %% [markdown]
# ## Try next
#
# - `tinyalex exercise start 07_max_pool`, then `08_pool_backward` and `09_ceil_pool`.
# - Is it the overlap, or only the wider window? Compare z = 3, s = 3 with z = 3, s = 2.
# - `TINYALEX_LESSON_DATA=cifar10` does the same with photographs.
