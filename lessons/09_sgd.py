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

from tinyalex import layers, learn
from tinyalex.training import SGD


def descend(start, gradient, learning_rates, momentum, weight_decay=0.0):
    """One step of the package's SGD per learning rate.

    Returns every w: (steps + 1, n). The layer only holds w, and we set
    its gradient ourselves.
    """
    layer = layers.Linear(len(start), 1)
    layer.params = {"weight": np.array([start], dtype=np.float64)}
    optimizer = SGD(layer, 0.0, momentum, weight_decay)
    path = [start]
    for lr in learning_rates:
        layer.grads["weight"] = gradient(layer.params["weight"])
        optimizer.lr = lr
        optimizer.step()
        path.append(layer.params["weight"][0].copy())
    return np.array(path)


def own_weight(w):
    """The gradient of w**2 / 2."""
    return w


three = descend([10.0], own_weight, [0.1] * 3, 0.9, weight_decay=0.5)
w_after = three[:, 0]
print("w after 0, 1 and 2 steps:", w_after[:3])
assert np.allclose(w_after[:3], [10, 8.5, 5.875])
loss = layers.SoftmaxCrossEntropy()
logits = np.log([[1.0, 3.0]])
assert np.isclose(loss.forward(logits, np.array([0])), np.log(4))
assert np.allclose(loss.backward(), [[-0.75, 0.75]])

# %% [markdown]
# ## Code
# **Your turn.** Step 3, after `v = -2.625` and `w = 5.875`. What is `w`
# now? (`v` first, as above.)

# %%
w3 = 5.875 + 0.9 * -2.625 - 0.1 * 1.5 * 5.875  # your turn: w after step 3
assert np.isclose(w3, w_after[3]), "v = 0.9 v - 0.1 (0.5 w + w)"

# %% [markdown]
# **A narrow valley**: `(x**2 + 50 y**2) / 2`. The steep direction `y`
# limits the learning rate, so the flat direction `x` is slow: it shrinks
# by a factor of `1 - 0.03` per step. With momentum both directions
# oscillate, and shrink by `sqrt(0.9)` per step.

# %%
steepness = np.array([1.0, 50.0])


def valley(x, y):
    return (x**2 + 50 * y**2) / 2


def valley_slope(w):
    return steepness * w


final_loss, paths = {}, {}
for momentum in (0.0, 0.9):
    path = descend([-10.0, 1.5], valley_slope, [0.03] * 60, momentum)
    final_loss[momentum] = valley(*path[-1])
    result = f"loss {final_loss[momentum]:.2f} after 60 steps"
    paths[f"momentum {momentum}: {result}"] = path
learn.draw_paths("09-valley", valley, paths)
assert final_loss[0.9] < final_loss[0.0] / 2

# %% [markdown]
# ## Check
# The gradient is 1, and the learning rate drops from 0.01 to 0.001 after
# 60 steps.
#
# **Prediction 1.** Nearly ten times: 1 + 0.9 + 0.81 + ... is
# `1 / (1 - 0.9)`, so the step becomes `10 * lr`.
#
# **Prediction 2.** In PyTorch yes. With the paper's rule no: the velocity
# still holds the old learning rate, so the next step is 0.91 times as
# large, and only after tens of steps it is a tenth.

# %%
learning_rates = np.array([0.01] * 60 + [0.001] * 40)
path = descend([0.0], np.ones_like, learning_rates, momentum=0.9)[:, 0]
paper = path[:-1] - path[1:]  # the size of each step
velocity = np.cumsum(0.9 ** np.arange(100))  # PyTorch: v = 0.9 v + 1
pytorch = learning_rates * velocity
print(f"step 60: {paper[59]:.3f} in both")
print(f"step 61: paper {paper[60]:.4f}, PyTorch {pytorch[60]:.4f}")
assert np.allclose(paper[:60], pytorch[:60])  # as long as lr is constant
assert 9.9 < paper[59] / 0.01 < 10
assert abs(paper[60] / paper[59] - 0.91) < 0.01
assert abs(pytorch[60] / pytorch[59] - 0.1) < 0.01
learn.draw_lines(
    "09-rate-drop",
    {
        "paper: learning rate inside the velocity": paper,
        "PyTorch: learning rate outside": pytorch,
    },
    title="The learning rate is divided by 10 after step 60",
    xlabel="step",
    ylabel="size of the step",
)

# %% [markdown]
# **Weight decay shrinks weights.** Where the gradient is 0, a step
# multiplies `w` by `1 - lr * decay`, and momentum makes that ten times as
# strong. In the paper it is `0.01 * 0.0005 * 10` = 1/20,000 per step, so
# an unused weight halves in 13,863 steps, about 1.4 epochs. The learning
# rate multiplies the decay, so when it drops, the decay slows down too.
# (Lesson 17 says what decay did to the paper's training error.)

# %%
paper_decay = {"momentum": 0.9, "weight_decay": 5e-4}
w = descend([1.0], np.zeros_like, [0.01] * 13_863, **paper_decay)[-1, 0]
print(f"an unused weight after 13,863 steps: {w:.3f} of its size")
assert abs(w - 0.5) < 0.002

# %% [markdown]
# **A plateau.** The paper divided the learning rate by 10 when the
# validation error stopped improving. Here a small net trains on images
# that are shifted at random. The learning rate drops never, after epoch
# 8, or after epoch 2.

# %%
images, labels = learn.arrays(learn.dataset().train, 800)
_, C, H, W = images.shape
lr = 0.04 if C == 1 else 0.01  # CIFAR-10: 12 times the inputs


def shifted(rng):
    """Each image, moved by up to 3 pixels."""
    moved = []
    for image in images:
        shift = rng.integers(-3, 4, 2)
        moved.append(np.roll(image, shift, axis=(1, 2)))
    return np.stack(moved)


def train(learning_rates):
    """Return the loss of each epoch. (Each `fit` starts with v = 0.)"""
    net = layers.Sequential(
        [layers.Conv2d(C, 8, 5, padding=2), layers.ReLU()]
        + [layers.MaxPool2d(4, stride=4), layers.Flatten()]
        + [layers.Linear(8 * H * W // 16, 10)]
    ).to("numba")
    rng = np.random.default_rng(0)
    losses = []
    for epoch, lr in enumerate(learning_rates):
        how = {"weight_decay": 5e-4, "batch_size": 16, "seed": epoch}
        x = shifted(rng)
        [progress] = learn.fit(net, x, labels, epochs=1, lr=lr, **how)
        losses.append(progress.loss)
    return losses


losses = {
    "never divided": train([lr] * 14),
    "divided after epoch 8": train([lr] * 8 + [lr / 10] * 6),
    "divided after epoch 2: too early": train([lr] * 2 + [lr / 10] * 12),
}
last_four = [np.mean(values[-4:]) for values in losses.values()]
never, late, early = last_four
print(f"loss of the last 4 epochs: never {never:.2f}", end=", ")
print(f"late {late:.2f}, early {early:.2f}")
assert late < 0.95 * never
assert late < 0.95 * early
learn.draw_lines(
    "09-plateau",
    losses,
    title=f"Learning rate {lr}, then divided by 10",
    xlabel="epoch",
    ylabel="training loss (nats)",
)

# %% [markdown]
# ## Break it
# In the valley, a step without momentum turns `y` into
# `(1 - lr * 50) y`. Above `lr = 2 / 50` it grows without end. A net has
# such a limit, too.

# %%
for valley_lr, diverges in ((0.035, False), (0.045, True)):
    path = descend([-10.0, 1.5], valley_slope, [valley_lr] * 100, 0.0)
    print(f"valley, lr {valley_lr}: y is {path[-1, 1]:.1e} in the end")
    assert (abs(path[-1, 1]) > 1e6) == diverges
with np.errstate(all="ignore"):
    right, wrong = train([lr] * 2)[-1], train([25 * lr] * 2)[-1]
print(f"net, lr {lr}: loss {right:.2f}; a guesser has {np.log(10):.2f}")
print(f"net, lr {25 * lr}: loss {wrong:.2f} (nan: not a number)")
assert right < np.log(10) - 0.1
assert not wrong < np.log(10) - 0.1

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 15_softmax_cross_entropy`, then `16_sgd`.
# - `tinyalex exercise train my-answers --milestone 2`: your linear
#   classifier learns digits.
# - Which momentum suits the valley best?
# - With `TINYALEX_LESSON_DATA=cifar10`, does a second drop of the
#   learning rate help?
