# %% [markdown]
# # 09 Gradient descent: momentum, weight decay, and when to drop the rate
#
# **After it you can** do the paper's update by hand, tell it from PyTorch's, and time the drops.
#
# **Needs** lesson 03. **Minutes** 30.

# %% [markdown]
# ## Predict
# The paper (section 5) keeps the rate *inside* the velocity: `v = 0.9 v - lr (0.0005 w + g)`, then
# `w = w + v`. PyTorch keeps it outside: `v = 0.9 v + (0.0005 w + g)`, then `w = w - lr v`.
#
# 1. The gradient is 1 for ever. How many times `lr` will a step of the paper's rule become?
# 2. Now you divide `lr` by 10. Is the very next step ten times smaller? In both rules?

# %% [markdown]
# ## By hand
# One weight `w = 10`, loss `w**2 / 2`, so `g = w`. Take `lr = 0.1`, momentum 0.9, decay 0.5.
#
# - Step 1: `v = 0.9 * 0 - 0.1 (0.5 * 10 + 10) = -1.5`, so `w = 8.5`.
# - Step 2: `v = 0.9 * -1.5 - 0.1 (0.5 * 8.5 + 8.5) = -1.35 - 1.275 = -2.625`, so `w = 5.875`.
#
# Where `g` begins: the logits (0, ln 3) mean the probabilities (1/4, 3/4). If the answer is class
# 0, the loss is `ln 4` and its gradient `p - onehot` = (-3/4, 3/4).

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import layers, learn
from tinyalex.training import SGD


def walk(start, gradient, steps, lr, momentum, decay=0.0):
    """Follow the package's SGD; lr is a function of the step. Gives every w: (steps + 1, n)."""
    layer = layers.Linear(len(start), 1)  # only a place for w: the gradient is set by hand
    layer.params = {"weight": np.array([start], dtype=np.float64)}
    optimizer, path = SGD(layer, 0.0, momentum, decay), [start]
    for step in range(steps):
        layer.grads["weight"], optimizer.lr = gradient(layer.params["weight"]), lr(step)
        optimizer.step()
        path.append(layer.params["weight"][0].copy())
    return np.array(path)


w = walk([10.0], lambda w: w, 2, lr=lambda _: 0.1, momentum=0.9, decay=0.5)[:, 0]
assert np.allclose(w, [10, 8.5, 5.875])
loss = layers.SoftmaxCrossEntropy()
assert np.isclose(loss.forward(np.log([[1.0, 3.0]]), np.array([0])), np.log(4))
assert np.allclose(loss.backward(), [[-0.75, 0.75]])

# %% [markdown]
# ## Code
# Your predictions: a gradient of 1, and the rate 0.01, which drops to 0.001 after 60 steps.

# %%
rate = [0.01] * 60 + [0.001] * 40
ours = -np.diff(walk([0.0], np.ones_like, 100, rate.__getitem__, momentum=0.9)[:, 0])
theirs = rate * np.cumsum(0.9 ** np.arange(100))  # PyTorch: v = 0.9 v + 1 sums powers of 0.9
print(f"step 60: {ours[59]:.3f} in both; step 61: paper {ours[60]:.4f}, PyTorch {theirs[60]:.4f}")
assert np.allclose(ours[:60], theirs[:60])  # as long as the rate stays, the rules are one rule
assert 9.9 < ours[59] / 0.01 < 10  # the sum 1 + 0.9 + 0.81 + ... = 1 / (1 - 0.9)
assert abs(ours[60] / ours[59] - 0.91) < 0.01 and abs(theirs[60] / theirs[59] - 0.1) < 0.01
figure = Figure(figsize=(8, 3.6), layout="constrained")
axis = figure.subplots()
axis.plot(range(1, 101), ours, color="#1f77b4", label="paper: rate inside the velocity")
axis.plot(range(1, 101), theirs, "--", color="#d9480f", label="PyTorch: rate outside")
axis.set(xlabel="step", ylabel="size of the step", title="The rate drops by 10 after step 60")
axis.legend()
learn.show(figure, "09-rate-drop")

# %% [markdown]
# **A narrow valley**: `(x**2 + 50 y**2) / 2`. The steep `y` limits the rate, so the flat `x`
# creeps, by `1 - 0.03` a step. With momentum both directions swing, and shrink by `sqrt(0.9)`.

# %%
steep = np.array([1.0, 50.0])
figure = Figure(figsize=(8, 4.6), layout="constrained")
final = []
x, y = np.meshgrid(np.linspace(-11, 6, 200), np.linspace(-2.4, 2.4, 100))
for axis, momentum in zip(figure.subplots(2, 1, sharex=True), (0.0, 0.9), strict=True):
    path = walk([-10.0, 1.5], lambda w: steep * w, 60, lambda _: 0.03, momentum)
    final.append(path[-1] ** 2 @ steep / 2)
    axis.contour(x, y, (x**2 + 50 * y**2) / 2, 12, colors="#ced4da", linewidths=0.8)
    axis.plot(*path.T, "o-", markersize=3, linewidth=1, color="#1f77b4")
    axis.plot(0, 0, "*", color="#d9480f", markersize=12, zorder=3)
    axis.set(xlabel="x", ylabel="y", title=f"momentum {momentum}: loss {final[-1]:.2f}, 60 steps")
assert final[1] < final[0] / 2
learn.show(figure, "09-valley")

# %% [markdown]
# ## Check
# **Decay is a shrink factor.** Where the gradient is 0, a step multiplies `w` by `1 - lr * decay`;
# momentum makes ten of it. In the paper `0.01 * 0.0005 * 10` = 1/20,000 a step, so an unused weight
# halves in 13,863 steps, 1.4 epochs. The decay is inside the rate: a drop slows it too.

# %%
w = walk([1.0], np.zeros_like, 13_863, lambda _: 0.01, momentum=0.9, decay=5e-4)[-1, 0]
assert abs(w - 0.5) < 0.002

# %% [markdown]
# **A plateau.** The paper divided the rate by 10 when the validation error stopped improving. Here
# a small net sees freshly shifted images; the rate drops never, after epoch 8, or after epoch 2.

# %%
x, labels = learn.arrays(learn.dataset().train, 800)
_, C, H, W = x.shape
lr = 0.04 if C == 1 else 0.01  # CIFAR-10 has 12 times the inputs: larger gradients


def train(rates):
    """Give the training loss of each epoch. (Each `fit` begins with the velocity 0.)"""
    conv, pool = layers.Conv2d(C, 8, 5, padding=2), layers.MaxPool2d(4, stride=4)
    fc = layers.Linear(8 * H * W // 16, 10)
    net = layers.Sequential([conv, layers.ReLU(), pool, layers.Flatten(), fc]).to("numba")
    rng, losses, how = np.random.default_rng(0), [], {"weight_decay": 5e-4, "batch_size": 16}
    for epoch, rate in enumerate(rates):
        shifted = np.stack([np.roll(i, rng.integers(-3, 4, 2), axis=(1, 2)) for i in x])
        progress = learn.fit(net, shifted, labels, epochs=1, lr=rate, seed=epoch, **how)
        losses.append(progress[0].loss)
    return losses


drops = {"never": 14, "after epoch 8": 8, "after epoch 2: too early": 2}
runs = {name: train([lr] * at + [lr / 10] * (14 - at)) for name, at in drops.items()}
never, late, early = (np.mean(run[-4:]) for run in runs.values())
print(f"mean loss of the last 4 epochs: never {never:.2f}, late {late:.2f}, early {early:.2f}")
assert late < 0.95 * never and late < 0.95 * early
figure = Figure(figsize=(8, 4), layout="constrained")
axis = figure.subplots()
axis.plot(range(1, 15), np.transpose(list(runs.values())), "o-", markersize=3, label=list(runs))
axis.set(xlabel="epoch", ylabel="training loss (nats)", title=f"A small net, rate {lr}")
axis.legend(title="rate divided by 10")
learn.show(figure, "09-plateau")

# %% [markdown]
# ## Break it
# In the valley a step turns `y` into `(1 - lr * 50) y`: beyond `lr = 2 / 50` it grows for ever.

# %%
for high, grows in ((0.035, False), (0.045, True)):
    y = walk([-10.0, 1.5], lambda w: steep * w, 100, lambda _, lr=high: lr, momentum=0.0)[-1, 1]
    assert (abs(y) > 1e6) == grows
with np.errstate(all="ignore"):
    lost = train([25 * lr] * 2)[-1]
print(f"rate {25 * lr}: the loss is {lost:.2f}; guessing has ln 10 = {np.log(10):.2f}")
assert not lost < np.log(10) - 0.1  # in most cases it is NaN, "not a number"

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 15_softmax_cross_entropy`, then `16_sgd`.
# - Which momentum suits the valley best? Does a second drop pay, `TINYALEX_LESSON_DATA=cifar10`?
