# %% [markdown]
# # 01 Arrays and backends
#
# **After it you can** say where a pixel is in memory, how much memory a
# batch takes, and what stays the same when a network moves from NumPy to
# a faster backend.
#
# **Needs** Python and a little NumPy. **Minutes** 20.

# %% [markdown]
# ## Predict
#
# AlexNet trains on batches of 128 colour images of 227 x 227 pixels
# (paper, section 5).
#
# 1. How many MiB is one batch in float32: about 8, 80 or 800?
# 2. The first layer's output has 96 channels of 55 x 55 per image. Is it
#    larger than the batch?

# %% [markdown]
# ## By hand
#
# Images are arrays **(N, C, H, W)**: image, channel, row, column. Memory
# has only one dimension, and the last index changes fastest. In an array
# of shape (2, 3, 4, 5), one step in w moves by 1 number, one step in h by
# 5, in c by 4 * 5 = 20, in n by 3 * 20 = 60. So x[1, 2, 3, 4] is at
# position 60 + 2 * 20 + 3 * 5 + 4 = 119, the last of 120. NumPy calls
# these steps *strides* and counts them in bytes.

# %%
import numpy as np

x = np.arange(120, dtype=np.float32).reshape(2, 3, 4, 5)
strides = [stride // x.itemsize for stride in x.strides]
print("strides in numbers:", strides)
assert strides == [60, 20, 5, 1]
assert x[1, 2, 3, 4] == 119

# %% [markdown]
# ## Code
#
# Image files store (N, H, W, C): the three colours of a pixel are
# together, one byte each. Layers want (N, C, H, W). `transpose` copies
# nothing. It returns a *view*: the same bytes, other strides.

# %%
from tinyalex import learn

data = learn.dataset()
files = data.train.images(np.arange(64))  # uint8, NHWC
view = files.transpose(0, 3, 1, 2)  # NCHW
is_shared = np.shares_memory(files, view)
print(f"{data.name}: {files.shape} -> {view.shape}")
print("same memory:", is_shared)
assert is_shared

images = np.ascontiguousarray(view, dtype=np.float32)  # a copy, in NCHW
assert not np.shares_memory(files, images)
assert (images == view).all()
assert images.strides[3] == 4

# %% [markdown]
# **Your turn.** `x` holds 0, 1, 2, ... in the order of memory, so a
# number's value is its position. Compute the position of `x[1, 0, 2, 3]`
# from the strides 60, 20, 5 and 1.

# %%
position = 1 * 60 + 0 * 20 + 2 * 5 + 3 * 1  # your turn: of x[1, 0, 2, 3]
assert position == x[1, 0, 2, 3], "add index times stride, four times"

# %% [markdown]
# Every operation of this package is a function in `tinyalex/functional`,
# written for **any** array library: it finds the library from its
# arguments. The same lines compute on NumPy, on CuPy on a GPU, and here
# on PyTorch or array-api-strict, if you have installed one of them.

# %%
import importlib.util

from tinyalex import functional as F
from tinyalex.layers import Conv2d

conv1 = Conv2d(3, 96, kernel_size=11, stride=4)
weight, bias = conv1.params["weight"], conv1.params["bias"]
small = np.ones((1, 3, 31, 31), np.float32)
expected = F.conv2d(small, weight, bias, stride=4)
for name in ("torch", "array_api_strict"):
    if importlib.util.find_spec(name):
        xp = importlib.import_module(name)
        theirs = [xp.asarray(array) for array in (small, weight, bias)]
        y = F.conv2d(*theirs, stride=4)
        print(f"{name}: {tuple(y.shape)}, the same numbers as NumPy's")
        assert np.allclose(np.asarray(y), expected, atol=1e-5)

# %% [markdown]
# A **backend** decides what an array is and where it is stored, and
# computes the operations fast. `backend.xp` is its array library: NumPy
# here, CuPy on a GPU. `asarray` copies an array to the backend, `to_host`
# copies it back to NumPy. A layer calls its backend and never asks which
# one it is. The `numpy` backend runs `tinyalex/functional` on slices of
# the batch; the `numba` backend has compiled loops.

# %%
import time

from tinyalex import backends

C, H, W = images.shape[1:]
results = {}
for name in ("numpy", "numba"):
    backend = backends.get(name)
    layer = Conv2d(C, 32, kernel_size=5, padding=2, seed=0).to(backend)
    pixels = backend.asarray(images / 255, dtype="float32")
    layer.forward(pixels)  # the first call compiles
    start = time.perf_counter()
    y = layer.forward(pixels)
    milliseconds = 1000 * (time.perf_counter() - start)
    results[name] = backend.to_host(y)
    print(f"{name}: {y.shape} {y.dtype}, {milliseconds:.1f} ms")

# %% [markdown]
# ## Check
#
# A number takes 4 bytes in float32, 8 in float64, and 1 in an image file.
# `output_shape` tells a layer's output without computing it.
#
# **Prediction 1.** About 80: the cell prints 75.5 MiB. In the image files
# it was a quarter of that.
#
# **Prediction 2.** Yes, nearly twice as large: 55 x 55 is 17 times less
# than 227 x 227, but 96 channels are 32 times more than 3.

# %%
batch = (128, 3, 227, 227)
shapes = {"batch": batch, "conv1's output": conv1.output_shape(batch)}
mib = {name: 4 * np.prod(shape) / 2**20 for name, shape in shapes.items()}
for name, size in mib.items():
    print(f"{name:<15} {size:6.1f} MiB in float32")
assert 75 < mib["batch"] < 76
assert mib["conv1's output"] > 1.8 * mib["batch"]

# %% [markdown]
# Are the results of the two backends equal? Not to the last bit, and that
# is no bug. A sum of floats depends on the order of its terms, and a fast
# kernel adds in another order. float32 has 24 significant bits, so the
# rounding error is up to 6e-8 of the value.

# %%
exact = Conv2d(C, 32, kernel_size=5, padding=2, seed=0)
for key, value in exact.params.items():
    exact.params[key] = value.astype(np.float64)
truth = exact.forward(images.astype(np.float64) / 255)  # in float64
assert truth.dtype == np.float64
largest = np.abs(truth).max()
for name, y in results.items():
    error = np.abs(y - truth).max() / largest
    print(f"{name}: error {error:.0e} of the largest value, in float32")
    assert error < 1e-5  # a few roundings; Winograd's algorithm has more

# %% [markdown]
# ## Break it
#
# "The shape is right, so the array is right." **Wrong.** `reshape` also
# turns (H, W, C) into (C, H, W), but it does not move a single number:
# colours end up in the wrong place. With one channel nobody would notice,
# so here three digits become the red, green and blue of one image.

# %%
first_three = np.concatenate(files[:3], axis=-1)  # (H, W, 3)
colour = files[0] if C == 3 else first_three
right = colour.transpose(2, 0, 1)
wrong = colour.reshape(3, H, W)
print("right:", right.shape, "and in row 5", right[0, 5, 2:10])
print("wrong:", wrong.shape, "and in row 5", wrong[0, 5, 2:10])
assert right.shape == wrong.shape
assert (right != wrong).any()
learn.draw_images(
    "01-transpose-or-reshape",
    {"by transpose": right, "by reshape: wrong": wrong},
    title="Above: by transpose. Below: by reshape, which is wrong",
    columns=("red", "green", "blue"),
)

# %% [markdown]
# Two more mistakes that cost people days. A view is not a copy: if you
# write into the view, you change the original. And a NumPy float64
# *scalar* turns a whole float32 array into float64, which takes twice the
# memory.

# %%
original = images[:2].copy()
top_row = original[:, :, 0, :]  # a slice is a view
top_row[...] = 7
print("the original after writing to a view:", original[0, 0, 0, :4])
assert (original[:, :, 0, :] == 7).all()

mean = np.float64(images.mean())
print("wrong: float32 - np.float64 is", (images - mean).dtype)
print("right: float32 - float is", (images - float(mean)).dtype)
assert (images - mean).dtype == np.float64
assert (images - float(mean)).dtype == np.float32

# %% [markdown]
# ## Try next
#
# - `tinyalex exercise start 25_memory_order`: where a pixel is in memory.
# - How large is the error in float16? Cast `images` and the weights, and
#   compare with `truth`.
# - Sum 10,000 float32 numbers forwards and backwards. How large is the
#   difference?
# - `TINYALEX_LESSON_DATA=cifar10` uses photographs
#   (`tinyalex data download cifar10` first).
