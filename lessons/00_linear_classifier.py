# %% [markdown]
# # 00 A linear classifier by hand
#
# **After it you can** compute a neuron, its softmax, its loss and one
# training step on paper, and say what a mini-batch, an epoch, overfitting
# and a validation set are.
#
# **Needs** Python and a little NumPy. **Minutes** 40.

# %% [markdown]
# ## Predict
# Images of handwritten digits have 16 x 16 pixels. One **neuron** per
# digit multiplies each pixel by a weight of its own and adds up the
# products. The neuron with the largest sum is the answer. That is all: no
# second layer.
#
# 1. Of 100 digits that it has never seen, how many will it get wrong?
# 2. Now it learns from 100 digits instead of 1,150. Which error falls,
#    that on the digits it learns from, or that on other digits?
# 3. Which learning rate is best: 0.0001, 0.001, 0.01, 0.1 or 1?

# %% [markdown]
# ## By hand
# **A neuron.** Three pixels `x = (1, 0, 2)`, weights `w = (3, 5, -1)`,
# bias `b = 1`. Its sum is `3 * 1 + 5 * 0 - 1 * 2 + 1 = 2`. The pixel that
# is 0 does not count, whatever its weight.
#
# **Softmax.** Two neurons, one per class, have the sums `z = (0, ln 3)`.
# Softmax makes probabilities of them: `exp(z)` is (1, 3), and divided by
# its sum 4 it is `p = (1/4, 3/4)`.
#
# **Loss.** If the right class is class 0, the loss is
# `-ln p[0] = ln 4 = 1.386`; if it is class 1, only 0.288. A sure and
# right answer costs 0. A sure and wrong one costs very much.
#
# **One step of SGD** (stochastic gradient descent). All weights and
# biases of two neurons are 0, the pixels are (1, 0, 2), and class 0 is
# right.
#
# - Forward: `z = (0, 0)`, `p = (1/2, 1/2)`, loss `ln 2 = 0.693`.
# - The gradient of the loss with respect to the sums is
#   `g = p - (1, 0) = (-1/2, 1/2)`. With respect to a weight it is `g`
#   times the pixel, since the pixel says how strongly the weight moves
#   the sum: neuron 0 has `(-1/2, 0, -1)`, neuron 1 `(1/2, 0, 1)`. A bias
#   has `g`.
# - Step, with learning rate 0.2: subtract `0.2 * gradient`. Neuron 0 gets
#   the weights `(0.1, 0, 0.2)` and the bias 0.1, neuron 1 the same with a
#   minus.
# - Again: `z = (0.6, -0.6)`, `p = (0.769, 0.231)`. The loss has fallen
#   from 0.693 to 0.263.

# %%
import numpy as np

from tinyalex import data, learn


def softmax(z):
    """Probabilities (N, K) of sums (N, K)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))  # no overflow
    return e / e.sum(axis=1, keepdims=True)


def loss(x, labels, w, b):
    """The mean over the images of -ln(p of the right class)."""
    p = softmax(x @ w.T + b)
    return -np.log(p[np.arange(len(x)), labels]).mean()


def gradients(x, labels, w, b):
    """d(loss)/dw, (K, D), and d(loss)/db, (K,)."""
    g = softmax(x @ w.T + b)  # (N, K)
    g[np.arange(len(x)), labels] -= 1
    g = g / len(x)  # the loss is a mean over N images
    return g.T @ x, g.sum(axis=0)


def step(x, labels, w, b, lr):
    """One step of SGD: the new weights and the new biases."""
    dw, db = gradients(x, labels, w, b)
    return w - lr * dw, b - lr * db


assert np.array([3, 5, -1]) @ np.array([1, 0, 2]) + 1 == 2
assert np.allclose(softmax(np.array([[0, np.log(3)]])), [[0.25, 0.75]])
pixels, right_class = np.array([[1.0, 0, 2]]), np.array([0])
w, b = np.zeros((2, 3)), np.zeros(2)
assert np.isclose(loss(pixels, right_class, w, b), np.log(2))
w, b = step(pixels, right_class, w, b, lr=0.2)
assert np.allclose(w, [[0.1, 0, 0.2], [-0.1, 0, -0.2]])
assert np.allclose(b, [0.1, -0.1])
assert abs(loss(pixels, right_class, w, b) - 0.263) < 1e-3

# %% [markdown]
# Is the gradient right? Move one weight a little up and down: the loss
# must change by the gradient times twice that little. Lesson 03 tests
# whole layers in this way.

# %%
dw, _ = gradients(pixels, right_class, w, b)
little = np.array([[0, 0, 1e-5], [0, 0, 0]])
difference = loss(pixels, right_class, w + little, b)
difference -= loss(pixels, right_class, w - little, b)
print(f"measured {difference / 2e-5:.6f}, computed {dw[0, 2]:.6f}")
assert np.isclose(difference / 2e-5, dw[0, 2])

# %% [markdown]
# ## Code
# The digits, as rows of 256 pixels from 0 to 1. They are divided into
# three parts:
#
# - **Training** images: the weights learn from them.
# - **Validation** images: you look at their error while you choose a
#   learning rate, or when to stop.
# - **Test** images: you look at them once, at the end. Who chooses by the
#   test error reports luck, not skill.


# %%
def rows_of_pixels(split):
    """Pixels (N, H * W) from 0 to 1, and labels (N,)."""
    images = split.images(np.arange(len(split)))
    return images.reshape(len(images), -1) / 255, split.labels


digits = data.load("digits")
pixels, labels = rows_of_pixels(digits.train)
x_test, test_labels = rows_of_pixels(digits.test)
order = np.random.default_rng(0).permutation(len(pixels))
x, labels_of_x = pixels[order[287:]], labels[order[287:]]
x_val, val_labels = pixels[order[:287]], labels[order[:287]]
print(f"{len(x)}, {len(x_val)} and {len(x_test)} images")
examples = {}
for digit in (2, 3, 5):
    rows = x[labels_of_x == digit][:8]
    examples[f"a {digit}"] = [row.reshape(16, 16) for row in rows]
learn.draw_images("00-digits", examples, "Training images")

# %% [markdown]
# **Your turn.** Ten neurons, all weights and biases 0. The network knows
# nothing: each class gets the same probability. What is its loss?
# (`np.log` is the natural logarithm.)

# %%
first_loss = -np.log(1 / 10)  # your turn: the loss of ten equal classes
assert np.isclose(
    first_loss, loss(x, labels_of_x, np.zeros((10, 256)), np.zeros(10))
)

# %% [markdown]
# **Training.** A step from all images at once is slow, and a step from
# one image is noisy. So each step uses a **mini-batch**: 32 images,
# chosen at random. One **epoch** is over when each image has been used
# once: 1150 / 32 makes 36 steps. After each epoch we measure both errors:
# the share of images whose largest sum is not the right class.


# %%
def error(x, labels, w, b):
    return np.mean((x @ w.T + b).argmax(axis=1) != labels)


def train(x, labels, others, their_labels, lr, epochs, seed=0):
    """Return w, b, and (training error, error on others) per epoch."""
    w, b = np.zeros((10, x.shape[1])), np.zeros(10)
    rng = np.random.default_rng(seed)
    errors = []
    for _ in range(epochs):
        order = rng.permutation(len(x))  # each image once
        for start in range(0, len(x), 32):
            batch = order[start : start + 32]
            w, b = step(x[batch], labels[batch], w, b, lr)
        mine = error(x, labels, w, b)
        errors.append((mine, error(others, their_labels, w, b)))
    return w, b, np.array(errors)


val_errors, weights = {}, {}
for lr in (0.0001, 0.001, 0.01, 0.1, 1.0):
    w, b, errors = train(x, labels_of_x, x_val, val_labels, lr, epochs=30)
    weights[lr] = w, b
    val_errors[f"learning rate {lr:g}"] = 100 * errors[:, 1]
    print(f"lr {lr:<6g}: validation error {errors[-1, 1]:.1%}")
learn.draw_lines(
    "00-learning-rates", val_errors, "Validation error (%)", "epoch"
)

# %% [markdown]
# What has it learned? Each neuron's weights are an image, too. Bright
# pixels speak for the digit, dark ones against it.

# %%
w, b = weights[0.1]
templates = {"weights": [row.reshape(16, 16) for row in w]}
learn.draw_images("00-weights", templates, "The weights of ten neurons")

# %% [markdown]
# ## Check
# **Prediction 1.** Only about 5 of 100. Centred digits are nearly a
# linear problem. This is the one time that we look at the test error: for
# the learning rate 0.1, chosen before.

# %%
test_error = error(x_test, test_labels, *weights[0.1])
print(f"test error {test_error:.1%}; a guesser has 90 %")
assert 0.02 < test_error < 0.08

# %% [markdown]
# **Prediction 2.** With few images the training error falls, even to 0,
# and the error on other images rises. The weights learn by heart what is
# special about these 100 images: **overfitting**. The distance between
# the two errors shows it, and only images that were not used for training
# can show it.

# %%
val = x_val, val_labels
_, _, many = train(x, labels_of_x, *val, 0.1, epochs=30)
_, _, few = train(x[:100], labels_of_x[:100], *val, 0.1, epochs=300)
for name, errors in (("1,150", many), ("100", few)):
    mine, others = errors[-1]
    print(f"{name} images: {mine:.1%}, others {others:.1%}")
assert few[-1, 0] == 0
assert few[-1, 0] < many[-1, 0] and few[-1, 1] > 1.5 * many[-1, 1]

# %% [markdown]
# **Prediction 3.** 0.1 and 1 are about equally good here, and 0.0001 is
# still far from the end after 30 epochs. The best learning rate depends
# on the size of the pixels, on the network and on the number of epochs.
# So one tries several, a factor of 10 or 3 apart, and decides by the
# validation error.

# %%
last = {name: errors[-1] for name, errors in val_errors.items()}
assert min(last.values()) < 8
assert last["learning rate 0.0001"] > 2 * last["learning rate 0.1"]

# %% [markdown]
# ## Break it
# "5 % errors: digits are solved, and nobody needs a deep network."
# **Wrong.** The classifier knows each pixel by its place. Move the digits
# by a few pixels, as photographs are never centred, and the same ten
# neurons fail. One layer of weights cannot say "a stroke, wherever it
# is". A convolution can: lesson 02.

# %%
moved = data.load("moved-digits")  # 16 x 16 digits somewhere in 20 x 20
moved_x, moved_labels = rows_of_pixels(moved.train)
test = rows_of_pixels(moved.test)
_, _, errors = train(moved_x, moved_labels, *test, 0.1, epochs=60)
print(f"centred digits: test error {test_error:.1%}")
print(f"moved digits:   test error {errors[-1, 1]:.1%}")
assert errors[-1, 1] > 4 * test_error

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 24_linear_step`: write the step yourself.
# - Train on pixels from 0 to 255 instead of 0 to 1. Which learning rate
#   is best now?
# - Draw the weights after one epoch and after 300 epochs on 100 images.
#   Which of the two look like digits?
