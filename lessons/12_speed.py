# %% [markdown]
# # 12 Speed: from loops to columns, to threads, to a GPU's kernel
#
# **After it you can** say why im2col is fast although it copies every pixel 25 times, and read
# from a roofline whether arithmetic or memory holds a layer back.
#
# **Needs** lessons 02 and 10. **Minutes** 35.

# %% [markdown]
# ## Predict
# 1. Loops in Python, the same loops compiled, im2col with a matrix product: which step gains most?
# 2. A fully connected layer takes 1 ms for one image. Does it take 128 ms for 128 images?

# %% [markdown]
# ## By hand
# **Intensity** is operations per byte moved (each array once, 4 bytes a number). Fully connected,
# 1024 to 1024, one image: `2 * 2**20` operations, `4 * 2**20` bytes of weights: 0.5. A weight
# serves 128 images at once, which move too: `128 * 2**21 / (2**22 + 2 * 128 * 4096)` = 51.2.

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
from tinyalex.layers import Conv2d, Linear
from tinyalex.report.roofline import roofline_figure

fc = Linear(1024, 1024)
intensity = {N: fc.flops((N, 1024)) / (4 * (2**20 + 2 * N * 1024)) for N in (1, 128)}
print(f"operations per byte: {intensity[1]:.2f} for 1 image, {intensity[128]:.1f} for 128")
assert np.allclose(list(intensity.values()), [0.5, 51.2], rtol=0.01)

# %% [markdown]
# ## Code
# Five ways to the same numbers. im2col copies a pixel up to 25 times, and still wins: the matrix
# product behind it reads memory in order and uses each number that is in a register many times.
# Compare rates, not times: Python gets one image, and of that one filter.


# %%
def loops(x, w, y):
    """The definition, for one image (C, H, W) and filters (F, C, KH, KW), without padding."""
    for f, oh, ow in np.ndindex(y.shape):
        total = 0.0
        for c in range(w.shape[1]):
            for i in range(w.shape[2]):
                for j in range(w.shape[3]):
                    total += x[c, oh + i, ow + j] * w[f, c, i, j]
        y[f, oh, ow] = total


def seconds(work, tries=3):
    """The fastest of a few calls: others on the machine only add time."""
    return min(timeit.repeat(work, number=1, repeat=tries))


cores = backends.get("numba").threads
x = backends.get("numpy").generator(0).normal((64, 16, 16, 16))
conv = Conv2d(16, 32, 5)
conv.params["bias"][:] = 0
w, work = conv.params["weight"], conv.flops((1, 16, 16, 16)) / 1e9  # an image's operations
y, few = np.zeros((32, 12, 12), np.float32), np.zeros((1, 12, 12), np.float32)
jitted = numba.njit(loops)
rates = {  # for Python one filter of 32: it is slow
    "loops in Python": work / 32 / seconds(lambda: loops(x[0], w[:1], few), tries=1),
    "loops, compiled": work / seconds(lambda: jitted(x[0], w, y)),
}
expected = conv.forward(x[:1])[0]
assert np.allclose(few, expected[:1], atol=1e-4) and np.allclose(y, expected, atol=1e-4)
ways = [("im2col + product", "numpy", 1), (f"im2col, {cores} threads", "numpy", cores)]
for name, backend, threads in [*ways, (f"Numba's kernels, {cores} threads", "numba", cores)]:
    conv.to(backends.get(backend, threads=threads))
    assert np.allclose(conv.forward(x)[0], expected, atol=1e-4)
    rates[name] = len(x) * work / seconds(lambda: conv.forward(x))
python, compiled, columns, *_ = rates.values()
print(f"compiling: {compiled / python:.0f} times faster; columns: {columns / compiled:.0f} times")
assert compiled > 30 * python and columns > 3 * compiled
assert compiled / python > columns / compiled  # your first prediction
figure = Figure(figsize=(8, 3.2), layout="constrained")
axis = figure.subplots()
axis.bar_label(axis.barh(list(rates)[::-1], list(rates.values())[::-1]), fmt="%.3g", padding=3)
title = "A 5x5 convolution, 16 maps to 32, on 16 x 16 pixels, float32"
axis.set(xscale="log", xlabel="GFLOP/s (a mark with a number is 10 times the last)", title=title)
axis.margins(x=0.15)
learn.show(figure, "12-ways")

# %% [markdown]
# **A GPU's kernel**, without a GPU: with `NUMBA_ENABLE_CUDASIM=1` Numba runs each GPU thread as
# Python. That must be set before Numba is imported: hence a process of its own. In the package's
# kernel thread `p` writes window `(p // OW, p % OW)`, and its neighbours the neighbouring numbers,
# which a GPU stores together. The last block may have threads too many: they `return`.

# %%
SCRIPT = '''
import inspect
import numpy as np
from tinyalex import backends
from tinyalex.backends.cuda.im2col import im2col
from tinyalex.backends.cuda.launch import launch

x = np.random.default_rng(0).random((2, 3, 8, 6), dtype=np.float32)
right = backends.get("numpy").im2col(x, (5, 5), (1, 1), (2, 2))
for blocks in (2, 1):  # of 32 threads a map, for 8 * 6 windows
    cols = np.full_like(right, np.nan)
    launch(im2col, (2, blocks, 3), 32, x, cols, 3, 8, 6, 5, 5, 1, 1, 2, 2, 8, 6)
    print((cols == right).mean())
print(inspect.getsource(im2col.fn).split('"""')[2])
'''
environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
said = subprocess.check_output([sys.executable, "-c", SCRIPT], env=environment, text=True)
two_blocks, one_block, source = said.split("\n", 2)
print(source.rstrip())
assert float(two_blocks) == 1  # every number of the columns equals NumPy's

# %% [markdown]
# ## Check
# **A roofline** (Williams, Waterman and Patterson, 2009): no layer is faster than a matrix product
# at its best, nor than memory delivers. Small layers reach neither.

# %%
a = np.ones((1024, 1024), np.float32)
big, copy = np.ones((2, 1 << 24), np.float32)
peak = 2 * 1024**3 / 1e9 / seconds(lambda: a @ a, tries=8)
memory = 2 * big.nbytes / 1e9 / seconds(lambda: np.copyto(copy, big), tries=8)
rows = bench.layers(bench.Job("numba", "tiny", "train", batch_size=64, threads=cores), passes=9)
names = iter(["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"])
rows = [row | {"name": next(names)} for row in rows if row["forward_flop"]]
learn.show(roofline_figure(rows, peak, memory, "Training tiny, 64 images a step"), "12-roofline")
ms = [1e3 * seconds(lambda x=x: fc.forward(x), tries=20) for x in (a[:1], a[:128])]
print(f"fully connected: {ms[0]:.2f} ms for 1 image, {ms[1]:.2f} ms for 128")
assert ms[1] < 100 * ms[0]  # far from 128 times as long: the weights move once

# %% [markdown]
# ## Break it
# The commonest mistake: `windows // 32` blocks in place of rounding up. 48 windows get one block.

# %%
print(f"one block a map: {float(one_block):.0%} of the columns are right, and there is no error")
assert np.isclose(float(one_block), 32 / 48)

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 18_im2col_numba`, then `19_im2col_cuda`, in the simulator.
# - `tinyalex bench` measures with care: in turns, with medians.
