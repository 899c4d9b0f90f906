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
#     image 1 2 0   kernel 1 0   1·1+2·0+0·2+1·1 = 2   2·1+0·0+1·2+3·1 = 7
#           0 1 3          2 1   0·1+1·0+2·2+0·1 = 4   1·1+3·0+0·2+1·1 = 2
#           2 0 1
#
# The kernel is *not* flipped. Mathematicians call this cross-correlation;
# their convolution flips the kernel first. For a network it makes no
# difference, because it learns its kernels.

# %%
import time

import numpy as np

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
    edges = (padding, padding)
    x = np.pad(x, ((0, 0), (0, 0), edges, edges))
    N, C, H, W = x.shape
    F, C, KH, KW = w.shape
    OH, OW = (H - KH) // stride + 1, (W - KW) // stride + 1
    y = np.zeros((N, F, OH, OW), x.dtype)
    for n, f, i, j in np.ndindex(N, F, OH, OW):  # four nested loops
        top, left = i * stride, j * stride
        window = x[n, :, top : top + KH, left : left + KW]
        y[n, f, i, j] = (window * w[f]).sum() + b[f]
    return y


strided = Conv2d(1, 1, 3, stride=2, padding=1)  # the package's layer


# %% [markdown]
# **Your turn.** 16 rows, a kernel of 3 x 3, padding 1, and now a stride
# of 2. How many rows does the output have?

# %%
rows = (16 + 2 * 1 - 3) // 2 + 1  # your turn: rows of the output
assert rows == strided.output_shape((1, 1, 16, 16))[2], "use the formula"

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
product = kernel.reshape(1, 4) @ cols[0]
assert np.array_equal(product.ravel(), [2, 7, 4, 2])

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
print(f"loops {1e3 * loop_seconds:.0f} ms", end=", ")
print(f"product {1e3 * product_seconds:.1f} ms")
assert loop_seconds > 5 * product_seconds  # usually 100 times or more

# %% [markdown]
# ## Check
# To count how often a pixel is read, fill the im2col matrix with ones and
# add the columns back into the image (col2im).
#
# **Prediction 1.** The output is as large as the image: the padding makes
# up for what the kernel cuts off. A pixel in the middle is in 9 windows,
# a pixel in a corner in 4.
#
# **Prediction 2.** Divide the two times above: usually the product is a
# hundred times faster or more, though it does the same multiplications.

# %%
assert layer.output_shape((1, C, H, W)) == (1, 16, H, W)
# A multiplication and an addition for each of 9 C numbers:
assert layer.flops((1, C, H, W)) == 2 * 16 * (9 * C) * (H * W)
ones = np.ones((1, 9, 16 * 16))
read = numpy.col2im(ones, (1, 1, 16, 16), (3, 3), (1, 1), (1, 1))[0, 0]
print(f"times read: in the middle {read[8, 8]:.0f}", end=", ")
print(f"at an edge {read[0, 8]:.0f}, in a corner {read[0, 0]:.0f}")
assert read[8, 8] == 9 and read[0, 0] == 4
assert cols.size == 9 * x.size

# %% [markdown]
# What kernels detect. Sobel wrote these two down in 1968, long before
# networks learned their own.

# %%
sobel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
edges = Conv2d(1, 2, 3)
both = np.stack([sobel, sobel.T])[:, None]  # (2, 1, 3, 3)
edges.params = {"weight": both, "bias": np.zeros(2)}
grey = x.mean(axis=1, keepdims=True).astype(np.float64)
feature_maps = np.abs(edges.forward(grey))
learn.draw_images(
    "02-edges",
    {
        "image": grey[:, 0],
        "vertical": feature_maps[:, 0],
        "horizontal": feature_maps[:, 1],
    },
    title="Edges that two 3 x 3 kernels detect (bright: strong)",
    scale="row",
)
flat = np.full((1, 1, 8, 8), 3.0)
assert not edges.forward(flat).any()  # a flat area has no edges

# %% [markdown]
# ## Break it
# The most common mistake is to swap the height and the width of the
# kernel. With a square kernel nobody notices. With a square image the
# shape is right and only the numbers are wrong. So test with sizes that
# are all different.

# %%
for kernel_size, (H, W) in (
    ((3, 3), (6, 6)),
    ((2, 3), (6, 6)),
    ((2, 3), (5, 6)),
):
    pixels = np.arange(1.0 * H * W).reshape(1, 1, H, W)
    right = numpy.im2col(pixels, kernel_size, (1, 1), (0, 0))
    swapped = numpy.im2col(pixels, kernel_size[::-1], (1, 1), (0, 0))
    print(f"kernel {kernel_size}, image {(H, W)}:", end=" ")
    is_equal = np.array_equal(right, swapped)
    print(
        f"right {right.shape[1:]}, swapped {swapped.shape[1:]}", end=", "
    )
    print("equal" if is_equal else "other numbers")
    assert is_equal == (kernel_size == (3, 3))
assert right.shape != swapped.shape  # the last one: all sizes differ

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 01_conv_loops`, then `02_im2col`: write both
#   yourself.
# - How much memory does the im2col matrix of AlexNet's first layer take
#   for a batch of 128 (3 channels, 11 x 11 kernels, 55 x 55 outputs)? Why
#   does the backend work on slices of the batch?
# - `TINYALEX_LESSON_DATA=cifar10` shows the edges of photographs.
