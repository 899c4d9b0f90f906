# %% [markdown]
# # 12 Speed: from loops to im2col, threads and a GPU kernel
#
# **After it you can** say why im2col is fast although it copies every
# pixel 25 times, and read from a roofline whether a layer is limited by
# arithmetic or by memory.
#
# **Needs** lessons 02 and 10. **Minutes** 35.

# %% [markdown]
# ## Predict
# 1. You start from loops in Python. Then you compile them. Then you
#    replace them by im2col and a matrix product. Which of the two steps
#    gains more?
# 2. A fully connected layer takes 1 ms for one image. Does it take 128 ms
#    for 128 images?

# %% [markdown]
# ## By hand
# The **arithmetic intensity** of a layer is its number of operations per
# byte that it moves (each array once, 4 bytes per number). A fully
# connected layer with 1024 inputs and 1024 outputs does `2 * 2**20`
# operations for one image and reads `4 * 2**20` bytes of weights: 0.5
# operations per byte.
#
# With 128 images each weight is used 128 times. Inputs and outputs now
# count as well: `128 * 2**21 / (2**22 + 2 * 128 * 4096)` = 51.2
# operations per byte.

# %%
import os
import subprocess
import sys
import time

import numba
import numpy as np

from tinyalex import backends, learn
from tinyalex.check import bench
from tinyalex.layers import Conv2d, Linear
from tinyalex.report.roofline import roofline_figure

fc = Linear(1024, 1024)


def intensity(N):
    """Operations per byte of `fc` for N images."""
    numbers = 2**20 + 2 * N * 1024  # weights, inputs and outputs
    return fc.flops((N, 1024)) / (4 * numbers)


print(f"operations per byte: {intensity(1):.2f} for 1 image", end=", ")
print(f"{intensity(128):.1f} for 128")
assert np.isclose(intensity(1), 0.5, rtol=0.01)
assert np.isclose(intensity(128), 51.2, rtol=0.01)

# %% [markdown]
# ## Code
# **Your turn.** And for 32 images? (Like 128 above.)

# %%
for_32 = 32 * 2**21 / (2**22 + 2 * 32 * 4096)  # your turn: for 32 images
assert np.isclose(for_32, intensity(32), rtol=0.01)

# %% [markdown]
# Five implementations of the same convolution. im2col copies a pixel up
# to 25 times and still wins: the matrix product that follows reads memory
# in order, and uses a number many times while it is in a register.
#
# We compare operations per second, not times, because the loops get less
# work: one image, and in Python only one of its filters.


# %%
def loops(x, w, y):
    """The definition: x (C, H, W), w (F, C, KH, KW), no padding."""
    F, OH, OW = y.shape
    _, C, KH, KW = w.shape
    for f in range(F):
        for oh in range(OH):
            for ow in range(OW):
                total = 0.0
                for c in range(C):
                    for i in range(KH):
                        for j in range(KW):
                            total += x[c, oh + i, ow + j] * w[f, c, i, j]
                y[f, oh, ow] = total


def seconds(function, *arguments, repeat=20):
    """The fastest of many calls: other programs can only add time.

    A short call often finds a moment without them, a long one does not.
    """
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)


cores = backends.get("numba").threads
x = backends.get("numpy").generator(0).normal((16, 16, 16, 16))
conv = Conv2d(16, 32, 5)
conv.params["bias"][:] = 0
w = conv.params["weight"]
gflop = conv.flops((1, 16, 16, 16)) / 1e9  # operations per image
one_filter = np.zeros((1, 12, 12), np.float32)
y = np.zeros((32, 12, 12), np.float32)
compiled = numba.njit(loops)

speed = {}  # GFLOP/s
time_in_python = seconds(loops, x[0], w[:1], one_filter, repeat=1)
speed["loops in Python"] = gflop / 32 / time_in_python
speed["loops, compiled"] = gflop / seconds(compiled, x[0], w, y)
expected = conv.forward(x[:1])[0]
assert np.allclose(one_filter, expected[:1], atol=1e-4)
assert np.allclose(y, expected, atol=1e-4)
for name, backend, threads in (
    ("im2col + product", "numpy", 1),
    (f"im2col, {cores} threads", "numpy", cores),
    (f"Numba's kernels, {cores} threads", "numba", cores),
):
    conv.to(backends.get(backend, threads=threads))
    assert np.allclose(conv.forward(x)[0], expected, atol=1e-4)
    speed[name] = len(x) * gflop / seconds(conv.forward, x)

learn.draw_bars(
    "12-ways",
    {"GFLOP/s (each labelled tick is 10 times the last)": speed},
    title="A 5x5 convolution, 16 channels to 32, on 16 x 16 pixels",
    log=True,
)

# %% [markdown]
# **A GPU kernel**, without a GPU. With `NUMBA_ENABLE_CUDASIM=1` Numba
# runs each GPU thread as Python. The variable must be set before Numba is
# imported, so we start a new process. In the package's kernel thread `p`
# writes the window at `(p // OW, p % OW)`. Neighbouring threads write
# neighbouring numbers, which a GPU stores together. The last block may
# have too many threads: they `return`.

# %%
SCRIPT = '''
import inspect
import numpy as np
from tinyalex import backends
from tinyalex.backends.cuda.im2col import im2col
from tinyalex.backends.cuda.launch import launch

x = np.random.default_rng(0).random((2, 3, 8, 6), dtype=np.float32)
right = backends.get("numpy").im2col(x, (5, 5), (1, 1), (2, 2))
sizes = 3, 8, 6, 5, 5, 1, 1, 2, 2, 8, 6
for blocks in (2, 1):  # of 32 threads per channel, for 8 * 6 windows
    cols = np.full_like(right, np.nan)
    launch(im2col, (2, blocks, 3), 32, x, cols, *sizes)
    print((cols == right).mean())
print(inspect.getsource(im2col.fn).split('"""')[2])
'''
simulator = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
command = [sys.executable, "-c", SCRIPT]
output = subprocess.check_output(command, env=simulator, text=True)
two_blocks, one_block, source = output.split("\n", 2)
print(source.rstrip())
assert float(two_blocks) == 1  # every number equals NumPy's

# %% [markdown]
# ## Check
# **Prediction 1.** Compiling gains more than im2col, by far: it removes
# Python from the innermost loop.

# %%
compiling = speed["loops, compiled"] / speed["loops in Python"]
with_im2col = speed["im2col + product"] / speed["loops, compiled"]
print(f"compiling: {compiling:.0f} times as fast", end="; ")
print(f"im2col: again {with_im2col:.0f} times")
assert compiling > 30
assert with_im2col > 3
assert compiling > with_im2col

# %% [markdown]
# **Prediction 2.** Far less than 128 ms: for one image the layer waits
# for its weights, and for 128 images they are read only once.

# %%
a = np.ones((1024, 1024), np.float32)
one = 1e3 * seconds(fc.forward, a[:1])
many = 1e3 * seconds(fc.forward, a[:128], repeat=60)
print(f"fully connected: {one:.2f} ms for 1 image, {many:.2f} for 128")
assert many < 100 * one

# %% [markdown]
# **A roofline** (Williams, Waterman and Patterson, 2009) has two
# ceilings, both measured: the fastest matrix product, and the speed of
# memory. Small layers reach neither.
#
# A layer can be above the roof. The picture counts the operations of the
# textbook convolution. Winograd's algorithm needs fewer. And our kernels
# for small filters can be faster than a matrix product.

# %%
array, copy = np.ones((2, 1 << 24), np.float32)
product_seconds = seconds(np.matmul, a, a, repeat=8)
copy_seconds = seconds(np.copyto, copy, array, repeat=8)
peak = 2 * 1024**3 / 1e9 / product_seconds  # GFLOP/s
memory = 2 * array.nbytes / 1e9 / copy_seconds  # GB/s
print(f"a matrix product: {peak:.0f} GFLOP/s; memory: {memory:.0f} GB/s")
job = bench.Job("numba", "tiny", "train", batch_size=64, threads=cores)
rows = [row for row in bench.layers(job, passes=9) if row["forward_flop"]]
names = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
for row, name in zip(rows, names, strict=True):
    row["name"] = name
above = []
for row in rows:
    if 1e-6 * row["forward_flop"] / row["forward_ms"] > peak:
        above.append(row["name"])
print("forward, above the roof:", ", ".join(above) or "no layer")
title = "Training tiny, 64 images per step"
learn.show(roofline_figure(rows, peak, memory, title), "12-roofline")

# %% [markdown]
# ## Break it
# The most common mistake is `windows // 32` blocks, rounded down. 48
# windows then get one block.

# %%
print(
    f"right: two blocks, {float(two_blocks):.0%} of the windows correct"
)
print(f"wrong: one block, {float(one_block):.0%}, and no error")
assert np.isclose(float(one_block), 32 / 48)

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 18_im2col_numba`, then `19_im2col_cuda`, in
#   the simulator.
# - `tinyalex exercise train my-answers --milestone 5` trains with your
#   im2col, and `--milestone 6` runs your kernel.
# - `tinyalex bench` measures with care: it alternates between
#   implementations and takes medians.
