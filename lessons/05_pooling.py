# %% [markdown]
# # 05 Pooling with windows that overlap
#
# **After it you can** compute the sizes and gradients of any pooling, and
# say what overlap is for.
#
# **Needs** lessons 02 and 03. **Minutes** 25.

# %% [markdown]
# ## Predict
#
# Pooling keeps one number per window. z is the side of the window, s the
# step to the next one. The paper (section 3.4) uses z = 3 and s = 2, so
# neighbouring windows share a row of pixels.
#
# 1. AlexNet pools feature maps of 55, 27 and 13 pixels. What are the
#    output sizes? And with z = 2, s = 2?
# 2. A window holds nine equal numbers. Which of them gets the gradient?
# 3. The image moves by one pixel. Which pooled feature map changes less,
#    with z = 2 or with z = 3?

# %% [markdown]
# ## By hand
#
# The number of windows along n pixels is `floor((n - z) / s) + 1`. From
# 55: (55 - 3) / 2 + 1 = 27, without a remainder. 27 gives 13, and 13
# gives 6. With z = 2: 53 / 2 = 26.5, so again 27, then 13, then 6.
#
# Take four pixels `1 2 3 4`, z = 3, s = 2. One window fits, `1 2 3`, and
# pixel 4 is never read. **Ceil mode** rounds up: there is a second
# window, `3 4`, clipped at the edge. Its maximum is 4. Its average is
# (3 + 4) / 2 = 3.5, because a clipped window divides by the number of its
# pixels, not by z. AlexNet's odd sizes leave no remainder, so ceil mode
# changes nothing there. CIFAR-10's 32 pixels do leave one.

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import check, learn
from tinyalex.errors import ShapeError
from tinyalex.layers import (
    AvgPool2d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)


def sizes(n, z, ceil_mode=False):
    """The side of a feature map of n pixels, and its side after one, two and three poolings."""
    pool = MaxPool2d(z, 2, ceil_mode=ceil_mode)
    shape = (1, 1, n, n)
    sides = [n]
    for _ in range(3):
        shape = pool.output_shape(shape)
        sides.append(shape[-1])
    return sides


print("55 pixels, z = 2 and z = 3:", sizes(55, 2), sizes(55, 3))
print(
    "32 pixels, z = 3, floor and ceil:",
    sizes(32, 3),
    sizes(32, 3, ceil_mode=True),
)
assert (
    sizes(55, 2)
    == sizes(55, 3)
    == sizes(55, 3, ceil_mode=True)
    == [55, 27, 13, 6]
)
assert sizes(32, 3) == [32, 15, 7, 3]
assert sizes(32, 3, ceil_mode=True) == [32, 16, 8, 4]
four = np.array([[[[1.0, 2, 3, 4]]]])
assert MaxPool2d((1, 3), (1, 2), ceil_mode=True)(
    four
).ravel().tolist() == [3, 4]
assert AvgPool2d((1, 3), (1, 2), ceil_mode=True)(
    four
).ravel().tolist() == [2, 3.5]

# %% [markdown]
# ## Code
#
# Backward: the output of a window changes only with its maximum. So the
# maximum gets all of dy, and a pixel that is the maximum of several
# windows gets the sum of their gradients. With average pooling, every
# pixel of a window gets an equal share.
#
# On ties the first maximum gets the gradient, as in PyTorch. Any split
# that adds up to dy would be as right: at a tie the maximum has a kink
# and no slope, so the gradient check needs numbers without ties. Ties are
# not rare after ReLU, where many windows hold only zeros. But there it
# does not matter which pixel gets the gradient, because the backward pass
# of ReLU stops it at a zero.

# %%
x = np.zeros((1, 1, 5, 5))
x[0, 0, 2, 2] = (
    9  # the centre is in all four windows of 3, but in only one window of 2
)
dy = np.array([[[[1.0, 2], [3, 4]]]])
for pool, expected in (
    (MaxPool2d(2, 2), 4),
    (MaxPool2d(3, 2), 10),
    (AvgPool2d(3, 2), 10 / 9),
):
    pool.forward(x)
    dx = pool.backward(dy)
    centre = dx[0, 0, 2, 2]
    print(
        f"{type(pool).__name__} z = {pool.kernel_size[0]}: the centre gets {centre:.2f}"
    )
    assert np.isclose(centre, expected)
    assert np.isclose(dx.sum(), dy.sum())  # nothing is lost

equal = np.ones((1, 1, 3, 3))  # nine equal numbers in one window
dy_of_one = np.ones((1, 1, 1, 1))
pool = MaxPool2d(3)
pool.forward(equal)
assert pool.backward(dy_of_one).ravel().tolist() == [
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
]
check.gradcheck(
    MaxPool2d(3, 2, ceil_mode=True), check.permuted_grid((2, 3, 6, 7))
)

# %% [markdown]
# ## Check
#
# We take feature maps of real images and move them by one pixel. How far
# do the pooled feature maps move, relative to their norm?
#
# The paper measures the gain in errors: 0.4 points of top-1 and 0.3 of
# top-5. It also finds that nets with overlap are slightly harder to
# overfit. The authors' logs say 41.058 and 18.510 % without overlap (net
# 147), 40.664 and 18.210 % with it (net 145). On 360 digits such a gain
# is smaller than chance.

# %%
top1_gain, top5_gain = 41.058 - 40.664, 18.510 - 18.210
assert round(top1_gain, 1) == 0.4 and round(top5_gain, 1) == 0.3
on_imagenet = 100 * (0.4 * 0.6 / 50_000) ** 0.5
on_digits = 100 * (0.03 * 0.97 / 360) ** 0.5
print(
    f"one standard error: {on_imagenet:.2f} points on ImageNet, {on_digits:.2f} on the digits"
)
assert on_imagenet < 0.4 < on_digits
images, _ = learn.arrays(learn.dataset().train, 300)


def pool_both(x, z):
    """Pool feature maps and the same moved by one pixel; and their difference over the norm."""
    side = (
        x.shape[3] - 1 - x.shape[3] % 2
    )  # odd: no remainder with z = 3, s = 2
    pool = MaxPool2d(z, min(z, 2))
    still = pool(x[..., :side, :side])
    moved = pool(x[..., :side, 1 : side + 1])
    return (
        still,
        moved,
        np.linalg.norm(moved - still) / np.linalg.norm(still),
    )


for seed in range(3):
    filters = Sequential(
        [Conv2d(images.shape[1], 16, 5, seed=seed), ReLU()]
    )
    feature_maps = filters(images)
    _, _, change_2 = pool_both(feature_maps, 2)
    pooled, _, change_3 = pool_both(feature_maps, 3)
    zeros = (pooled == 0).mean()
    print(
        f"seed {seed}: change with z = 2 {change_2:.1%}, z = 3 {change_3:.1%}; {zeros:.0%} zeros"
    )
    assert change_3 < 0.95 * change_2
    assert zeros > 0.02

# %%
sobel = Conv2d(1, 1, 3)  # one filter, for vertical edges
sobel.params["weight"] = np.array(
    [[[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]], np.float32
)
edges = Sequential([sobel, ReLU()])
feature_map = edges(images[:1].mean(axis=1, keepdims=True))
figure = Figure(figsize=(8, 8), layout="constrained")
for z, axes in zip((1, 2, 3), figure.subplots(3, 3), strict=True):
    still, moved, change = pool_both(feature_map, z)
    panels = {
        "not pooled" if z == 1 else f"max, z = {z}, s = 2": still,
        "moved by one pixel": moved,
        f"difference: {change:.0%}": abs(moved - still),
    }
    for axis, (title, values) in zip(axes, panels.items(), strict=True):
        axis.imshow(
            values[0, 0],
            cmap="magma",
            vmin=0,
            vmax=float(feature_map.max()),
        )
        axis.set(title=title, xticks=[], yticks=[])
figure.suptitle(
    "Vertical edges of one image, pooled without and with overlap"
)
learn.show(figure, "05-pooling")

# %% [markdown]
# ## Break it
#
# **"Every maximum gets the gradient."** cuda-convnet did this: every
# pixel that equals the maximum gets all of dy. Nine equal numbers then
# get nine times too much: if all rise by h, the maximum rises by h, not
# by 9 h.
#
# **"Floor or ceil, it makes no difference."** It does for the first
# linear layer, as soon as a size is even.

# %%
to_every_maximum = (equal == pool(equal)) * dy_of_one
slope = (pool(equal + 0.5) - pool(equal)).item() / 0.5
print(
    f"all nine rise: slope {slope:.0f}, gradient to every maximum {to_every_maximum.sum():.0f}"
)
assert slope == pool.backward(dy_of_one).sum() == 1
assert to_every_maximum.sum() == 9

layers = [
    MaxPool2d(3, 2),
    MaxPool2d(3, 2),
    MaxPool2d(3, 2),
]  # 32 pixels become 3; ceil makes 4
net = Sequential(layers + [Flatten(), Linear(64 * 4 * 4, 10)])
try:
    net(np.zeros((1, 64, 32, 32)))
    raise AssertionError("576 features fitted into 1024")
except ShapeError as error:
    print(error)

# %% [markdown]
# ## Try next
#
# - `tinyalex exercise start 07_max_pool`, then `08_pool_backward` and
#   `09_ceil_pool`.
# - Does the overlap help, or only the wider window? Compare z = 3, s = 3
#   with z = 3, s = 2.
# - `TINYALEX_LESSON_DATA=cifar10` does the same with photographs.
