# %% [markdown]
# # 09 Gradient descent: momentum, weight decay, and the learning rate
#
# **After it you can** do the paper's update by hand, tell it from
# PyTorch's, and choose when to lower the learning rate.
#
# **Needs** lesson 03. **Minutes** 30.

# %% [markdown]
# ## Predict
# In the paper (section 5) the learning rate is *inside* the velocity:
# `v = 0.9 v - lr (0.0005 w + g)`, then `w = w + v`. In PyTorch it is
# outside: `v = 0.9 v + (0.0005 w + g)`, then `w = w - lr v`.
#
# 1. The gradient is always 1. How many times `lr` will a step of the
#    paper's rule become?
# 2. Now you divide `lr` by 10. Is the very next step ten times smaller?
#    With both rules?

# %% [markdown]
# ## By hand
# One weight `w = 10`, loss `w**2 / 2`, so `g = w`. Take `lr = 0.1`,
# momentum 0.9, weight decay 0.5.
#
# - Step 1: `v = 0.9 * 0 - 0.1 (0.5 * 10 + 10) = -1.5`, so `w = 8.5`.
# - Step 2: `v = 0.9 * -1.5 - 0.1 (0.5 * 8.5 + 8.5) = -1.35 - 1.275 =
#   -2.625`, so `w = 5.875`.
#
# Where does `g` come from? The logits (0, ln 3) mean the probabilities
# (1/4, 3/4). If the right class is class 0, the loss is `ln 4` and its
# gradient is `p - onehot` = (-3/4, 3/4).

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import layers, learn
from tinyalex.training import SGD


def descend(start, gradient, learning_rates, momentum, weight_decay=0.0):
    """Do one step of the package's SGD per learning rate; return every w: (steps + 1, n)."""
    layer = layers.Linear(
        len(start), 1
    )  # only to hold w: we set its gradient ourselves
    layer.params = {"weight": np.array([start], dtype=np.float64)}
    optimizer = SGD(layer, 0.0, momentum, weight_decay)
    path = [start]
    for lr in learning_rates:
        layer.grads["weight"] = gradient(layer.params["weight"])
        optimizer.lr = lr
        optimizer.step()
        path.append(layer.params["weight"][0].copy())
    return np.array(path)


w = descend(
    [10.0], lambda w: w, [0.1, 0.1], momentum=0.9, weight_decay=0.5
)[:, 0]
assert np.allclose(w, [10, 8.5, 5.875])
loss = layers.SoftmaxCrossEntropy()
assert np.isclose(
    loss.forward(np.log([[1.0, 3.0]]), np.array([0])), np.log(4)
)
assert np.allclose(loss.backward(), [[-0.75, 0.75]])

# %% [markdown]
# ## Code
# Your predictions: the gradient is 1, and the learning rate drops from
# 0.01 to 0.001 after 60 steps.

# %%
learning_rates = np.array([0.01] * 60 + [0.001] * 40)
path = descend([0.0], np.ones_like, learning_rates, momentum=0.9)[:, 0]
paper = path[:-1] - path[1:]  # the size of each step
velocity = np.cumsum(0.9 ** np.arange(100))  # PyTorch: v = 0.9 v + 1
pytorch = learning_rates * velocity
print(f"step 60: {paper[59]:.3f} in both")
print(f"step 61: paper {paper[60]:.4f}, PyTorch {pytorch[60]:.4f}")
assert np.allclose(
    paper[:60], pytorch[:60]
)  # equal as long as the learning rate is constant
assert (
    9.9 < paper[59] / 0.01 < 10
)  # the sum 1 + 0.9 + 0.81 + ... = 1 / (1 - 0.9)
assert abs(paper[60] / paper[59] - 0.91) < 0.01
assert abs(pytorch[60] / pytorch[59] - 0.1) < 0.01
figure = Figure(figsize=(8, 3.6), layout="constrained")
axis = figure.subplots()
steps = np.arange(1, 101)
axis.plot(
    steps,
    paper,
    color="#1f77b4",
    label="paper: learning rate inside the velocity",
)
axis.plot(
    steps,
    pytorch,
    "--",
    color="#d9480f",
    label="PyTorch: learning rate outside",
)
title = "The learning rate is divided by 10 after step 60"
axis.set(xlabel="step", ylabel="size of the step", title=title)
axis.legend()
learn.show(figure, "09-rate-drop")

# %% [markdown]
# **A narrow valley**: `(x**2 + 50 y**2) / 2`. The steep direction `y`
# limits the learning rate, so the flat direction `x` is slow: it shrinks
# by a factor of `1 - 0.03` per step. With momentum both directions
# oscillate, and shrink by `sqrt(0.9)` per step.

# %%
steepness = np.array([1.0, 50.0])
final_loss = {}
figure = Figure(figsize=(8, 4.6), layout="constrained")
x, y = np.meshgrid(np.linspace(-11, 6, 200), np.linspace(-2.4, 2.4, 100))
for axis, momentum in zip(
    figure.subplots(2, 1, sharex=True), (0.0, 0.9), strict=True
):
    path = descend(
        [-10.0, 1.5], lambda w: steepness * w, [0.03] * 60, momentum
    )
    final_loss[momentum] = path[-1] ** 2 @ steepness / 2
    axis.contour(
        x, y, (x**2 + 50 * y**2) / 2, 12, colors="#ced4da", linewidths=0.8
    )
    axis.plot(
        path[:, 0],
        path[:, 1],
        "o-",
        markersize=3,
        linewidth=1,
        color="#1f77b4",
    )
    axis.plot(0, 0, "*", color="#d9480f", markersize=12, zorder=3)
    title = f"momentum {momentum}: loss {final_loss[momentum]:.2f} after 60 steps"
    axis.set(xlabel="x", ylabel="y", title=title)
assert final_loss[0.9] < final_loss[0.0] / 2
learn.show(figure, "09-valley")

# %% [markdown]
# ## Check
# **Weight decay shrinks weights.** Where the gradient is 0, a step
# multiplies `w` by `1 - lr * decay`, and momentum makes that ten times as
# strong. In the paper it is `0.01 * 0.0005 * 10` = 1/20,000 per step, so
# an unused weight halves in 13,863 steps, about 1.4 epochs. The learning
# rate multiplies the decay, so when it drops, the decay slows down too.

# %%
w = descend(
    [1.0], np.zeros_like, [0.01] * 13_863, momentum=0.9, weight_decay=5e-4
)[-1, 0]
assert abs(w - 0.5) < 0.002

# %% [markdown]
# **A plateau.** The paper divided the learning rate by 10 when the
# validation error stopped improving. Here a small net trains on images
# that are shifted at random. The learning rate drops never, after epoch
# 8, or after epoch 2.

# %%
images, labels = learn.arrays(learn.dataset().train, 800)
_, C, H, W = images.shape
lr = (
    0.04 if C == 1 else 0.01
)  # CIFAR-10 has 12 times the inputs, hence larger gradients


def train(learning_rates):
    """Return the training loss of each epoch. (Each `fit` starts with velocity 0.)"""
    net = layers.Sequential([
        layers.Conv2d(C, 8, 5, padding=2), layers.ReLU(), layers.MaxPool2d(4, stride=4),
        layers.Flatten(), layers.Linear(8 * H * W // 16, 10),
    ]).to("numba")  # fmt: skip
    rng = np.random.default_rng(0)
    losses = []
    for epoch, lr in enumerate(learning_rates):
        shifts = rng.integers(-3, 4, (len(images), 2))
        pairs = zip(images, shifts, strict=True)
        shifted = np.stack(
            [np.roll(image, shift, axis=(1, 2)) for image, shift in pairs]
        )
        progress = learn.fit(
            net,
            shifted,
            labels,
            epochs=1,
            lr=lr,
            weight_decay=5e-4,
            batch_size=16,
            seed=epoch,
        )
        losses.append(progress[0].loss)
    return losses


losses = {
    "never": train([lr] * 14),
    "after epoch 8": train([lr] * 8 + [lr / 10] * 6),
    "after epoch 2: too early": train([lr] * 2 + [lr / 10] * 12),
}
never, late, early = (np.mean(values[-4:]) for values in losses.values())
print(
    f"mean loss of the last 4 epochs: never {never:.2f}, late {late:.2f}, early {early:.2f}"
)
assert late < 0.95 * never
assert late < 0.95 * early
figure = Figure(figsize=(8, 4), layout="constrained")
axis = figure.subplots()
for label, values in losses.items():
    axis.plot(range(1, 15), values, "o-", markersize=3, label=label)
title = f"A small net, initial learning rate {lr}"
axis.set(xlabel="epoch", ylabel="training loss (nats)", title=title)
axis.legend(title="learning rate divided by 10")
learn.show(figure, "09-plateau")

# %% [markdown]
# ## Break it
# In the valley, a step without momentum turns `y` into `(1 - lr * 50) y`.
# Above `lr = 2 / 50` it grows without end.

# %%
for valley_lr, diverges in ((0.035, False), (0.045, True)):
    path = descend(
        [-10.0, 1.5],
        lambda w: steepness * w,
        [valley_lr] * 100,
        momentum=0.0,
    )
    assert (abs(path[-1, 1]) > 1e6) == diverges
with np.errstate(all="ignore"):
    loss = train([25 * lr] * 2)[-1]
print(
    f"learning rate {25 * lr}: the loss is {loss:.2f}; guessing has ln 10 = {np.log(10):.2f}"
)
assert not loss < np.log(10) - 0.1  # usually it is NaN, "not a number"

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 15_softmax_cross_entropy`, then `16_sgd`.
# - Which momentum suits the valley best?
# - With `TINYALEX_LESSON_DATA=cifar10`, does a second drop of the
#   learning rate help?
