# %% [markdown]
# # 06 Local response normalisation, and whose alpha it is
#
# **After it you can** write it forward and backward, and convert its
# alpha between libraries.
#
# **Needs** lessons 03 and 04. **Minutes** 30.

# %% [markdown]
# ## Predict
#
# Paper, section 3.3: at every pixel, channel i is divided by the activity
# of n = 5 channels, itself and two on either side:
# `y_i = x_i / (k + alpha * sum of x_j**2) ** beta`, with k = 2, alpha =
# 1e-4, beta = 0.75. The channels compete, as neurons do by lateral
# inhibition.
#
# 1. All activities are 1. What does the layer do to them?
# 2. x grows and grows, and its neighbours are 0. Does y grow, too?
# 3. PyTorch's layer and Caffe's AlexNet also have an alpha of 1e-4. Is it
#    the same alpha?

# %% [markdown]
# ## By hand
#
# All activities are 10. Then the sum is 5 * 100, times 1e-4 is 0.05, and
# `y = 10 / 2.05**0.75 = 5.84`. With 11 it would be `11 / 2.0605**0.75`,
# 6.40: nearly in proportion. Neighbours only matter when alpha * sum
# comes near k.
#
# Backward for three channels, with n = 3, k = alpha = beta = 1 and
# x = (1, 2, 1). The scales s are 1 + (1 + 4), 1 + (1 + 4 + 1) and
# 1 + (4 + 1), so (6, 7, 6), and y = x / s. For dy = (1, 0, 0) only `y_0`
# counts, `y_0 = x_0 / s_0` with `s_0 = 1 + x_0**2 + x_1**2`:
#
# - `dx_0 = 1 / s_0 - x_0 * 2 x_0 / s_0**2` = 1/6 - 2/36 = 1/9
# - `dx_1 = -x_0 * 2 x_1 / s_0**2` = -4/36 = **-1/9**: when the neighbour
#   grows, `y_0` shrinks
# - `dx_2` = 0: with n = 3, a channel two away has no effect

# %%
import numpy as np

from tinyalex import check, learn
from tinyalex.layers import LocalResponseNorm, SpatialResponseNorm


def channels(*values):
    """One pixel with these channels: (1, C, 1, 1)."""
    return np.array(values, float).reshape(1, -1, 1, 1)


paper = LocalResponseNorm(size=5, alpha=1e-4, beta=0.75, k=2)
for activity, expected in ((10, 5.84), (11, 6.40)):
    y = paper(channels(*[activity] * 5)).ravel()[2]  # it has all five
    print(f"all activities {activity}: {y:.2f}")
    assert abs(y - expected) < 0.01
by_hand = LocalResponseNorm(size=3, alpha=1, beta=1, k=1)
y = by_hand(channels(1, 2, 1)).ravel()
dx = by_hand.backward(channels(1, 0, 0)).ravel()
print("y:", y.round(3), "dx:", dx.round(3))
assert np.allclose(y, [1 / 6, 2 / 7, 1 / 6])
assert np.allclose(dx, [1 / 9, -1 / 9, 0])

# %% [markdown]
# ## Code
#
# **Your turn.** The same n = 3 and k = alpha = beta = 1, but now
# x = (2, 1, 2). What is y of the channel in the middle?

# %%
middle = 1 / 10  # your turn: y of the middle channel for x = (2, 1, 2)
assert np.isclose(middle, by_hand(channels(2, 1, 2))[0, 1, 0, 0])

# %% [markdown]
# Nine channels have the same constant activity. Then one of them gets an
# image. What happens in the other channels, although their input did not
# change?

# %%
images, _ = learn.arrays(learn.dataset().train, 1)
image = images[0].mean(axis=0)
image = 200 * (image - image.min()) / np.ptp(image)  # from 0 to 200
x = np.full((1, 9, *image.shape), 40.0)
x[0, 4] = image
y = paper(x)
for i in (2, 3, 5, 6):  # at most two channels away: a negative image
    assert np.corrcoef(image.ravel(), y[0, i].ravel())[0, 1] < -0.8
assert np.ptp(y[0, 1]) == np.ptp(y[0, 7]) == 0  # three away: constant
print("channel 3: 40 before", end=", ")
print(f"{y[0, 3].min():.0f} to {y[0, 3].max():.0f} after")
learn.draw_images(
    "06-channels",
    {"before": x[0] / 200, "after": y[0] / y.max()},
    title="Channel 4 has an image; its neighbours show a negative",
    columns=[f"channel {i}" for i in range(9)],
    scale=(0, 1),
)

# %% [markdown]
# ## Check
#
# **Prediction 1.** It multiplies them by 0.59. The sum is 5, and 5 times
# 1e-4 is 0.0005, next to k = 2 nothing: `1 / 2.0005**0.75`. At such
# activities the layer is almost a constant factor. Only activities around
# 100 make alpha * sum as large as k.
#
# **Prediction 2.** Up to x = 200, and then it **falls**: for large x it
# is proportional to `x / x**1.5`. (The slope is zero where
# `k + alpha x**2 = 2 beta alpha x**2`.)


# %%
def without_neighbours(x, alpha=1e-4):
    """Normalise a single channel."""
    layer = LocalResponseNorm(alpha=alpha)
    return layer(x.reshape(1, 1, 1, -1)).ravel()


ones = paper(channels(1, 1, 1, 1, 1)).ravel()
print("all activities 1:", ones.round(4))
assert np.allclose(ones, 2**-0.75, rtol=5e-4)  # as without neighbours
largest = without_neighbours(np.arange(1000.0)).argmax()
print("y is largest at x =", largest)
assert largest == 200
activity = np.linspace(0, 1000, 200)
learn.draw_lines(
    "06-falls",
    {
        "alpha = 1e-4, the paper's formula": without_neighbours(activity),
        "alpha = 1e-4 / 5, as in Caffe": without_neighbours(
            activity, alpha=2e-5
        ),
    },
    title="A single channel: y falls for large x",
    xlabel="activity x",
    ylabel="y",
    x=activity,
)

# %% [markdown]
# **Prediction 3.** No: they divide alpha by n. So **alpha here is their
# alpha / n**: their 1e-4 is our 2e-5. Their default for k is 1. The
# authors' program divides as well, so the printed formula is not quite
# what they trained with.


# %%
def caffe(x, n, alpha, beta, k):
    """The formula of Caffe and PyTorch, for one pixel: x (C,)."""
    y = np.empty_like(x)
    for i in range(len(x)):
        neighbours = x[max(i - n // 2, 0) : i + n // 2 + 1]
        scale = k + alpha / n * np.sum(neighbours**2)
        y[i] = x[i] / scale**beta
    return y


rng = np.random.default_rng(0)
activities = abs(rng.normal(0, 100, 16))  # 16 channels at one pixel
x = channels(*activities)
theirs = caffe(activities, n=5, alpha=1e-4, beta=0.75, k=1)
converted = LocalResponseNorm(5, alpha=1e-4 / 5, k=1)(x).ravel()
copied = LocalResponseNorm(5, alpha=1e-4, k=1)(x).ravel()
print("alpha copied, not converted:", end=" ")
print(f"y is up to {(theirs / copied).max():.2f} times too small")
assert np.allclose(theirs, converted)
assert (theirs / copied).max() > 1.5
grid = check.permuted_grid((2, 7, 3, 2))
check.gradcheck(LocalResponseNorm(size=5, alpha=1.0), grid)
# A second kind, for CIFAR-10: the neighbours are 3 x 3 pixels of the
# same channel.
spatial = SpatialResponseNorm(3, 1, 1, 1)(np.ones((1, 1, 3, 3)))
assert np.isclose(spatial[0, 0, 1, 1], 1 / (1 + 9))
check.gradcheck(SpatialResponseNorm(3, alpha=1.0), grid)
# What it gained: 1.4 and 1.2 points (section 3.3; the authors' logs of
# nets 148 and 145).
top1_gain, top5_gain = 42.034 - 40.664, 19.362 - 18.210
assert round(top1_gain, 1) == 1.4 and round(top5_gain, 1) == 1.2

# %% [markdown]
# ## Break it
#
# **"My test passes, so my alpha is right."** With inputs around 1 and
# alpha = 1e-4, a wrong alpha changes less than the usual tolerance. Test
# with alpha = 1, where each neighbour counts.
#
# **"Backward is dy over the scale to the power beta."** This forgets that
# x is also in the scales, in its own and in those of its neighbours.

# %%
small = rng.normal(0, 1, 16)
for alpha in (1e-4, 1.0):
    theirs = caffe(small, n=5, alpha=alpha, beta=0.75, k=1)
    for name, ours in (("copied", alpha), ("converted", alpha / 5)):
        y = LocalResponseNorm(5, ours, k=1)(channels(*small)).ravel()
        passes = np.allclose(y, theirs, rtol=1e-3)
        verdict = "passes" if passes else "fails"
        print(f"their alpha {alpha:g}, {name}: the test {verdict}")
        assert passes == (name == "converted" or alpha == 1e-4)

right = check.gradcheck(LocalResponseNorm(size=5, alpha=1.0), grid)
print("right:", str(right).splitlines()[0])
incomplete = LocalResponseNorm(size=5, alpha=1.0)
incomplete.backward = lambda dy: dy / incomplete.scale**incomplete.beta
try:
    check.gradcheck(incomplete, grid)
    raise AssertionError("the check missed the mistake")
except check.GradientError as error:
    print("wrong:", str(error).splitlines()[0])

# %% [markdown]
# ## Try next
#
# - `tinyalex exercise start 10_lrn`, then `11_lrn_backward`.
# - `tinyalex exercise train my-answers --milestone 1` classifies digits
#   through your own forward pass.
# - With n = 1, do channels still compete? And where is y largest with
#   beta = 0.5?
