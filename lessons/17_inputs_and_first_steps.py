# %% [markdown]
# # 17 Inputs, biases and weight decay
#
# **After it you can** prepare a photograph as the paper did, say what
# biases of 1 and weight decay do to the first steps, and say where our
# small experiments agree with the paper.
#
# **Needs** lessons 04, 09 and 13. **Minutes** 35.

# %% [markdown]
# ## Predict
# Three remarks of the paper have had no lesson yet. They are about what
# comes before the network and about its first steps.
#
# 1. The paper subtracts the mean image (section 2). Compare a network
#    whose pixels have a mean of 0 with one whose pixels are all positive.
#    Is the test error the same, half as much again, or ten times as high?
# 2. It starts some biases at 1 (section 5). What does that do to the
#    units of a ReLU at first, and will the loss fall sooner?
# 3. Weight decay pulls every weight towards 0. Can it make the *training*
#    error smaller (section 5)?

# %% [markdown]
# ## By hand
# **Resizing** (section 2). A photograph is 400 pixels wide and 300 high.
# Its *shorter* side becomes 256: each side is multiplied by 256 / 300, so
# the width becomes `400 * 256 / 300 = 341.3`, 341 pixels. Of these the
# central 256 are kept: 85 columns are lost, 42 on the left and 43 on the
# right. Nothing is squeezed; a circle stays a circle. (Caffe squeezed the
# whole photograph into 256 x 256.)
#
# **Mean image.** For each of the 256 x 256 x 3 positions, the mean over
# all training images. Two images of two pixels, (10, 50) and (30, 70),
# have the mean image (20, 60). What the network gets is (-10, -10) and
# (10, 10). A test image also has (20, 60) subtracted: the network may not
# know the test images' mean.
#
# **Biases.** A unit of conv2 adds up 1,200 products. With weights of
# standard deviation 0.01 and inputs of about 1, the sum has a standard
# deviation of `0.01 * 1200**0.5 = 0.35`. With bias 0 it is negative, and
# the ReLU is off, for half of the images. With bias 1 it is negative only
# if the sum is below -1, nearly three standard deviations: about 2 images
# in 1,000.

# %%
from math import erf, sqrt

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

from tinyalex import data, learn
from tinyalex.data.decode import square
from tinyalex.layers import (
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
)
from tinyalex.models.init import initialise

images = np.array([[10.0, 50], [30, 70]])
assert np.array_equal(images.mean(axis=0), [20, 60])
assert np.array_equal(images - [20, 60], [[-10, -10], [10, 10]])
photo = Image.fromarray(load_sample_image("flower.jpg"))
off = (1 - erf(1 / 0.35 / sqrt(2))) / 2  # share of a normal below -1
assert 0.001 < off < 0.003

# %% [markdown]
# ## Code
# **Your turn.** A photograph is 640 pixels wide and 427 high. The shorter
# side becomes 256. How wide is it before the crop? (`round` gives a whole
# number.)

# %%
width = round(640 * 256 / 427)  # your turn: the width before the crop
assert abs(width / 256 - photo.width / photo.height) < 0.5 / 256

# %%
rows = {
    "paper": [np.asarray(square(photo, 256))],
    "Caffe": [np.asarray(photo.resize((256, 256)))],
}
learn.draw_images(
    "17-resized", rows, "The centre, or everything squeezed"
)

# %% [markdown]
# Now a small AlexNet on moved digits: four convolutions and two fully
# connected layers. `initialise` draws weights by rules, as a recipe does.


# %%
dataset = data.load("moved-digits")
train = dataset.train.images(np.arange(len(dataset.train)))
test = dataset.test.images(np.arange(len(dataset.test)))
labels, test_labels = dataset.train.labels, dataset.test.labels


def inputs(images, mean):
    """(N, H, W, C) pixels minus a mean, / 64, as (N, C, H, W)."""
    x = (images - mean).astype(np.float32) / 64
    return x.transpose(0, 3, 1, 2)


def network(bias=0.0, weights=("he_normal",), seed=0):
    """The hidden layers after the first start with this bias."""
    layers = [Conv2d(1, 16, 5, padding=2), ReLU(), MaxPool2d(3, 2)]
    for _ in range(3):
        layers += [Conv2d(16, 16, 3, padding=1), ReLU()]
    layers += [MaxPool2d(3, 2), Flatten(), Linear(256, 64), ReLU()]
    net = Sequential([*layers, Linear(64, 10)]).to("numba")
    initialise(
        net, {"*.weight": weights, "*.bias": ("constant", 0)}, seed
    )
    for _, layer in list(net.named_layers())[3:-1]:
        if "bias" in layer.params:
            layer.params["bias"][...] = bias
    return net


x = {
    "positive pixels": inputs(train, 0),
    "mean image subtracted": inputs(train, train.mean(axis=0)),
}
x_test = {
    "positive pixels": inputs(test, 0),
    "mean image subtracted": inputs(test, train.mean(axis=0)),
}
errors = {}
for name in x:
    net = network()
    learn.fit(net, x[name], labels, epochs=5, lr=0.01)
    errors[name] = learn.error(net, x_test[name], test_labels)

# %% [markdown]
# ## Check
# **Prediction 1.** About half as much again. Where all inputs are
# positive, all weights of a unit get gradients of the same sign: for one
# image they can only move up together or down together. (Dividing by 64
# makes the pixels' standard deviation about 1. The paper does not mention
# it: it used weights of 0.01 and pixels up to 255.)

# %%
for name, error in errors.items():
    print(f"{name}: test error {error:.1%}")
raw, centred = errors.values()
assert raw > 1.3 * centred

# %% [markdown]
# **Prediction 2.** With biases of 1 nearly every unit is on at first, so
# every weight gets a gradient, and the loss falls sooner. The paper says
# the same: the first steps become faster, because the ReLUs get positive
# inputs. Our filters have 144 inputs where the paper's have 1,200 to
# 2,304, so we use a standard deviation of 0.05 where the paper has 0.01.

# %%
x, x_test = x["mean image subtracted"], x_test["mean image subtracted"]
PAPER = ("normal", 0.05)
loss_layer = SoftmaxCrossEntropy()
losses = {}
for bias in (0.0, 1.0):
    net = network(bias, PAPER)
    start = [layer for _, layer in net.named_layers()][:6]
    on = np.mean(Sequential(start).forward(x[:200]) > 0)  # of conv3
    loss_layer.forward(net.forward(x[:200]), labels[:200])
    net.backward(loss_layer.backward())
    first = [layer for _, layer in net.named_layers()][0]
    size = np.abs(first.grads["weight"]).mean()
    net = network(bias, PAPER)
    history = learn.fit(net, x, labels, epochs=5, lr=0.01)
    losses[f"bias {bias:g}"] = [progress.loss for progress in history]
    print(
        f"bias {bias:g}: {on:.0%} of the units are on, "
        f"gradient of conv1 {size:.1e}, loss {history[-1].loss:.2f}"
    )
learn.draw_lines("17-biases", losses, "Training loss (nats)", "epoch")
assert losses["bias 1"][-1] < 0.8 * losses["bias 0"][-1]

# %% [markdown]
# **Prediction 3.** It can. The paper says that a little weight decay is
# needed for the network to learn, and that it lowers the training error.
# Here it does so at a large learning rate: weights that a too large step
# has thrown far away come back. At a learning rate of 0.01 our network
# shows no such effect. (The decay is ten times the paper's; we train for
# 8 epochs, not for 90.)

# %%
training_error = {0.0: [], 0.005: []}
for decay, results in training_error.items():
    for seed in range(2):
        history = learn.fit(
            network(seed=seed), x, labels, epochs=8, lr=0.03,
            weight_decay=decay, seed=seed,
        )  # fmt: skip
        results.append(history[-1].error)
    print(f"decay {decay}: training error {np.mean(results):.1%}")
without, with_decay = (np.mean(e) for e in training_error.values())
assert with_decay < without

# %% [markdown]
# ## Break it
# "Biases of 1 are always better." **Wrong.** Take a learning rate three
# times as large. With biases of 1 the units of the last layers have large
# outputs, so the first steps are too large: the units go off, for every
# image, and never come back. The loss stays at that of a guesser,
# `ln 10 = 2.303`. With AlexNet's 1,000 classes it would be
# `ln 1000 = 6.908`. Caffe's version of AlexNet starts with biases of 0.1
# (`train_val.prototxt`).

# %%
for bias in (0.0, 0.1, 1.0):
    net = network(bias, PAPER)
    history = learn.fit(net, x, labels, epochs=4, lr=0.03)
    hidden = [layer for _, layer in net.named_layers()][:-1]
    on = np.mean(Sequential(hidden).forward(x[:200]) > 0)
    print(
        f"bias {bias:g}: loss {history[-1].loss:.2f}, "
        f"{on:.0%} of the last hidden units are on"
    )
    if bias == 1:
        assert abs(history[-1].loss - np.log(10)) < 0.05 and on < 0.01
    else:
        assert history[-1].loss < 1.2

# %% [markdown]
# ## Try next
# - Subtract one number, the mean of all pixels, instead of the mean
#   image. Is the error between the other two?
# - With which standard deviation of the weights do biases of 1 make no
#   difference?
# - Which weight decay is so large that the network learns nothing?
