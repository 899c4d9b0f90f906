# %% [markdown]
# # 15 Look inside: filters, neighbours, saliency
#
# **After it you can** show what a network looks for, what it takes for alike, and why it says so.
#
# **Needs** lessons 03 and 13 (its first network; without it, it is trained here). **Minutes** 30.

# %% [markdown]
# ## Predict
# You look for the five training images that are nearest to a test image: by pixels, by the last
# hidden layer (paper, section 6.1, figure 4), or by that layer of a network that was not trained.
# How many of the five show the same class?

# %% [markdown]
# ## By hand
# Four pixels: a = (1, 0, 0, 0), the same moved by one, m = (0, 1, 0, 0), another, o = (1, 0, 0, 1).
# |a - m| = sqrt(1 + 1) = 1.41, |a - o| = 1: by pixels, the other is nearer than the same moved.
#
# The logit w x + b with w = (3, 0, -2, 1) has d(logit)/dx = w: the first pixel counts most, the
# second not at all. In a deep network it depends on x, and backward gives it.

# %%
import numpy as np
from matplotlib.figure import Figure
from sklearn.neighbors import NearestNeighbors

from tinyalex import learn, models, report, training
from tinyalex.layers import Flatten, Linear, Sequential
from tinyalex.training.setup import make_loader

a, m, o = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 1]])
assert np.linalg.norm(a - o) < np.linalg.norm(a - m) < 1.42
line = Linear(4, 1)
line.params["weight"] = np.array([[3.0, 0, -2, 1]])
line.forward(a[None])
assert np.array_equal(line.backward(np.ones((1, 1))), [[3, 0, -2, 1]])


# %% [markdown]
# ## Code
# The filters of the first layer, as in figure 3. AlexNet's found edges and colours in photographs.
# So few small digits leave much of the random start.
# %%
def draw(axes, picture, title="", cmap="gray"):
    """A picture (C, H, W), stretched from its smallest to its largest value."""
    axes.imshow((picture - picture.min()).transpose(1, 2, 0) / np.ptp(picture), cmap=cmap)
    axes.set(title=title, xticks=[], yticks=[])


run = training.load_run(learn.trained(0))
net, backend = run.model, run.backend
weight, _ = report.first_filters(net)
figure = Figure(figsize=(8, 0.13 * len(weight) + 0.5), layout="constrained")
for picture, axes in zip(weight, figure.subplots(len(weight) // 8, 8).flat, strict=True):
    draw(axes, picture)
figure.suptitle(f"{len(weight)} filters of the first layer, {run.config.data}")
learn.show(figure, "15-filters")


# %% [markdown]
# Now the images as the network gets them, and the last hidden layer: all layers but the last.
# %%
def prepared(split, n):
    part = split.subset(np.arange(min(n, len(split))))
    batches = make_loader(part, backend, run.config.recipe, run.statistics, 250).epoch(0)
    return np.concatenate([backend.to_host(x) for x, _ in batches]), part.labels


def outputs(layer, x):
    parts = (layer.forward(backend.asarray(x[i : i + 250])) for i in range(0, len(x), 250))
    return np.concatenate([backend.to_host(part) for part in parts])


dataset = training.load_dataset(run.config)
(known, known_labels), (x, labels) = prepared(dataset.train, 5000), prepared(dataset.test, 300)
fresh = models.build(net.name, seed=1, in_channels=x.shape[1], image_size=x.shape[2]).to(backend)
trained, untrained = ([y for _, y in n.eval().named_layers()][:-1] for n in (net, fresh))
spaces, neighbours = {"features": trained, "untrained": untrained, "pixels": [Flatten()]}, {}
for name, layers in spaces.items():
    search = NearestNeighbors(n_neighbors=5).fit(outputs(Sequential(layers), known))  # Euclidean
    neighbours[name] = search.kneighbors(outputs(Sequential(layers), x), return_distance=False)

# %%
figure = Figure(figsize=(8, 5.2), layout="constrained")
rows = [np.flatnonzero(labels == label)[0] for label in (2, 3, 5, 7, 8, 9)]
for row, line in zip(rows, figure.subplots(6, 11), strict=True):
    found = np.concatenate([neighbours["features"][row], neighbours["pixels"][row]])
    images = [*dataset.test.images(np.array([row])), *dataset.train.images(found)]
    colours = np.where(known_labels[found] == labels[row], "tab:green", "tab:red")
    for axes, image, colour in zip(line, images, ["white", *colours], strict=True):
        draw(axes, image.transpose(2, 0, 1))
        axes.spines[:].set(color=colour, linewidth=3)
    for column, title in ((0, "test"), (3, "by features"), (8, "by pixels")):
        line[column].set_title(title if row == rows[0] else "")
figure.suptitle("The five nearest training images: green, the same class; red, another")
learn.show(figure, "15-neighbours")


# %% [markdown]
# Saliency (Simonyan, Vedaldi and Zisserman, 2013): the size of d(logit)/dx, pixel by pixel.
# Training skips this last step (`needs_dx`): it has no use for it.
# %%
def gradient(x, weights):  # of the weighted sum of an image's logits
    net.forward(backend.asarray(x))
    return backend.to_host(net.backward(backend.asarray(weights.astype(np.float32))))


one_hot = np.eye(net.num_classes)[labels]
saliency = np.abs(gradient(x, one_hot)).max(axis=1)  # (N, H, W)
figure = Figure(figsize=(8, 2.9), layout="constrained")
for row, (top, bottom) in zip(rows, figure.subplots(2, 6).T, strict=True):
    draw(top, x[row], dataset.classes[labels[row]])
    draw(bottom, saliency[row][None], cmap="inferno")
figure.suptitle("What the network gets, and the pixels on which its answer hangs (bright)")
learn.show(figure, "15-saliency")

# %% [markdown]
# ## Check
# Do neighbours by features share the label more often? Do the salient pixels matter? Put the mean
# image (0) in place of a tenth of the pixels: the most salient ones, or any.

# %%
same = {name: np.mean(labels == known_labels[rows].T) for name, rows in neighbours.items()}
print("same class, by", ", ".join(f"{name}: {share:.0%}" for name, share in same.items()))
assert same["features"] > max(same["pixels"], same["untrained"]) + 0.05
chance = np.random.default_rng(0).random(saliency.shape)
kept = []
for name, order in (("the most salient", saliency), ("any", chance)):
    below = order < np.quantile(order, 0.9, axis=(1, 2), keepdims=True)
    kept.append(np.mean(outputs(net, x * below[:, None]).argmax(axis=1) == labels))
    print(f"a tenth of the pixels replaced, {name}: {kept[-1]:.0%} right")
assert kept[0] < kept[1] - 0.05

# %% [markdown]
# ## Break it
# "What looks the same to you is the same to the network." **Wrong.** Each pixel takes a small step
# by the sign of a gradient, towards the runner-up (Goodfellow et al., 2014), or by a random sign.

# %%
runner_up = np.where(one_hot == 1, -np.inf, outputs(net, x)).argmax(axis=1)
against = np.sign(gradient(x, np.eye(net.num_classes)[runner_up] - one_hot))
signs = np.sign(np.random.default_rng(1).random(x.shape, dtype=np.float32) - 0.5)
moved = (outputs(net, x + 0.15 * x.std() * step) for step in (0, signs, against))
before, noisy, fooled = (np.mean(logits.argmax(axis=1) == labels) for logits in moved)
print(f"right: {before:.0%}; random signs {noisy:.0%}; the gradient's signs {fooled:.0%}")
assert fooled < noisy - 0.1

# %% [markdown]
# ## Try next
# Saliency of a *wrong* answer; neighbours by the first fully connected layer, or by the logits.
# `TINYALEX_LESSON_DATA=cifar10`: filters in colour, neighbours that share more than pixels.
