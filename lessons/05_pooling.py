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
# 11 pixels, z = 3 and s = 2 make (11 - 3) / 2 + 1 = 5, without a
# remainder. With z = 2: 9 / 2 = 4.5, rounded down 4, so again 5.
#
# Take four pixels `1 2 3 4`, z = 3, s = 2. One window fits, `1 2 3`, and
# pixel 4 is never read. **Ceil mode** rounds up: there is a second
# window, `3 4`, clipped at the edge. Its maximum is 4. Its average is
# (3 + 4) / 2 = 3.5, because a clipped window divides by the number of its
# pixels, not by z.

# %%
import numpy as np

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

for z in (2, 3):
    assert MaxPool2d(z, 2).output_shape((1, 1, 11, 11))[3] == 5
four = np.array([[[[1.0, 2, 3, 4]]]])
ceil_max = MaxPool2d((1, 3), (1, 2), ceil_mode=True)
ceil_average = AvgPool2d((1, 3), (1, 2), ceil_mode=True)
print("1 2 3 4 in ceil mode:", ceil_max(four), ceil_average(four))
assert ceil_max(four).ravel().tolist() == [3, 4]
assert ceil_average(four).ravel().tolist() == [2, 3.5]

# %% [markdown]
# ## Code
#
# **Your turn.** Eight pixels, z = 3, s = 2, in ceil mode: how many
# windows? (The last one is clipped.)

# %%
windows = 4  # your turn: in ceil mode, 8 pixels, z = 3, s = 2
assert ceil_max.output_shape((1, 1, 1, 8))[3] == windows, "round up"

# %% [markdown]
# Backward: the output of a window changes only with its maximum. So the
# maximum gets all of dy, and a pixel that is the maximum of several
# windows gets the sum of their gradients. With average pooling, every
# pixel of a window gets an equal share.

# %%
x = np.zeros((1, 1, 5, 5))
x[0, 0, 2, 2] = 9  # the centre: in four windows of 3, in one of 2
dy = np.array([[[[1.0, 2], [3, 4]]]])
for pool, expected in (
    (MaxPool2d(2, 2), 4),
    (MaxPool2d(3, 2), 10),
    (AvgPool2d(3, 2), 10 / 9),
):
    pool.forward(x)
    dx = pool.backward(dy)
    kind, z = type(pool).__name__, pool.kernel_size[0]
    print(f"{kind}, z = {z}: the centre gets {dx[0, 0, 2, 2]:.2f}")
    assert np.isclose(dx[0, 0, 2, 2], expected)
    assert np.isclose(dx.sum(), dy.sum())  # nothing is lost
no_ties = check.permuted_grid((2, 3, 6, 7))
check.gradcheck(MaxPool2d(3, 2, ceil_mode=True), no_ties)

# %% [markdown]
# ## Check
#
# **Prediction 1.** From 55: (55 - 3) / 2 + 1 = 27. Then 13, then 6. With
# z = 2 the same: 53 / 2 = 26.5, rounded down. AlexNet's odd sizes leave
# no remainder with z = 3, so ceil mode changes nothing there. The 32
# pixels of CIFAR-10 do leave one.


# %%
def sizes(n, z, ceil_mode=False):
    """The side of a feature map, and after one, two, three poolings."""
    pool = MaxPool2d(z, 2, ceil_mode=ceil_mode)
    sides = [n]
    for _ in range(3):
        shape = (1, 1, sides[-1], sides[-1])
        sides.append(pool.output_shape(shape)[3])
    return sides


print("55 pixels: z = 2", sizes(55, 2), "z = 3", sizes(55, 3))
print("32 pixels: floor", sizes(32, 3), "ceil", sizes(32, 3, True))
assert sizes(55, 2) == sizes(55, 3) == sizes(55, 3, True)
assert sizes(55, 3) == [55, 27, 13, 6]
assert sizes(32, 3) == [32, 15, 7, 3]
assert sizes(32, 3, ceil_mode=True) == [32, 16, 8, 4]

# %% [markdown]
# **Prediction 2.** The first one, as in PyTorch. Any split that adds up
# to dy would be as right: at a tie the maximum has a kink and no slope.
# So the gradient check above used numbers without ties. After ReLU ties
# are not rare, because many windows hold only zeros. But there it does
# not matter which pixel gets the gradient: the backward pass of ReLU
# stops it at a zero.

# %%
equal = np.ones((1, 1, 3, 3))  # nine equal numbers in one window
dy_of_one = np.ones((1, 1, 1, 1))
pool = MaxPool2d(3)
pool.forward(equal)
print(pool.backward(dy_of_one)[0, 0].astype(int))
assert pool.backward(dy_of_one).ravel().tolist() == [1] + [0] * 8

# %% [markdown]
# **Prediction 3.** The one with z = 3. We take feature maps of real
# images and move them by one pixel. How much do the pooled feature maps
# change, relative to their norm?

# %%
images, _ = learn.arrays(learn.dataset().train, 300)


def pool_both(x, z):
    """Pool feature maps, and the same moved by one pixel."""
    side = x.shape[3] - 1 - x.shape[3] % 2  # odd: no remainder, z = 3
    pool = MaxPool2d(z, min(z, 2))
    return pool(x[..., :side, :side]), pool(x[..., :side, 1 : side + 1])


def change(still, moved):
    return np.linalg.norm(moved - still) / np.linalg.norm(still)


for seed in range(3):
    filters = Sequential(
        [Conv2d(images.shape[1], 16, 5, seed=seed), ReLU()]
    )
    feature_maps = filters(images)
    with_2 = change(*pool_both(feature_maps, 2))
    with_3 = change(*pool_both(feature_maps, 3))
    print(f"seed {seed}: z = 2 changes {with_2:.1%}, z = 3 {with_3:.1%}")
    assert with_3 < 0.95 * with_2
    assert (pool_both(feature_maps, 3)[0] == 0).mean() > 0.02  # ties

# %%
sobel = Conv2d(1, 1, 3)  # one filter, for vertical edges
sobel_kernel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
sobel.params["weight"] = np.array([[sobel_kernel]], np.float32)
edges = Sequential([sobel, ReLU()])
feature_map = edges(images[:1].mean(axis=1, keepdims=True))
rows = {}
for z, label in ((1, "not pooled"), (2, "z = 2"), (3, "z = 3")):
    still, moved = pool_both(feature_map, z)
    difference = abs(moved - still)
    label = f"{label}: {change(still, moved):.0%}"
    rows[label] = [still[0, 0], moved[0, 0], difference[0, 0]]
learn.draw_images(
    "05-pooling",
    rows,
    title="Edges of one image, moved by one pixel, pooled with s = 2",
    columns=("pooled", "moved, then pooled", "difference"),
    cmap="magma",
    scale=(0, float(feature_map.max())),
)

# %% [markdown]
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
    f"one standard error: {on_imagenet:.2f} points on ImageNet", end=", "
)
print(f"{on_digits:.2f} on the digits")
assert on_imagenet < 0.4 < on_digits

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
ours = pool.backward(dy_of_one).sum()
print(
    f"all nine rise: slope {slope:.0f}, right gradient {ours:.0f}", end=""
)
print(f", to every maximum {to_every_maximum.sum():.0f}")
assert slope == ours == 1
assert to_every_maximum.sum() == 9

for ceil_mode in (True, False):
    pools = [MaxPool2d(3, 2, ceil_mode=ceil_mode) for _ in range(3)]
    net = Sequential([*pools, Flatten(), Linear(64 * 4 * 4, 10)])
    try:
        y = net(np.zeros((1, 64, 32, 32)))
        print("ceil: 32 pixels become 4, and the output is", y.shape)
        assert ceil_mode
    except ShapeError as error:
        print("floor: 32 pixels become 3, and", error)
        assert not ceil_mode

# %% [markdown]
# ## Try next
#
# - `tinyalex exercise start 07_max_pool`, then `08_pool_backward` and
#   `09_ceil_pool`.
# - `tinyalex exercise start 22_ceil_pool_backward`, then train with it:
#   `tinyalex exercise train my-answers`.
# - Does the overlap help, or only the wider window? Compare z = 3, s = 3
#   with z = 3, s = 2.
# - `TINYALEX_LESSON_DATA=cifar10` does the same with photographs.
