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
# 1. AlexNet pools maps of 55, 27 and 13 pixels. Which sizes come out? Which for z = 2, s = 2?
# 2. A window holds nine equal numbers. Which of them gets the gradient?
# 3. The image moves by one pixel. Which pooled map changes less, z = 3 or z = 2?

# %% [markdown]
# ## By hand
#
# Windows that fit along n pixels: `floor((n - z) / s) + 1`. From 55: (55 - 3) / 2 + 1 = 27, no
# remainder; 27 gives 13, 13 gives 6. With z = 2: 53 / 2 = 26.5, so 27 again, then 13, then 6.
#
# Four pixels `1 2 3 4`, z = 3, s = 2: one window fits, `1 2 3`, and pixel 4 is never read.
# **Ceil mode** rounds up: a second window `3 4` is clipped at the edge. Its maximum is 4, and its
# average (3 + 4) / 2 = 3.5: a clipped window divides by what it has, not by z.

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import check, learn
from tinyalex.errors import ShapeError
from tinyalex.layers import AvgPool2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential


def sizes(first, z, s, ceil_mode):
    pool, shape, out = MaxPool2d(z, s, ceil_mode=ceil_mode), (1, 1, first, first), [first]
    for _ in range(3):
        shape = pool.output_shape(shape)
        out.append(shape[-1])
    return out


for first in (55, 32):
    for z, ceil_mode in ((2, False), (3, False), (3, True)):
        print(f"z={z} s=2 {'ceil' if ceil_mode else 'floor':5}", *sizes(first, z, 2, ceil_mode))
assert sizes(55, 2, 2, False) == sizes(55, 3, 2, False) == sizes(55, 3, 2, True) == [55, 27, 13, 6]
assert sizes(32, 3, 2, False) == [32, 15, 7, 3] and sizes(32, 3, 2, True) == [32, 16, 8, 4]
row = np.array([[[[1.0, 2, 3, 4]]]])
assert MaxPool2d((1, 3), (1, 2), ceil_mode=True)(row).ravel().tolist() == [3, 4]
assert AvgPool2d((1, 3), (1, 2), ceil_mode=True)(row).ravel().tolist() == [2, 3.5]

# %% [markdown]
# AlexNet's sizes are odd: there, ceil mode changes nothing. For CIFAR-10's 32 pixels it does.
#
# ## Code
#
# Backward: a window's output moves only with its maximum, so the maximum gets all of dy, and a
# pixel that wins in several windows gets their sum. The average gives each pixel an equal share.

# %%
x = np.zeros((1, 1, 5, 5))
x[0, 0, 2, 2] = 9  # the centre lies in all four windows of 3, but in one window of 2
dy = np.array([[[[1.0, 2], [3, 4]]]])
for pool, centre in ((MaxPool2d(2, 2), 4), (MaxPool2d(3, 2), 10), (AvgPool2d(3, 2), 10 / 9)):
    pool.forward(x)
    dx = pool.backward(dy)
    print(f"{type(pool).__name__} z={pool.kernel_size[0]}: the centre gets {dx[0, 0, 2, 2]:.2f}")
    assert np.isclose(dx[0, 0, 2, 2], centre)
    assert np.isclose(dx.sum(), dy.sum())  # nothing is lost, nothing is made

flat, one = np.ones((1, 1, 3, 3)), np.ones((1, 1, 1, 1))  # nine equal numbers, one window
pool = MaxPool2d(3, 2)
pool.forward(flat)
print("nine equal numbers:\n", pool.backward(one)[0, 0])
assert pool.backward(one).ravel().tolist() == [1] + [0] * 8
print(check.gradcheck(MaxPool2d(3, 2, ceil_mode=True), check.permuted_grid((2, 3, 6, 7))))

# %% [markdown]
# The first of equals takes all, as in PyTorch; any split that adds up to dy would be as right. At
# a tie the maximum has a kink and no slope, which is why the check above needs a grid without
# ties. Are ties rare? After ReLU they are not: many windows hold nothing but zeros. There it does
# not matter who wins, because ReLU's own backward pass stops the gradient at a zero.
#
# ## Check
#
# Feature maps of real images, and the same one pixel to the side: how far do the pooled maps
# move, as a share of their length?

# %%
images, _ = learn.arrays(learn.dataset().train, 300)
odd = images.shape[3] - 1  # odd sizes, so that 2/2 and 3/2 windows both fit


def change(pool, maps, moved):
    before, after = pool(maps), pool(moved)
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


for seed in range(3):
    features = Sequential([Conv2d(images.shape[1], 16, 5, padding=2, seed=seed), ReLU()])
    maps = features(images)
    here, moved = maps[..., :odd, :odd], maps[..., :odd, 1:]
    two, three = (change(MaxPool2d(z, 2), here, moved) for z in (2, 3))
    zeros = (MaxPool2d(3, 2)(here) == 0).mean()
    print(f"filters {seed}: z=2 {two:5.1%}, z=3 {three:5.1%}; windows of zeros {zeros:.0%}")
    assert three < 0.95 * two and zeros > 0.02

# %%
edges = Sequential([Conv2d(1, 1, 3, padding=1), ReLU()])  # one filter: upright edges
edges[0].params["weight"] = np.array([[[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]], np.float32)
grey = images[:1].mean(axis=1, keepdims=True)
figure = Figure(figsize=(9, 7.6), layout="constrained")
axes = figure.subplots(3, 3)
for row_of, pool in zip(axes, (None, MaxPool2d(2, 2), MaxPool2d(3, 2)), strict=True):
    maps = edges(grey)
    both = [maps[..., :odd, :odd], maps[..., :odd, 1:]]
    both = both if pool is None else [pool(m) for m in both]
    difference = np.abs(both[1] - both[0])
    share = np.linalg.norm(difference) / np.linalg.norm(both[0])
    title = "not pooled" if pool is None else f"max, z = {pool.kernel_size[0]}, s = 2"
    titles = (title, "one pixel to the side", f"difference: {share:.0%}")
    for ax, picture, text in zip(row_of, [*both, difference], titles, strict=True):
        ax.imshow(picture[0, 0], cmap="magma", vmin=0, vmax=float(maps.max()))
        ax.set_title(text)
        ax.set_xticks([])
        ax.set_yticks([])
figure.suptitle("Upright edges of an image, pooled without and with overlap")
learn.show(figure, "05-pooling")

# %% [markdown]
# The paper counts the gain of overlap in errors: 0.4 points of top-1 and 0.3 of top-5 (section
# 3.4), and adds that the network overfits a little less. The authors' own logs agree: 41.058 and
# 18.510 % without overlap (net 147), 40.664 and 18.210 % with (net 145). That is small: chance
# alone moves an error of 40 %, counted on 50,000 images, by 0.22 points, and one of 3 % on 360
# digits by 0.9. Digits cannot show it.

# %%
gains = 41.058 - 40.664, 18.510 - 18.210
assert [round(gain, 1) for gain in gains] == [0.4, 0.3]
chance = [100 * np.sqrt(p * (1 - p) / n) for p, n in ((0.4, 50_000), (0.03, 360))]
print(f"chance: {chance[0]:.2f} points on 50,000 images, {chance[1]:.1f} on 360")
assert round(chance[0], 2) == 0.22 and round(chance[1], 1) == 0.9

# %% [markdown]
# ## Break it
#
# **"All equals get the gradient."** The authors' first GPU code, cuda-convnet, did so: each pixel
# that equals the maximum gets all of dy. Nine equal pixels then get nine times too much.
#
# **"Floor or ceil, who cares?"** The first linear layer does, as soon as sizes are even.


# %%
class GenerousPool(MaxPool2d):
    """Every pixel that equals the maximum gets all of dy; one window, for the test."""

    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dy):
        return (self.x == self.x.max()) * dy


generous = GenerousPool(3)
generous.forward(flat)
print("one window's dy of 1 has become", generous.backward(one).sum())
assert generous.backward(one).sum() == 9

# Move all nine by h: the maximum moves by h, so the slopes must add up to 1, not to 9.
assert np.isclose((generous(flat + 1e-3) - generous(flat)).item() / 1e-3, 1)

for ceil_mode in (True, False):
    pools = [MaxPool2d(3, 2, ceil_mode=ceil_mode) for _ in range(3)]
    net = Sequential([*pools, Flatten(), Linear(64 * 4 * 4, 10)])  # 1024 inputs: 32, 16, 8, 4
    try:
        net(np.zeros((1, 64, 32, 32), np.float32))
        assert ceil_mode
    except ShapeError as mistake:
        print(mistake)
        assert not ceil_mode

# %% [markdown]
# ## Try next
#
# - `tinyalex exercise start 07_max_pool`, then `08_pool_backward` and `09_ceil_pool`.
# - Is it the overlap, or only the wider window? Compare z = 3, s = 3 with z = 3, s = 2.
# - `TINYALEX_LESSON_DATA=cifar10` does the same with photographs.
