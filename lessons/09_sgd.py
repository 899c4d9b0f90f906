# %% [markdown]
# # 09 Gradient descent: momentum, weight decay, and when to drop the rate
#
# **After it you can** take two steps of the paper's update on paper, say how it differs from
# PyTorch's, and read from a training curve that the rate should drop.
#
# **Needs** lesson 03. **Minutes** 30.

# %% [markdown]
# ## Predict
#
# The paper (section 5) keeps the learning rate *inside* the velocity:
# `v = 0.9 v - lr (0.0005 w + g)`, then `w = w + v`. PyTorch keeps it outside:
# `v = 0.9 v + (0.0005 w + g)`, then `w = w - lr v`.
#
# 1. The gradient is 1 for ever. How many times `lr` will a step of the paper's rule become?
# 2. Now you divide `lr` by 10. Is the very next step ten times smaller? In both rules?

# %% [markdown]
# ## By hand
#
# One weight `w = 10`, loss `w**2 / 2`, so `g = w`. Take `lr = 0.1`, momentum 0.9, decay 0.5.
#
# - Step 1: `v = 0.9 * 0 - 0.1 (0.5 * 10 + 10) = -1.5`, so `w = 8.5`.
# - Step 2: `v = 0.9 * -1.5 - 0.1 (0.5 * 8.5 + 8.5) = -1.35 - 1.275 = -2.625`, so `w = 5.875`.
#
# And where `g` comes from: the logits (0, ln 3) mean the probabilities (1/4, 3/4). If the answer
# is class 0, the loss is `ln 4`, and its gradient is `p - onehot` = (-3/4, 3/4).

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import backends, learn
from tinyalex.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from tinyalex.layers import SoftmaxCrossEntropy
from tinyalex.training import SGD
from tinyalex.training.schedules import Plateau, Schedule


def walk(start, gradient, steps, lr, momentum, decay=0.0):
    """Follow the package's SGD; `lr` is a function of the step. Gives every w, (steps + 1, n)."""
    layer = Linear(len(start), 1)  # only a place for w: its gradient is set by hand
    layer.params = {"weight": np.array([start], dtype=np.float64)}
    optimizer = SGD(layer, 0.0, momentum, decay)
    path = [layer.params["weight"][0].copy()]
    for step in range(steps):
        layer.grads["weight"] = gradient(layer.params["weight"])
        optimizer.lr = lr(step)
        optimizer.step()
        path.append(layer.params["weight"][0].copy())
    return np.array(path)


w = walk([10.0], lambda w: w, 2, lr=lambda _: 0.1, momentum=0.9, decay=0.5)[:, 0]
print("w after 0, 1 and 2 steps:", w)
assert np.allclose(w, [10, 8.5, 5.875])
loss = SoftmaxCrossEntropy()
assert np.isclose(loss.forward(np.log([[1.0, 3.0]]), np.array([0])), np.log(4))
assert np.allclose(loss.backward(), [[-0.75, 0.75]])

# %% [markdown]
# ## Code
#
# Your predictions: a gradient of 1, the rate 0.01, and a drop to 0.001 after 60 steps.


# %%
def rate(step):
    return 0.01 if step < 60 else 0.001


ours = -np.diff(walk([0.0], np.ones_like, 100, rate, momentum=0.9)[:, 0])
v, theirs = 0.0, []  # PyTorch's convention, in two lines
for step in range(100):
    v = 0.9 * v + 1
    theirs.append(rate(step) * v)
print(f"step 60: {ours[59]:.3f} in both; step 61: paper {ours[60]:.4f}, PyTorch {theirs[60]:.4f}")
assert np.allclose(ours[:60], theirs[:60])  # as long as the rate stays, the rules are one rule
assert 9.9 < ours[59] / 0.01 < 10  # the sum 1 + 0.9 + 0.81 + ... = 1 / (1 - 0.9)
assert np.isclose(ours[60] / ours[59], 0.91, atol=0.01)  # 0.9 of the old + 1/10 of a new share
assert np.isclose(theirs[60] / theirs[59], 0.1, atol=0.01)
figure = Figure(figsize=(8, 3.6), layout="constrained")
axis = figure.subplots()
axis.plot(range(1, 101), ours, color="#1f77b4", label="paper: rate inside the velocity")
axis.plot(range(1, 101), theirs, "--", color="#d9480f", label="PyTorch: rate outside")
axis.set(xlabel="step", ylabel="size of the step", title="The rate drops by 10 after step 60")
axis.legend(frameon=False)
learn.show(figure, "09-rate-drop")

# %% [markdown]
# **Momentum in a narrow valley**: `(x**2 + 50 y**2) / 2`. The steep `y` limits the rate, the flat
# `x` needs many steps. Momentum adds up what stays the same and cancels what alternates.

# %%
steep = np.array([1.0, 50.0])
fit = {m: walk([-10.0, 1.5], lambda w: steep * w, 40, lambda _: 0.03, m) for m in (0.0, 0.9)}
final = {m: float(path[-1] ** 2 @ steep / 2) for m, path in fit.items()}
print(f"loss after 40 steps: {final[0.0]:.3f} without momentum, {final[0.9]:.3f} with 0.9")
assert final[0.9] < final[0.0] / 2
figure = Figure(figsize=(8, 4.6), layout="constrained")
x, y = np.meshgrid(np.linspace(-11, 4, 200), np.linspace(-2.4, 2.4, 100))
for axis, (m, path) in zip(figure.subplots(2, 1, sharex=True), fit.items(), strict=True):
    axis.contour(x, y, (x**2 + 50 * y**2) / 2, 12, colors="#ced4da", linewidths=0.8)
    axis.plot(*path.T, "o-", markersize=3, linewidth=1, color="#1f77b4" if m else "#d9480f")
    axis.plot(0, 0, "k*")
    axis.set(ylabel="y", title=f"momentum {m}: loss {final[m]:.3f} after 40 steps of rate 0.03")
axis.set_xlabel("x (star: the minimum)")
learn.show(figure, "09-valley")

# %% [markdown]
# ## Check
#
# **Decay is a shrink factor.** Where the gradient is 0, a step multiplies `w` by `1 - lr * decay`;
# momentum makes ten of it. Paper's numbers: `0.01 * 0.0005 * 10` = 1/20,000 a step, so an unused
# weight halves in 13,863 steps, 1.4 epochs. The decay sits inside the rate: a drop slows it too.

# %%
w = walk([1.0], np.zeros_like, 13_863, lambda _: 0.01, momentum=0.9, decay=5e-4)[-1, 0]
print(f"an unused weight of 1 after 13,863 steps: {w:.4f}")
assert abs(w - 0.5) < 0.002

# %% [markdown]
# **A plateau.** "Divide the rate by 10 when the validation error stops improving" (section 5). A
# small net on images that are shifted afresh each time: its loss cannot reach 0. The same images
# in the same order, without and with the package's `Plateau` (here it waits for 3 epochs).

# %%
dataset = learn.dataset()
x, labels = learn.arrays(dataset.train, 800)
test_x, test_labels = learn.arrays(dataset.test, 300)
loss.to(backends.get("auto"))


def train(schedule, epochs=24, seed=0):
    """Give the training loss of each epoch, and the rate that it had."""
    _, C, H, W = x.shape
    layers = [Conv2d(C, 8, 5, padding=2, seed=seed), ReLU(), MaxPool2d(4, stride=4), Flatten()]
    net = Sequential([*layers, Linear(8 * H * W // 16, 10, seed=seed + 1)])
    net.to(backends.get("auto")).skip_input_gradient()
    optimizer, rng, losses, rates = SGD(net, schedule.lr), np.random.default_rng(seed), [], []
    for _ in range(epochs):
        optimizer.lr = schedule.lr
        total = 0.0
        for n in rng.permutation(len(x)).reshape(-1, 16):
            shifted = np.roll(x[n], rng.integers(-3, 4, 2), axis=(2, 3))
            total += float(loss.forward(net.forward(shifted), labels[n])) / (len(x) // 16)
            net.backward(loss.backward())
            optimizer.step()
        losses.append(total)
        rates.append(schedule.lr)
        schedule.epoch_end(learn.error(net, test_x, test_labels))
    return losses, rates
