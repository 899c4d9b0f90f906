# %% [markdown]
# # 02 Convolution: by hand, then as a matrix product
#
# **After it you can** compute a convolution on paper, say why libraries
# turn it into a matrix product, and say what that costs.
#
# **Needs** lesson 01. **Minutes** 30.

# %% [markdown]
# ## Predict
# A 3 x 3 kernel moves over an image of 16 x 16 pixels, one pixel at a
# time. The image is padded with one row or column of zeros on every side.
#
# 1. How large is the output? How often is a pixel in the middle read? And
#    a pixel in a corner?
# 2. You replace nested loops in Python by one matrix product. How many
#    times faster is that?

# %% [markdown]
# ## By hand
# No padding, stride 1. Put the kernel on the upper left corner of the
# image. Multiply each kernel value by the pixel below it and add the
# products. Then move one pixel to the right:
#
#     image  1 2 0     kernel  1 0     1·1 + 2·0 + 0·2 + 1·1 = 2     2·1 + 0·0 + 1·2 + 3·1 = 7
#            0 1 3             2 1     0·1 + 1·0 + 2·2 + 0·1 = 4     1·1 + 3·0 + 0·2 + 1·1 = 2
#            2 0 1
#
# The kernel is *not* flipped. Mathematicians call this cross-correlation;
# their convolution flips the kernel first. For a network it makes no
# difference, because it learns its kernels.

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
# The definition, as in a textbook: for each image, filter and position, a
# sum over the window. A larger stride moves the windows further apart:
# `OH = (H + 2 * padding - KH) // stride + 1`.


# %%
def conv2d_loops(x, w, b, stride, padding):
    """x (N, C, H, W), w (F, C, KH, KW), b (F,) -> (N, F, OH, OW)."""
    x = np.pad(
        x, ((0, 0), (0, 0), (padding, padding), (padding, padding))
    )
    N, C, H, W = x.shape
    F, C, KH, KW = w.shape
    OH, OW = (H - KH) // stride + 1, (W - KW) // stride + 1
    y = np.zeros((N, F, OH, OW), x.dtype)
    for n, f, i, j in np.ndindex(N, F, OH, OW):  # four nested loops
        window = x[
            n,
            :,
            i * stride : i * stride + KH,
            j * stride : j * stride + KW,
        ]
        y[n, f, i, j] = (window * w[f]).sum() + b[f]
    return y


# %% [markdown]
# **im2col** writes every window of an image as a column of a matrix, with
# `K = C*KH*KW` rows and `P = OH*OW` columns. The filters are the rows of
# a second matrix, `(F, K)`. The product of the two *is* the convolution,
# and matrix products are what processors do best. The price: every pixel
# is copied up to `KH * KW` times.

# %%
numpy = backends.get("numpy")
cols = numpy.im2col(image[None, None], (2, 2), (1, 1), (0, 0))
print(cols[0].astype(int))  # one column per window of the image above
assert np.array_equal(
    (kernel.reshape(1, 4) @ cols[0]).ravel(), [2, 7, 4, 2]
)

# %%
x, _ = learn.arrays(learn.dataset().train, 8)
C, H, W = x.shape[1:]
layer = Conv2d(C, 16, 3, padding=1, seed=1)
w, b = layer.params["weight"], layer.params["bias"]

start = time.perf_counter()
by_loops = conv2d_loops(x, w, b, stride=1, padding=1)
loop_seconds = time.perf_counter() - start

start = time.perf_counter()
cols = numpy.im2col(x, (3, 3), (1, 1), (1, 1))  # (N, K, P)
by_product = w.reshape(16, -1) @ cols + b[:, None]  # (N, 16, P)
product_seconds = time.perf_counter() - start

y = layer.forward(x)
assert np.allclose(by_loops, y, atol=1e-5)
assert np.allclose(by_product.reshape(y.shape), y, atol=1e-5)
print(
    f"loops {1e3 * loop_seconds:.0f} ms, product {1e3 * product_seconds:.1f} ms"
)
assert (
    loop_seconds > 5 * product_seconds
)  # usually a hundred times or more

# %% [markdown]
# ## Check
# Your predictions. The padding makes up for what the kernel cuts off, so
# the output is as large as the image. Each output takes 9 multiplications
# per channel. A pixel in the middle is in 9 windows, a pixel in a corner
# in 4. To count them, fill the im2col matrix with ones and add the
# columns back into the image (col2im).

# %%
assert layer.output_shape((1, C, H, W)) == (1, 16, H, W)
assert layer.flops((1, C, H, W)) == 2 * 16 * (9 * C) * (
    H * W
)  # a multiplication and an addition
ones = np.ones((1, 9, 16 * 16))
times_read = numpy.col2im(ones, (1, 1, 16, 16), (3, 3), (1, 1), (1, 1))[
    0, 0
]
assert times_read[8, 8] == 9 and times_read[0, 0] == 4
assert cols.size == 9 * x.size

# %% [markdown]
# What kernels detect. Sobel wrote these two down in 1968, long before
# networks learned their own.

# %%
sobel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
edges = Conv2d(1, 2, 3)
edges.params = {
    "weight": np.stack([sobel, sobel.T])[:, None],
    "bias": np.zeros(2),
}
grey = x.mean(axis=1, keepdims=True).astype(np.float64)
feature_maps = np.abs(edges.forward(grey))
figure = Figure(figsize=(8, 3.9), layout="constrained")
top, middle, bottom = figure.subplots(3, 8)
for i in range(8):
    top[i].imshow(grey[i, 0], cmap="gray")
    middle[i].imshow(feature_maps[i, 0], cmap="magma")
    bottom[i].imshow(feature_maps[i, 1], cmap="magma")
    for axis in (top[i], middle[i], bottom[i]):
        axis.set(xticks=[], yticks=[])
top[0].set_ylabel("image")
middle[0].set_ylabel("vertical edges")
bottom[0].set_ylabel("horizontal edges")
figure.suptitle("What two 3 x 3 kernels detect (bright: strong)")
learn.show(figure, "02-edges")
assert not edges.forward(
    np.full((1, 1, 8, 8), 3.0)
).any()  # a flat area has no edges

# %% [markdown]
# ## Break it
# The most common mistake is to swap the height and the width of the
# kernel. With a square kernel nobody notices. So test with sizes that are
# all different.


# %%
def swap_is_noticed(image, kernel_size):
    right = numpy.im2col(image, kernel_size, (1, 1), (0, 0))
    swapped = numpy.im2col(image, kernel_size[::-1], (1, 1), (0, 0))
    return not np.array_equal(right, swapped)


assert not swap_is_noticed(np.ones((1, 1, 6, 6)), (3, 3))
assert swap_is_noticed(np.arange(30.0).reshape(1, 1, 5, 6), (2, 3))

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 01_conv_loops`, then `02_im2col`: write both
#   yourself.
# - How much memory does the im2col matrix of AlexNet's first layer take
#   for a batch of 128 (3 channels, 11 x 11 kernels, 55 x 55 outputs)? Why
#   does the backend work on slices of the batch?
# - `TINYALEX_LESSON_DATA=cifar10` shows the edges of photographs.
