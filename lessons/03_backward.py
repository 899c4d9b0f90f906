# %% [markdown]
# # 03 The backward pass, and how to check it
#
# **After it you can** derive a layer's backward pass, and test whether it
# is right.
#
# **Needs** lesson 02. **Minutes** 40.

# %% [markdown]
# ## Predict
# `L` is the loss, one number. `dy` is its gradient with respect to a
# layer's output `y`. The layer has to return `dx`, the gradient with
# respect to its input, in the input's shape.
#
# 1. The forward pass of a convolution is im2col, then a product. What is
#    its backward pass?
# 2. `x` goes up by 0.00001. In float32, can you see what that does to a
#    loss of about 7?
# 3. What is the gradient of ReLU at exactly 0?

# %% [markdown]
# ## By hand
# One input, one hidden unit, ReLU, squared error: `h = w1 x`,
# `a = max(h, 0)`, `y = w2 a`, `L = (y - t)**2 / 2`. With `x = 2`,
# `w1 = 3`, `w2 = 0.5` and `t = 1`: `h = 6`, `a = 6`, `y = 3`, `L = 2`.
# Now go back one step at a time. At each step, multiply by the slope of
# that step:
#
#     dL/dy = y - t = 2      dw2 = dy * a = 12      da = dy * w2 = 1
#     dh = da * 1 = 1        dw1 = dh * x = 2       dx = dh * w1 = 3

# %%
import inspect

import numpy as np

from tinyalex import functional as F
from tinyalex import learn
from tinyalex.check import GradientError, gradcheck
from tinyalex.layers import Conv2d, Linear, ReLU, Sequential

first, last = Linear(1, 1), Linear(1, 1)
net = Sequential([first, ReLU(), last])
first.params = {"weight": np.array([[3.0]]), "bias": np.zeros(1)}
last.params = {"weight": np.array([[0.5]]), "bias": np.zeros(1)}
y = net.forward(np.array([[2.0]]))
dx = net.backward(y - 1.0)
assert y == 3 and dx == 3
assert last.grads["weight"] == 12 and first.grads["weight"] == 2

# %% [markdown]
# ## Code
# A convolution is `y = w @ cols`, where `cols = im2col(x)`. Both steps
# are linear, and the backward pass of a linear map is a product with its
# transpose. im2col copies a pixel into several columns, so its transpose,
# col2im, **adds** those columns again.
#
# Here are the lines for one group, with all shapes: N images, K numbers
# per window, P windows per image.

# %%
x, _ = learn.arrays(learn.dataset().train, 4)
x = x.astype(np.float64)
N, C, H, W = x.shape
rng = np.random.default_rng(0)
w, b = rng.normal(size=(5, C, 3, 3)), np.ones(5)
w_rows = w.reshape(5, -1)  # (5, K): one row per filter
cols = F.im2col(x, 3, stride=1, padding=1)  # (N, K, P)
y = w_rows @ cols + b[:, None]  # (N, 5, P)
dy = y  # as if the loss were the sum of y**2 / 2
dw = (dy @ cols.mT).sum(axis=0)  # (5, K)
db = dy.sum(axis=(0, 2))  # (5,)
y, dy_maps = y.reshape(N, 5, H, W), dy.reshape(N, 5, H, W)
assert np.allclose(y, F.conv2d(x, w, b, padding=1))

# %% [markdown]
# **Your turn.** `dcols` (N, K, P) is the gradient with respect to `cols`.
# Write it with `w_rows` (5, K) and `dy` (N, 5, P), as one product. The
# shapes leave only one way.

# %%
dcols = w_rows.T @ dy  # your turn: from w_rows and dy, (N, K, P)
assert np.allclose(
    F.col2im(dcols, x.shape, 3, stride=1, padding=1),  # dx
    F.conv2d_backward(dy_maps, x, w, padding=1)[0],
), "cols was multiplied by w_rows: multiply by its transpose"

# %%
dx = F.col2im(dcols, x.shape, 3, stride=1, padding=1)  # (N, C, H, W)
package_dx, package_dw, package_db = F.conv2d_backward(
    dy_maps, x, w, padding=1
)
assert np.allclose(dx, package_dx)
assert np.allclose(dw.reshape(w.shape), package_dw)
assert np.allclose(db, package_db)

# %% [markdown]
# This is exactly what `tinyalex/functional/conv.py` does. Its lines:

# %%
for function in (F.conv2d, F.conv2d_backward, F.col2im):
    signature, _, rest = inspect.getsource(function).partition('"""')
    docstring, _, body = rest.partition('"""')
    print(signature.strip(), body)

# %% [markdown]
# ## Check
# **Prediction 1.** Also products, and col2im in place of im2col: for the
# weights `dy @ cols.T`, for the input `w.T @ dy`, then col2im.
#
# **The adjoint test.** `<A x, c> = <x, A.T c>` holds for any `x` and `c`.
# So random numbers can test whether col2im is the transpose of im2col,
# and nobody has to write the matrix down.

# %%
window = {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)}
u = np.random.default_rng(0).normal(size=(2, 3, 6, 7))
cols = F.im2col(u, **window)
c = np.random.default_rng(1).normal(size=cols.shape)
back = F.col2im(c, u.shape, **window)
print(f"{(cols * c).sum():.12f} and {(u * back).sum():.12f}")
assert np.isclose((cols * c).sum(), (u * back).sum(), rtol=1e-12)

# %% [markdown]
# **The gradient check.** Move an input a little up and down: the loss
# must change as the gradient says. The slope
# `(L(x + e) - L(x - e)) / 2e` has two errors. One is about `e**2`. The
# other is the rounding error of `L` divided by `e`, which grows as `e`
# shrinks. So there is a best `e`, and in float32 even the best one is not
# good.
#
# **Prediction 2.** Barely. Neighbouring float32 numbers near 7 are 5e-7
# apart. If the slope is 1, the loss moves by 1e-5, about 21 of these
# steps, so the measured slope can be wrong by several percent. If the
# slope is 0.01, you see nothing.

# %%
print(f"next to 7 in float32: 7 + {np.spacing(np.float32(7)):.1e}")
print(
    gradcheck(Conv2d(C, 5, 3, padding=1), x[:2, :, :6, :6], directions=1)
)

steps = 10.0 ** np.arange(-9, 0)
errors = {}
for dtype in (np.float32, np.float64):
    at, e = dtype(1.3), steps.astype(dtype)
    slope = (np.exp(at + e) - np.exp(at - e)) / (2 * e)
    error = np.abs(slope / np.exp(1.3) - 1).astype(np.float64)
    errors[dtype.__name__] = np.maximum(error, 1e-12)
learn.draw_lines(
    "03-step-size",
    errors,
    title="The slope of exp at 1.3, from two values",
    xlabel="step e",
    ylabel="relative error",
    x=steps,
    log=True,
)
assert errors["float64"].min() < 1e-8
assert errors["float32"].min() > 1e-6

# %% [markdown]
# **Prediction 3.** ReLU has slope 0 on the left of 0 and slope 1 on the
# right. At such a **kink** there is no slope; the numeric one is 1/2. The
# layer returns 0. For training this does not matter, but a gradient check
# must keep away from such points.

# %%
relu = ReLU()
below, above = relu.forward(np.array([-1e-5, 1e-5]))
numeric = (above - below) / 2e-5
relu.forward(np.zeros(1))
[ours] = relu.backward(np.ones(1))
print(f"the slope of ReLU at 0: numeric {numeric}, the layer's {ours}")
assert numeric == 0.5 and ours == 0

# %% [markdown]
# ## Break it
# Training survives this mistake: the gradient is the mean over the batch
# instead of the sum.


# %%
class MeanOverBatch(Conv2d):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["weight"] /= len(dy)
        return dx


small = x[:2, :, :6, :6]
report = gradcheck(Conv2d(C, 5, 3, padding=1), small)
print("right:", str(report).splitlines()[0])
try:
    gradcheck(MeanOverBatch(C, 5, 3, padding=1), small)
    raise AssertionError("the check missed the mistake")
except GradientError as error:
    print("wrong:", str(error).splitlines()[0])

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 03_col2im`, `04_conv_backward`, `05_linear`.
# - `tinyalex exercise train my-answers` puts your answers into a network
#   and trains it.
# - Write a layer of your own, with any function you like, and test it
#   with `gradcheck`.
