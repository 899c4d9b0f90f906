# %% [markdown]
# # 01 Arrays and backends
#
# **After it you can** say where in memory a pixel lies, what a batch costs, and what stays the
# same when a network moves from NumPy to faster kernels.
#
# **Needs** Python and a little NumPy. **Minutes** 20.

# %% [markdown]
# ## Predict
#
# AlexNet trains on batches of 128 colour images of 227 x 227 pixels (paper, section 5). As
# float32, how many MiB is one batch: about 8, 80 or 800? And what its first layer makes of it,
# 96 maps of 55 x 55 for each image: more or less than the batch? Write your guesses down.

# %% [markdown]
# ## By hand
#
# Images are arrays **(N, C, H, W)**: image, channel, row, column. Memory has one dimension only,
# so the last index runs fastest. In an array (2, 3, 4, 5), one step in w is 1 number, in h it is
# 5, in c 4 * 5 = 20, in n 3 * 20 = 60. So x[1, 2, 3, 4] is number 60 + 2 * 20 + 3 * 5 + 4 = 119,
# the last of 120. NumPy counts in bytes and calls the steps *strides*.

# %%
import numpy as np

x = np.arange(120, dtype=np.float32).reshape(2, 3, 4, 5)
print("strides in numbers:", [step // x.itemsize for step in x.strides])
assert [step // x.itemsize for step in x.strides] == [60, 20, 5, 1]
assert x[1, 2, 3, 4] == 119

# %% [markdown]
# ## Code
#
# Files hold images as (N, H, W, C), the three colours of a pixel together, a byte each. Layers
# want (N, C, H, W). `transpose` copies nothing: it gives a *view*, other strides, the same bytes.

# %%
from tinyalex import learn

data = learn.dataset()
files = data.train.images(np.arange(64))  # uint8, NHWC
view = files.transpose(0, 3, 1, 2)  # NCHW
print(f"{data.name}: {files.shape} -> {view.shape}, same memory: {np.shares_memory(files, view)}")
assert np.shares_memory(files, view)

images = np.ascontiguousarray(view, dtype=np.float32)  # now a copy, its numbers in NCHW order
assert not np.shares_memory(files, images)
assert (images == view).all() and images.strides[3] == 4

# %% [markdown]
# Back to your guesses. A float32 has 4 bytes, a float64 has 8, a byte of a file has 1.

# %%
from tinyalex.layers import Conv2d

conv1 = Conv2d(3, 96, kernel_size=11, stride=4)
batch = (128, 3, 227, 227)
shapes = {"batch": batch, "conv1's output": conv1.output_shape(batch)}
mib = {name: 4 * np.prod(shape) / 2**20 for name, shape in shapes.items()}
for name, size in mib.items():
    print(f"{name:<15} {size:6.1f} MiB in float32, {2 * size:6.1f} in float64")
assert 75 < mib["batch"] < 76
assert mib["conv1's output"] > mib["batch"]

# %% [markdown]
# Every operation of this package is one function in `tinyalex/functional`, written for **any**
# array module: it asks its arguments which one they belong to. So the same lines compute on NumPy,
# on CuPy in a GPU, and here on whichever of two more is installed.

# %%
import importlib.util

from tinyalex import functional as F

w, b = conv1.params.values()
small = np.ones((1, 3, 31, 31), np.float32)
expected = F.conv2d(small, w, b, stride=4)
for module in ("torch", "array_api_strict"):
    if importlib.util.find_spec(module):
        as_array = importlib.import_module(module).asarray
        y = F.conv2d(*map(as_array, (small, w, b)), stride=4)  # not one line differs
        print(f"{type(y).__module__}.{type(y).__name__} {tuple(y.shape)}, as on NumPy")
        assert np.allclose(np.asarray(y), expected, atol=1e-5)

# %% [markdown]
# A **backend** says what arrays are and where they live, and computes these operations fast.
# `backend.xp` is its array module: NumPy here, CuPy on a GPU. `asarray` brings an array there,
# `to_host` brings it back to NumPy. Layers call their backend and never ask where they are. The
# `numpy` backend runs `tinyalex/functional` on slices; `numba` has compiled loops.

# %%
import time

from tinyalex import backends

C, H, W = images.shape[1:]
results = {}
for name in ("numpy", "numba"):
    backend = backends.get(name)
    layer = Conv2d(C, 32, kernel_size=5, padding=2, seed=0).to(backend)
    moved = backend.asarray(images / 255, dtype="float32")
    layer.forward(moved)  # the first call compiles
    begun = time.perf_counter()
    y = layer.forward(moved)
    milliseconds = 1000 * (time.perf_counter() - begun)
    results[name] = backend.to_host(y)
    print(f"{name}: {y.shape} {y.dtype}, {milliseconds:.1f} ms, xp is {backend.xp.__name__}")

# %% [markdown]
# ## Check
#
# Equal? Not to the last bit, and nothing is wrong: sums of floats depend on their order, and a
# fast kernel adds in another order. float32 has 24 bits, so a rounding error is 6e-8 of the value.

# %%
exact = Conv2d(C, 32, kernel_size=5, padding=2, seed=0)
exact.params = {key: value.astype(np.float64) for key, value in exact.params.items()}
truth = exact.forward(images.astype(np.float64) / 255)  # the layer computes in its weight's dtype
assert truth.dtype == np.float64
largest = np.abs(truth).max()
for name, y in results.items():
    off = np.abs(y - truth).max() / largest
    print(f"{name}: float32 is off by {off:.0e} of the largest value")
    assert off < 1e-5  # a few roundings; some ways to convolve (Winograd's) take more

# %% [markdown]
# ## Break it
#
# "The shape is right, so the array is right." **Wrong.** `reshape` also makes (C, H, W) of
# (H, W, C), but it only cuts the row of numbers elsewhere: colours land in the wrong place. With
# one channel nobody would notice, so three digits become the red, green and blue of one image.

# %%
from matplotlib.figure import Figure

colour = files[0] if C == 3 else np.stack([files[i, :, :, 0] for i in (0, 1, 2)], axis=-1)
right = colour.transpose(2, 0, 1)
wrong = colour.reshape(3, H, W)
assert right.shape == wrong.shape and (right != wrong).any()
figure = Figure(figsize=(8, 4.6), layout="constrained")
axes = figure.subplots(2, 3)
for row, (name, planes) in zip(axes, {"transpose": right, "reshape": wrong}.items(), strict=True):
    for axis, plane, channel in zip(row, planes, ("red", "green", "blue"), strict=True):
        axis.imshow(plane, cmap="gray")
        axis.set_title(f"{channel} by {name}{'' if planes is right else ': wrong'}", fontsize=13)
        axis.axis("off")
learn.show(figure, "01-transpose-or-reshape")

# %% [markdown]
# Two more that cost people days. A view is not a copy: writing into it writes into the original.
# And a NumPy float64 *number* turns a whole float32 array into float64: twice the memory.

# %%
original = images[:2].copy()
top_row = original[:, :, 0, :]  # a slice is a view
top_row[...] = 7
assert (original[:, :, 0, :] == 7).all()

mean = np.float64(images.mean())
print("float32 - np.float64 is", (images - mean).dtype)
assert (images - mean).dtype == np.float64 and (images - float(mean)).dtype == np.float32

# %% [markdown]
# ## Try next
#
# - By how much is float16 off? Cast `images` and the weights, and compare with `truth`. Then
#   sum 10,000 numbers of float32 forwards and backwards: how large is the difference?
# - `TINYALEX_LESSON_DATA=cifar10` looks at photographs (`tinyalex data download cifar10` first).
