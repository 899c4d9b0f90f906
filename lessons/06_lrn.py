# %% [markdown]
# # 06 Local response normalisation, and one letter that everybody gets wrong
#
# **After it you can** write it forward and backward, and move its alpha between libraries.
#
# **Needs** lessons 03 and 04. **Minutes** 30.

# %% [markdown]
# ## Predict
#
# Paper, section 3.3: at every pixel, channel i is divided by what happens in n = 5 channels,
# itself and two on either side: `y_i = x_i / (k + alpha * sum of x_j**2) ** beta`, with k = 2,
# alpha = 1e-4, beta = 0.75. Channels compete, as neurons do by lateral inhibition.
#
# 1. All activities are 1. What does the layer do to them?
# 2. x grows and grows, its neighbours are silent. Does y grow, too?
# 3. PyTorch's layer and Caffe's AlexNet have an alpha of 1e-4, too. Is it the same alpha?

# %% [markdown]
# ## By hand
#
# 1. The sum is 5, times 1e-4 is 0.0005: y = 1 / 2.0005 ** 0.75 = 0.59. As good as a constant
#    factor! Neighbours are noticed when alpha * sum nears k: activities around 100.
# 2. y = x / (k + alpha x**2) ** 0.75 grows up to x = 200 and then **falls**: for large x it goes
#    like x / x**1.5. (The slope is zero where k + alpha x**2 = 2 beta alpha x**2.)
# 3. No: they divide alpha by n. So **alpha here = their alpha / n**: their 1e-4 is our 2e-5.
#
# Backward for three channels, n = 3, k = alpha = beta = 1, x = (1, 2, 1): the scales s are
# 1 + (1 + 4), 1 + (1 + 4 + 1), 1 + (4 + 1) = (6, 7, 6), y = x / s. Send dy = (1, 0, 0) back, so
# only y_0 = x_0 / s_0 counts, with s_0 = 1 + x_0**2 + x_1**2:
#
# - dx_0 = 1 / s_0 - x_0 * 2 x_0 / s_0**2 = 1/6 - 2/36 = 1/9
# - dx_1 = -x_0 * 2 x_1 / s_0**2 = -4/36 = **-1/9**: the neighbour's growth costs y_0
# - dx_2 = 0: two channels away is out of sight when n = 3

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import check, learn
from tinyalex.layers import LocalResponseNorm, SpatialResponseNorm


def channels(*values):
    return np.array(values, float).reshape(1, -1, 1, 1)


def alone(x, alpha=1e-4):
    """One channel with nobody beside it, at many pixels."""
    return LocalResponseNorm(alpha=alpha)(x.reshape(1, 1, 1, -1)).ravel()


paper = LocalResponseNorm(size=5, alpha=1e-4, beta=0.75, k=2)
ones = paper(channels(1, 1, 1, 1, 1)).ravel()
print("all activities 1:", ones.round(4))
assert np.allclose(ones, 2**-0.75, rtol=5e-4)  # a constant, as if nobody had neighbours
assert alone(np.arange(1000.0)).argmax() == 200
by_hand = LocalResponseNorm(size=3, alpha=1, beta=1, k=1)
assert np.allclose(by_hand(channels(1, 2, 1)).ravel(), [1 / 6, 2 / 7, 1 / 6])
assert np.allclose(by_hand.backward(channels(1, 0, 0)).ravel(), [1 / 9, -1 / 9, 0])

# %% [markdown]
# ## Code
#
# See it: nine channels of the same quiet grey; one of them is then given an image. What do the
# others show, although nothing happened in them?

# %%
image = learn.arrays(learn.dataset().train, 1)[0].mean(axis=1)[0]
image = 200 * (image - image.min()) / (image.max() - image.min())  # activities from 0 to 200
x = np.full((1, 9, *image.shape), 40.0)
x[0, 4] = image
y = paper(x)
for i in (2, 3, 5, 6):  # up to two channels away: a negative of the image
    assert np.corrcoef(image.ravel(), y[0, i].ravel())[0, 1] < -0.8
assert np.ptp(y[0, 1]) == np.ptp(y[0, 7]) == 0  # three away: nothing
print(f"channel 3, 40 before, is {y[0, 3].min():.0f} to {y[0, 3].max():.0f} after")

figure = Figure(figsize=(10, 6), layout="constrained")
above, below = figure.subfigures(2, 1)
axes = above.subplots(2, 9)
activity = np.linspace(0, 1000, 200)
for row, maps, top in zip(axes, (x, y), (80, 30), strict=True):
    for i, ax in enumerate(row):
        ax.imshow(maps[0, i], cmap="gray", vmin=0, vmax=maps[0, 4].max() if i == 4 else top)
        ax.set(xticks=[], yticks=[], title=f"channel {i}" if maps is x else "")
above.suptitle("Before (top) and after: channel 4 has an image, its neighbours show a negative")
ax = below.subplots()
ax.plot(activity, alone(activity), label="alpha = 1e-4, the paper's formula")
ax.plot(activity, alone(activity, 2e-5), "--", label="alpha = 1e-4, divided by n = 5")
ax.set(title="One channel alone: louder is not always more", xlabel="activity x", ylabel="y")
ax.legend()
learn.show(figure, "06-lrn")

# %% [markdown]
# ## Check
#
# The libraries' formula, against our layer with alpha / n. Their k is 1 by default. The authors'
# program divides as well: the printed formula is not quite what they trained with.


# %%
def caffe(x, n, alpha, beta, k):
    sums = [np.sum(x[max(i - n // 2, 0) : i + n // 2 + 1] ** 2) for i in range(len(x))]
    return x / (k + alpha / n * np.array(sums)) ** beta


rng = np.random.default_rng(0)
loud = abs(rng.normal(0, 100, 16))  # 16 channels at one pixel
theirs = caffe(loud, n=5, alpha=1e-4, beta=0.75, k=1)
converted = LocalResponseNorm(5, alpha=1e-4 / 5, k=1)(channels(*loud)).ravel()
copied = LocalResponseNorm(5, alpha=1e-4, k=1)(channels(*loud)).ravel()
print(f"alpha copied instead of converted: up to {(theirs / copied).max():.2f} times too small")
assert np.allclose(theirs, converted) and (theirs / copied).max() > 1.5
grid = check.permuted_grid((2, 7, 3, 2))
check.gradcheck(LocalResponseNorm(size=5, alpha=1.0), grid)
# A second kind, for CIFAR-10: the neighbours are 3 x 3 pixels of the same channel.
assert np.isclose(SpatialResponseNorm(3, 1, 1, 1)(np.ones((1, 1, 3, 3)))[0, 0, 1, 1], 1 / (1 + 9))
check.gradcheck(SpatialResponseNorm(3, alpha=1.0), grid)
# What it brought: 1.4 and 1.2 points (section 3.3; the authors' logs of nets 148 and 145).
assert [round(gain, 1) for gain in (42.034 - 40.664, 19.362 - 18.210)] == [1.4, 1.2]

# %% [markdown]
# ## Break it
#
# **"My test passes, so my alpha is right."** With inputs around 1 and alpha = 1e-4 the mistake is
# smaller than the usual tolerance. Test with alpha = 1, where each neighbour shows.
#
# **"Backward is dy / s\*\*beta."** It forgets that x stands in the scales, its neighbours' too.

# %%
quiet = rng.normal(0, 1, 16)
for alpha in (1e-4, 1.0):
    wrong = LocalResponseNorm(5, alpha, k=1)(channels(*quiet)).ravel()
    passes = np.allclose(wrong, caffe(quiet, 5, alpha, 0.75, 1), rtol=1e-3)
    print(f"alpha = {alpha:g}: a test with rtol 1e-3 {'passes' if passes else 'fails'}")
    assert passes == (alpha == 1e-4)
forgetful = LocalResponseNorm(size=5, alpha=1.0)
forgetful.backward = lambda dy: dy / forgetful.scale**forgetful.beta
try:
    check.gradcheck(forgetful, grid)
    raise RuntimeError("the check let a wrong gradient through")
except check.GradientError as mistake:
    print(str(mistake).splitlines()[0])

# %% [markdown]
# ## Try next
#
# - `tinyalex exercise start 10_lrn`, then `11_lrn_backward`.
# - Let n = 1: what is left of the competition? And where is y largest with beta = 0.5?
