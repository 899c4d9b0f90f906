# %% [markdown]
# # 03 The backward pass, and how to check it
#
# **After it you can** derive a layer's backward pass, and find out whether it is right.
#
# **Needs** lesson 02. **Minutes** 40.

# %% [markdown]
# ## Predict
# `L` is one number, the loss; `dy` is its gradient with respect to a layer's output `y`, and the
# layer has to give back `dx`, in the shape of its input.
#
# 1. A convolution's forward pass is im2col, then a product. What is its backward pass?
# 2. `x` goes up by 0.00001. In float32, can you see what that does to a loss of about 7?
# 3. Which gradient has ReLU at exactly 0?

# %% [markdown]
# ## By hand
# One input, one hidden unit, ReLU, squared error: `h = w1 x`, `a = max(h, 0)`, `y = w2 a`,
# `L = (y - t)**2 / 2`. With `x = 2, w1 = 3, w2 = 0.5, t = 1`: `h = 6, a = 6, y = 3, L = 2`. Go back
# one step at a time, each time multiplying by the slope of that step alone:
#
#     dL/dy = y - t = 2      dw2 = dy * a = 12      da = dy * w2 = 1
#     dh = da * 1 = 1        dw1 = dh * x = 2       dx = dh * w1 = 3

# %%
import inspect

import numpy as np
from matplotlib.figure import Figure

from tinyalex import functional as F
from tinyalex import learn
from tinyalex.check import GradientError, gradcheck
from tinyalex.layers import Conv2d, Linear, ReLU, Sequential

net = Sequential([Linear(1, 1), ReLU(), Linear(1, 1)])
first, _, last = net.children.values()
first.params = {"weight": np.array([[3.0]]), "bias": np.zeros(1)}
last.params = {"weight": np.array([[0.5]]), "bias": np.zeros(1)}
y = net.forward(np.array([[2.0]]))
dx = net.backward(y - 1.0)
assert (y, dx, last.grads["weight"], first.grads["weight"]) == (3, 3, 12, 2)

# %% [markdown]
# ## Code
# A convolution is `y = w @ im2col(x)`. Both steps are linear, and to go back through a linear map
# is to multiply by its transpose: `dw = dy @ cols.T`, `dcols = w.T @ dy`, `dx = col2im(dcols)`.
# im2col copies a pixel into several columns, so its transpose **adds** the columns together again.
# The package has exactly this, in `tinyalex/functional/conv.py`; here are its own lines:

# %%
for function in (F.conv2d, F.conv2d_backward, F.col2im):
    signature, _, body = inspect.getsource(function).partition('"""')
    print(signature.strip(), body.partition('"""')[2])

# %% [markdown]
# The same by hand for one group, line by line, with the shapes: N images, K numbers in a window,
# P windows in an image. Whatever the package's function gives, these lines give.

# %%
x, _ = learn.arrays(learn.dataset().train, 4)
x = x.astype(np.float64)
N, C, H, W = x.shape
w, b = np.random.default_rng(0).normal(size=(5, C, 3, 3)), np.ones(5)
cols = F.im2col(x, 3, stride=1, padding=1)  # (N, K, P)
y = w.reshape(5, -1) @ cols + b[:, None]  # (N, 5, P)
dy = y  # as if the loss were the sum of y**2 / 2
dw = (dy @ cols.mT).sum(axis=0)  # (5, K)
db = dy.sum(axis=(0, 2))  # (5,)
dcols = w.reshape(5, -1).T @ dy  # (N, K, P)
dx = F.col2im(dcols, x.shape, 3, stride=1, padding=1)  # (N, C, H, W)

assert np.allclose(y.reshape(N, 5, H, W), F.conv2d(x, w, b, padding=1))
theirs = F.conv2d_backward(y.reshape(N, 5, H, W), x, w, padding=1)
for mine, their in zip((dx, dw.reshape(w.shape), db), theirs, strict=True):
    assert np.allclose(mine, their)

# %% [markdown]
# ## Check
# **The adjoint test.** `<A x, c> = <x, A.T c>` for any `x` and `c`: random numbers test whether
# col2im is the transpose of im2col, and nobody has to write the matrix down.

# %%
how = (3, 2), (2, 1), (1, 0)  # kernel, stride, padding: all different
u = np.random.default_rng(0).normal(size=(2, 3, 6, 7))
cols = F.im2col(u, *how)
c = np.random.default_rng(1).normal(size=cols.shape)
back = F.col2im(c, u.shape, *how)
assert np.isclose((cols * c).sum(), (u * back).sum(), rtol=1e-12)

# %% [markdown]
# **The gradient check.** Move an input a little up and down: the loss must change as the gradient
# says. `(L(x + e) - L(x - e)) / 2e` is off by about `e**2`, and by the rounding of `L` over `e`,
# which grows as `e` shrinks: there is a best `e`, and float32 has no good one.

# %%
print(gradcheck(Conv2d(C, 5, 3, padding=1), x[:2, :, :6, :6], directions=1))

steps = 10.0 ** np.arange(-9, 0)
figure, best = Figure(figsize=(7, 4), layout="constrained"), {}
axis = figure.subplots()
for dtype in (np.float32, np.float64):
    at, e = dtype(1.3), steps.astype(dtype)
    slope = (np.exp(at + e) - np.exp(at - e)) / (2 * e)
    wrong = np.abs(slope / np.exp(1.3) - 1).astype(np.float64)
    axis.loglog(steps, np.maximum(wrong, 1e-12), "o-", label=dtype.__name__)
    best[dtype] = wrong.min()
axis.set(xlabel="step e", ylabel="relative error of the slope", title="The slope of exp at 1.3")
axis.legend()
learn.show(figure, "03-step-size")
assert best[np.float64] < 1e-8 < 1e-6 < best[np.float32]

# %% [markdown]
# ## Break it
# A mistake that training survives: the mean over the batch in place of the sum.


# %%
class Forgetful(Conv2d):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["weight"] /= len(dy)
        return dx


try:
    gradcheck(Forgetful(C, 5, 3, padding=1), x[:2, :, :6, :6])
    raise AssertionError("the mistake passed")
except GradientError as error:
    print(str(error).splitlines()[0])

# %% [markdown]
# **Kinks.** Where ReLU bends, a slope across the bend is neither of the two: at 0 it is 1/2, and
# the layer says 0. Training does not mind; a check must keep away from such points.

# %%
relu = ReLU()
assert np.diff(relu.forward(np.array([-1e-5, 1e-5]))) / 2e-5 == 0.5
assert relu.forward(np.zeros(1)) == relu.backward(np.ones(1)) == 0

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 03_col2im`, `04_conv_backward`, `05_linear`.
# - Write a layer of your own, any function you like, and let `gradcheck` judge it.
