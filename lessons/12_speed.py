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
# - Fully connected, 1024 to 1024, one image: `2 * 1024 * 1024` operations, and the weights alone
#   are `4 * 1024 * 1024` bytes: 0.5. Each weight is fetched for one product. With 128 images it
#   serves 128 times: `128 * 2**21 / (2**22 + 2 * 128 * 4096)` = 51.2.
# - Columns: image row `h`, window `(oh, ow)`, kernel row `i`: a thread `p` makes window
#   `oh = p // OW`, `ow = p % OW` and writes `cols[k, p]`. With `OW = 14`, thread 31 makes (2, 3).

# %%
import os
import subprocess
import sys
import time

import numba
import numpy as np
from matplotlib.figure import Figure

from tinyalex import backends, learn
from tinyalex.check.bench.useful import layer_bytes, layer_flop
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
    """One image (C, H, W) and filters (F, C, KH, KW) without padding: the definition."""
    for f in range(y.shape[0]):
        for oh in range(y.shape[1]):
            for ow in range(y.shape[2]):
                total = 0.0
                for c in range(w.shape[1]):
                    for i in range(w.shape[2]):
                        for j in range(w.shape[3]):
                            total += x[c, oh + i, ow + j] * w[f, c, i, j]
                y[f, oh, ow] = total


def seconds(work, tries=3):
    """The fastest of a few calls: everything else on the machine only adds time."""
    best = float("inf")
    for _ in range(tries):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


images, C, F, SIZE, cores = 64, 16, 32, 16, backends.get("numba").threads
x = backends.get("numpy").generator(0).normal((images, C, SIZE, SIZE))
conv = Conv2d(C, F, 5)
conv.params["bias"][:] = 0
w, y = conv.params["weight"], np.empty((F, 12, 12), np.float32)
one, work = x[0], conv.flops((1, C, SIZE, SIZE)) / 1e9  # an image's operations, in billions
few = np.empty((1, 12, 12), np.float32)  # one filter of 32: Python is slow
rates = {"loops in Python": work / F / seconds(lambda: loops(one, w[:1], few), tries=1)}
compiled = numba.njit(loops)
compiled(one, w, y)  # compiles
rates["loops, compiled"] = work / seconds(lambda: compiled(one, w, y))
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
    rates[name] = images * work / seconds(lambda: conv.forward(x))
for name, rate in rates.items():
    print(f"{name:27} {rate:10.3f} GFLOP/s")
assert rates["im2col + product"] > 3 * rates["loops, compiled"] / 2
assert rates["im2col + product"] > 30 * rates["loops in Python"]
axis = (figure := Figure(figsize=(8, 3.2), layout="constrained")).subplots()
bars = axis.barh(list(rates), list(rates.values()), color="#1f77b4")
axis.bar_label(bars, fmt="%.3g", padding=3)
axis.set(xscale="log", xlabel="GFLOP/s (each mark is ten times more)", title="One convolution")
axis.margins(x=0.15)
axis.invert_yaxis()
learn.show(figure, "12-ways")

# %% [markdown]
# **A GPU's kernel**, without a GPU: `NUMBA_ENABLE_CUDASIM=1` makes Numba run each GPU thread as
# Python. It must be set before Numba is imported, so this runs in a process of its own. One
# thread writes one window; neighbours write neighbouring numbers, which a GPU stores together.

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
environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
ran = subprocess.run(
    [sys.executable, "-c", KERNEL], env=environment, capture_output=True, text=True
)
assert ran.returncode == 0, ran.stderr
guarded, unguarded, package = ran.stdout.splitlines()
print("the kernel equals NumPy's im2col:", guarded, "| the package's:", package)
assert guarded == "True True 0" and package == "package True"
