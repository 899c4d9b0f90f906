# %% [markdown]
# # 12 Speed: from loops to columns, to threads, to a GPU's kernel
#
# **After it you can** say why im2col is fast although it copies every pixel 25 times, and read
# from a roofline whether arithmetic or memory holds a layer back.
#
# **Needs** lessons 02 and 10. **Minutes** 35.

# %% [markdown]
# ## Predict
#
# A 5x5 convolution, 16 maps in and 32 out, on images of 16 x 16 pixels.
#
# 1. Python loops, compiled loops, im2col with a matrix product: which step gains most?
# 2. A fully connected layer takes 1 ms for one image. How long for 128 images?

# %% [markdown]
# ## By hand
#
# **Intensity** is operations per byte moved (each array once, 4 bytes a number).
#
# - Fully connected, 1024 to 1024, one image: `2 * 2**20` operations, and `4 * 2**20` bytes of
#   weights: 0.5. With 128 images a weight serves 128 times, and the images move too:
#   `128 * 2**21 / (2**22 + 2 * 128 * 4096)` = 51.2.
# - A GPU's thread `p` makes the window `(p // OW, p % OW)`: with `OW = 14`, thread 31 (2, 3).

# %%
import os
import subprocess
import sys
import timeit

import numba
import numpy as np
from matplotlib.figure import Figure

from tinyalex import backends, learn
from tinyalex.check import bench
from tinyalex.check.bench.useful import layer_bytes
from tinyalex.layers import Conv2d, Linear
from tinyalex.report.roofline import roofline_figure

fc = Linear(1024, 1024)
intensity = {N: fc.flops((N, 1024)) / layer_bytes(fc, (N, 1024), False)[0] for N in (1, 128)}
print(f"operations per byte: {intensity[1]:.2f} for 1 image, {intensity[128]:.1f} for 128")
assert np.isclose(intensity[1], 0.5, rtol=0.01) and np.isclose(intensity[128], 51.2, rtol=0.01)
assert divmod(31, 14) == (2, 3)

# %% [markdown]
# ## Code
#
# Five ways to the same numbers. Rates, not times, so that one slow image compares with 64.


# %%
def loops(x, w, y):
    """The definition, for one image (C, H, W) and filters (F, C, KH, KW), without padding."""
    for f, oh, ow in np.ndindex(y.shape):
        total = 0.0
        for c, i, j in np.ndindex(w.shape[1:]):
            total += x[c, oh + i, ow + j] * w[f, c, i, j]
        y[f, oh, ow] = total


def seconds(work, tries=3):
    """The fastest of a few calls: everything else on the machine only adds time."""
    return min(timeit.repeat(work, number=1, repeat=tries))


cores = backends.get("numba").threads
x = backends.get("numpy").generator(0).normal((64, 16, 16, 16))
conv = Conv2d(16, 32, 5)
conv.params["bias"][:] = 0
w, work = conv.params["weight"], conv.flops((1, 16, 16, 16)) / 1e9  # an image's operations
y, few = np.empty((32, 12, 12), np.float32), np.empty((1, 12, 12), np.float32)
compiled = numba.njit(loops)
rates = {  # for Python one filter of 32: it is slow
    "loops in Python": work / 32 / seconds(lambda: loops(x[0], w[:1], few), tries=1),
    "loops, compiled": work / seconds(lambda: compiled(x[0], w, y)),
}
expected = conv.forward(x[:1])[0]
assert np.allclose(few, expected[:1], atol=1e-4) and np.allclose(y, expected, atol=1e-4)
ways = {
    "im2col + product": ("numpy", 1),
    f"im2col, {cores} threads": ("numpy", cores),
    f"Numba's kernels, {cores} threads": ("numba", cores),
}
for name, (backend, threads) in ways.items():
    conv.to(backends.get(backend, threads=threads))
    assert np.allclose(conv.forward(x)[0], expected, atol=1e-4)
    rates[name] = len(x) * work / seconds(lambda: conv.forward(x))
for name, rate in rates.items():
    print(f"{name:27} {rate:10.3f} GFLOP/s")
assert rates["im2col + product"] > 30 * rates["loops in Python"]
assert rates["im2col + product"] > rates["loops, compiled"] > 10 * rates["loops in Python"]
axis = (figure := Figure(figsize=(8, 3.2), layout="constrained")).subplots()
bars = axis.barh(list(rates), list(rates.values()), color="#1f77b4")
axis.bar_label(bars, fmt="%.3g", padding=3)
axis.set(xscale="log", xlabel="GFLOP/s (each mark is ten times more)", title="One convolution")
axis.margins(x=0.15)
axis.invert_yaxis()
learn.show(figure, "12-ways")

# %% [markdown]
# **A GPU's kernel**, without a GPU: with `NUMBA_ENABLE_CUDASIM=1` Numba runs each GPU thread as
# Python. That must be set before Numba is imported: hence a process of its own. A thread writes
# one window; neighbours write neighbouring numbers, which a GPU stores together.

# %%
KERNEL = """
import numpy as np
from numba import cuda
from tinyalex import backends
from tinyalex.backends import cuda_columns, cuda_launch

@cuda.jit
def columns(x, cols, W, K, OW, P, guard):  # one map (H, W), a K x K kernel, P windows
    p = cuda.grid(1)  # block * threads of a block + thread
    if guard and p >= P:
        return  # the last block has threads too many
    for i in range(K):
        for j in range(K):
            cols[(i * K + j) * P + p] = x[(p // OW + i) * W + p % OW + j]

image = np.random.default_rng(0).random((1, 1, 8, 8), dtype=np.float32)
numpy_cols = backends.get("numpy").im2col(image, (5, 5), (1, 1), (0, 0))
x = np.concatenate([image.ravel(), np.zeros(64, np.float32)])  # somebody else's memory behind
for guard in (True, False):
    cols = np.full(25 * 16 + 32, -1, np.float32)
    columns[1, 32](x, cols, 8, 5, 4, 16, guard)  # 1 block of 32 threads for 16 windows
    print(guard, np.array_equal(cols[:400], numpy_cols.ravel()), int((cols[400:] != -1).sum()))
cols = np.empty_like(numpy_cols)  # and the package's own kernel, as it runs on a GPU
cuda_launch.launch(cuda_columns.im2col, (1, 1, 1), 32, image, cols, 1, 8, 8, 5, 5, 1, 1, 0, 0, 4, 4)
print("package", np.array_equal(cols, numpy_cols))
"""
simulate = {"env": {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}, "capture_output": True}
ran = subprocess.run([sys.executable, "-c", KERNEL], **simulate, text=True)
assert ran.returncode == 0, ran.stderr
guarded, unguarded, package = ran.stdout.splitlines()
print("the kernel equals NumPy's im2col:", guarded, "| the package's:", package)
assert guarded == "True True 0" and package == "package True"

# %% [markdown]
# ## Check
#
# **A roofline** (Williams, Waterman and Patterson, 2009): no layer is faster than the fastest
# matrix product, nor than memory delivers. Both are measured here, and a training step of `tiny`.

# %%
a, big = np.ones((1024, 1024), np.float32), np.ones(1 << 24, np.float32)
peak = 2 * 1024**3 / 1e9 / seconds(lambda: a @ a, tries=8)
memory = 2 * big.nbytes / 1e9 / seconds(big.copy, tries=8)
rows = bench.layers(bench.Job("numba", "tiny", "train", batch_size=64, threads=cores), passes=9)
title = f"tiny, 64 images: {peak:.0f} GFLOP/s and {memory:.0f} GB/s at most"
learn.show(roofline_figure(rows, peak, memory, title), "12-roofline")
fc.to(backends.get("numba"))
alone, batch = np.ones((1, 1024), np.float32), np.ones((128, 1024), np.float32)
ms = [1e3 * seconds(lambda x=x: fc.forward(x), tries=20) for x in (alone, batch)]
print(f"fully connected: {ms[0]:.2f} ms for 1 image, {ms[1]:.2f} ms for 128")
assert ms[1] < 128 * ms[0] / 3  # far from 128 times as long: the weights move once

# %% [markdown]
# ## Break it
#
# The kernel without `if p >= P: return`. Every number of the image's columns may still be right;
# what the threads too many wrote lies behind, in memory that belongs to somebody else.

# %%
overwritten = int(unguarded.split()[2])
print(f"without the guard: {overwritten} numbers of somebody else overwritten")
assert overwritten == 32 - 16  # the threads that have no window

# %% [markdown]
# ## Try next
#
# - `tinyalex exercise start 18_im2col_numba`, then `19_im2col_cuda`: the kernel with channels,
#   padding and stride, in the simulator.
# - `tinyalex bench` does it properly: in turns, with medians. On a laptop, which layers move?
