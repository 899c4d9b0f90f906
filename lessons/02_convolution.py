# %% [markdown]
# # 02 Convolution by hand, then as one product
#
# **After it you can** compute a convolution on paper, and say why libraries turn it into a matrix
# product, and what that costs.
#
# **Needs** lesson 01. **Minutes** 30.

# %% [markdown]
# ## Predict
# A kernel of 3 x 3 moves over an image of 16 x 16 pixels, which has a border of one zero around it,
# one pixel at a time.
#
# 1. How large is the output? How often is a pixel in the middle read, and one in a corner?
# 2. Nested loops in Python against one matrix product: how many times faster is the product?

# %% [markdown]
# ## By hand
# No padding, stride 1. Put the kernel on the image's upper left corner, multiply what lies on
# each other, add it up; then one step to the right:
#
#     image  1 2 0     kernel  1 0     1·1 + 2·0 + 0·2 + 1·1 = 2     2·1 + 0·0 + 1·2 + 3·1 = 7
#            0 1 3             2 1     0·1 + 1·0 + 2·2 + 0·1 = 4     1·1 + 3·0 + 0·2 + 1·1 = 2
#            2 0 1
#
# The kernel is *not* flipped: mathematicians call this cross-correlation, and reserve "convolution"
# for the flipped one. A network does not care, since it learns its kernels.

# %%
import time

import numpy as np
from matplotlib.figure import Figure

from tinyalex import backends, learn
from tinyalex.layers import Conv2d

image = np.array([[1.0, 2, 0], [0, 1, 3], [2, 0, 1]])
kernel = np.array([[1.0, 0], [2, 1]])
layer = Conv2d(1, 1, 2)
layer.params = {"weight": kernel[None, None], "bias": np.zeros(1)}
y = layer.forward(image[None, None])
assert np.array_equal(y[0, 0], [[2, 7], [4, 2]])

# %% [markdown]
# ## Code
# The definition, as it stands in books: for each image, filter and place, a sum over the window.
# With a stride the windows are further apart: `OH = (H + 2 * padding - KH) // stride + 1`.


# %%
def conv2d_loops(x, w, b, stride, padding):
    """x (N, C, H, W), w (F, C, KH, KW), b (F,) -> (N, F, OH, OW)."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    (N, _, H, W), (F, _, KH, KW) = x.shape, w.shape
    OH, OW = (H - KH) // stride + 1, (W - KW) // stride + 1
    y = np.zeros((N, F, OH, OW), x.dtype)
    for n, f, i, j in np.ndindex(N, F, OH, OW):  # four loops, one inside the other
        window = x[n, :, i * stride : i * stride + KH, j * stride : j * stride + KW]
        y[n, f, i, j] = (window * w[f]).sum() + b[f]
    return y


# %% [markdown]
# **im2col.** All windows of an image, each written out as a column, make a matrix of `K = C*KH*KW`
# rows and `P = OH*OW` columns. The filters, one a row, make a matrix `(F, K)`. Their product *is*
# the convolution, and matrix products are what processors do best. The price: every pixel is
# written down up to `KH * KW` times.

# %%
numpy = backends.get("numpy")
columns = numpy.im2col(image[None, None], (2, 2), (1, 1), (0, 0))
print(columns[0].astype(int))  # the four windows of the image above, one a column
assert np.array_equal((kernel.reshape(1, 4) @ columns[0]).ravel(), [2, 7, 4, 2])

# %%
x, _ = learn.arrays(learn.dataset().train, 8)
C, H, W = x.shape[1:]
layer = Conv2d(C, 16, 3, padding=1, seed=1)
w, b = layer.params["weight"], layer.params["bias"]


def by_product(x):
    cols = numpy.im2col(x, (3, 3), (1, 1), (1, 1))  # (N, K, P)
    return (w.reshape(16, -1) @ cols + b[:, None]).reshape(len(x), 16, H, W)


seconds = {}
for name, way in (("loops", lambda x: conv2d_loops(x, w, b, 1, 1)), ("product", by_product)):
    began = time.perf_counter()
    result = way(x)
    seconds[name] = time.perf_counter() - began
    assert np.allclose(result, layer.forward(x), atol=1e-5)  # all three are the same
print(f"loops {1e3 * seconds['loops']:.0f} ms, product {1e3 * seconds['product']:.1f} ms")
assert seconds["loops"] > 5 * seconds["product"]  # hundreds of times and more

# %% [markdown]
# ## Check
# Your predictions. The border makes up for what the kernel cuts off: the output is as large as the
# image. Each of its numbers takes 9 multiplications a channel; a pixel in the middle lies in 9
# windows, one in the corner in 4. Count them by putting ones into the columns, and back.

# %%
assert layer.output_shape((1, C, H, W)) == (1, 16, H, W)
assert layer.flops((1, C, H, W)) == 2 * 16 * (9 * C) * (H * W)  # a multiplication and an addition
ones = np.ones((1, 9, 16 * 16))
times_read = numpy.col2im(ones, (1, 1, 16, 16), (3, 3), (1, 1), (1, 1))[0, 0]
assert times_read[8, 8] == 9 and times_read[0, 0] == 4
assert numpy.im2col(x, (3, 3), (1, 1), (1, 1)).size == 9 * x.size

# %% [markdown]
# What kernels find: two that Sobel wrote down in 1968, long before networks learned theirs.

# %%
sobel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
edges = Conv2d(1, 2, 3)
edges.params = {"weight": np.stack([sobel, sobel.T])[:, None], "bias": np.zeros(2)}
grey = x.mean(axis=1, keepdims=True).astype(np.float64)
found = edges.forward(grey)
figure = Figure(figsize=(8, 3.9), layout="constrained")
rows = zip(("image", "upright edges", "lying edges"), figure.subplots(3, 8), strict=True)
for row, (title, axes) in enumerate(rows):
    for i, axis in enumerate(axes):
        picture = grey[i, 0] if row == 0 else np.abs(found[i, row - 1])
        axis.imshow(picture, cmap="gray" if row == 0 else "magma")
        axis.set(xticks=[], yticks=[])
    axes[0].set_ylabel(title)
figure.suptitle("What two kernels of 3 x 3 find (bright: much)")
learn.show(figure, "02-edges")
assert not edges.forward(np.full((1, 1, 8, 8), 3.0)).any()  # nothing to find in a flat area

# %% [markdown]
# ## Break it
# The commonest mistake: kernel height and width swapped. With a square kernel nobody notices. So
# test with sizes that are all different.

# %%
square, oblong = np.ones((1, 1, 6, 6)), np.arange(30.0).reshape(1, 1, 5, 6)
for test, size, noticed in ((square, (3, 3), False), (oblong, (2, 3), True)):
    right = numpy.im2col(test, size, (1, 1), (0, 0))
    swapped = numpy.im2col(test, size[::-1], (1, 1), (0, 0))
    assert (right.shape != swapped.shape or not np.array_equal(right, swapped)) == noticed

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 01_conv_loops`, then `02_im2col`: write both yourself.
# - How much memory do the columns of AlexNet's first layer take for a batch of 128 (3 channels,
#   11 x 11 kernels, 55 x 55 outputs)? Why does `tinyalex/layers/conv.py` work in slices?
# - `TINYALEX_LESSON_DATA=cifar10` shows the edges of photographs.
