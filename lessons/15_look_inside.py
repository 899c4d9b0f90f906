# %% [markdown]
# # 15 Look inside: filters, neighbours, saliency
#
# **After it you can** show what a network looks for, which images it
# finds similar, and which pixels decide its answer.
#
# **Needs** lessons 03 and 13 (a missing network is trained here).
# **Minutes** 30.

# %% [markdown]
# ## Predict
# You look for the five training images that are nearest to a test image.
# You can compare pixels, the last hidden layer (paper, section 6.1,
# figure 4), or the same layer of an untrained network. In each case, how
# many of the five show the right class?

# %% [markdown]
# ## By hand
# Four pixels: a = (1, 0, 0, 0). Moved by one pixel it is m = (0, 1, 0,
# 0). Another shape is o = (1, 0, 0, 1). |a - m| = sqrt(1 + 1) = 1.41 and
# |a - o| = 1. So by pixels, the other shape is nearer than the same shape
# moved.
#
# The logit w x + b with w = (3, 0, -2, 1) has d(logit)/dx = w: the first
# pixel matters most, the second not at all. In a deep network this
# gradient depends on x, and the backward pass computes it.

# %%
import numpy as np
from matplotlib.figure import Figure
from sklearn.neighbors import NearestNeighbors

from tinyalex import learn, models, report, training
from tinyalex.layers import Flatten, Linear, Sequential

a, m, o = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 1]])
assert np.linalg.norm(a - o) < np.linalg.norm(a - m) < 1.42
linear = Linear(4, 1)
linear.params["weight"] = np.array([[3.0, 0, -2, 1]])
linear.forward(a[None])
assert np.array_equal(linear.backward(np.ones((1, 1))), [[3, 0, -2, 1]])


# %% [markdown]
# ## Code
# The filters of the first layer, as in figure 3. AlexNet's learned edges
# and colours from photographs. With only a few small digits, much of the
# random initial weights remains.


# %%
def draw(axis, image, title="", cmap="gray"):
    """An image (C, H, W), scaled so that its smallest value is 0 and its largest 1."""
    scaled = (image - image.min()) / np.ptp(image)
    axis.imshow(scaled.transpose(1, 2, 0), cmap=cmap)
    axis.set(title=title, xticks=[], yticks=[])


run = training.load_run(learn.trained(0))
net, backend = run.model, run.backend
filters, _ = report.first_filters(net)
figure = Figure(
    figsize=(8, 0.13 * len(filters) + 0.5), layout="constrained"
)
for image, axis in zip(
    filters, figure.subplots(len(filters) // 8, 8).flat, strict=True
):
    draw(axis, image)
figure.suptitle(
    f"{len(filters)} filters of the first layer, {run.config.data}"
)
learn.show(figure, "15-filters")

# %% [markdown]
# Now the images as the network gets them, and its features: the output of
# all layers but the last.


# %%
def network_input(split, n):
    """The first n images as the network gets them, and their labels."""
    subset = split.subset(np.arange(min(n, len(split))))
    loader = run.preprocessing.loader(subset, backend, 250)
    batches = [backend.to_host(x) for x, _ in loader.epoch(0)]
    return np.concatenate(batches), subset.labels


def output(layer, x):
    """The layer's output for all images, computed in batches of 250."""
    batches = [
        layer.forward(backend.asarray(x[i : i + 250]))
        for i in range(0, len(x), 250)
    ]
    return np.concatenate([backend.to_host(batch) for batch in batches])


def all_but_the_last(net):
    return Sequential(
        [layer for _, layer in net.eval().named_layers()][:-1]
    )


dataset = training.load_dataset(run.config)
x_train, train_labels = network_input(dataset.train, 5000)
x, labels = network_input(dataset.test, 300)
untrained = models.build(
    net.name, seed=1, in_channels=x.shape[1], image_size=x.shape[2]
).to(backend)
neighbours = {}
for name, layer in (
    ("features", all_but_the_last(net)),
    ("untrained features", all_but_the_last(untrained)),
    ("pixels", Flatten()),
):
    search = NearestNeighbors(n_neighbors=5).fit(
        output(layer, x_train)
    )  # Euclidean distance
    neighbours[name] = search.kneighbors(
        output(layer, x), return_distance=False
    )

# %%
figure = Figure(figsize=(8, 5.2), layout="constrained")
shown = [
    np.flatnonzero(labels == label)[0] for label in (2, 3, 5, 7, 8, 9)
]
grid = figure.subplots(6, 11)
for i, axes in zip(shown, grid, strict=True):
    draw(
        axes[0], dataset.test.images(np.array([i]))[0].transpose(2, 0, 1)
    )
    nearest = np.concatenate(
        [neighbours["features"][i], neighbours["pixels"][i]]
    )
    for j, axis in zip(nearest, axes[1:], strict=True):
        draw(
            axis,
            dataset.train.images(np.array([j]))[0].transpose(2, 0, 1),
        )
        colour = (
            "tab:green" if train_labels[j] == labels[i] else "tab:red"
        )
        axis.spines[:].set(color=colour, linewidth=3)
grid[0, 0].set_title("test")
grid[0, 3].set_title("by features")
grid[0, 8].set_title("by pixels")
figure.suptitle(
    "The five nearest training images (green: same class, red: another class)"
)
learn.show(figure, "15-neighbours")


# %% [markdown]
# **Saliency** (Simonyan, Vedaldi and Zisserman, 2013) is the absolute
# value of d(logit)/dx for each pixel. Training does not need the gradient
# of the images and skips it (`needs_dx`).


# %%
def gradient(x, dlogits):
    """The gradient with respect to the images, given that with respect to the logits."""
    net.forward(backend.asarray(x))
    return backend.to_host(
        net.backward(backend.asarray(dlogits.astype(np.float32)))
    )


one_hot = np.eye(net.num_classes)[labels]
saliency = np.abs(gradient(x, one_hot)).max(axis=1)  # (N, H, W)
figure = Figure(figsize=(8, 2.9), layout="constrained")
for i, (above, below) in zip(shown, figure.subplots(2, 6).T, strict=True):
    draw(above, x[i], dataset.classes[labels[i]])
    draw(below, saliency[i][None], cmap="inferno")
figure.suptitle(
    "What the network gets, and the pixels that decide its answer (bright)"
)
learn.show(figure, "15-saliency")

# %% [markdown]
# ## Check
# Do neighbours by features have the right class more often? Do salient
# pixels matter? We replace a tenth of the pixels by the mean image (0):
# once the most salient ones, once random ones.

# %%
same_class = {name: np.mean(train_labels[nearest] == labels[:, None])
              for name, nearest in neighbours.items()}  # fmt: skip
for name, share in same_class.items():
    print(f"neighbours by {name}: {share:.0%} have the right class")
assert same_class["features"] > same_class["pixels"] + 0.05
assert same_class["features"] > same_class["untrained features"] + 0.05

random_order = np.random.default_rng(0).random(saliency.shape)
accuracy = {}
for name, order in (("most salient", saliency), ("random", random_order)):
    kept = order < np.quantile(order, 0.9, axis=(1, 2), keepdims=True)
    answers = output(net, x * kept[:, None]).argmax(axis=1)
    accuracy[name] = np.mean(answers == labels)
    print(
        f"the {name} tenth of the pixels replaced: {accuracy[name]:.0%} accuracy"
    )
assert accuracy["most salient"] < accuracy["random"] - 0.05

# %% [markdown]
# ## Break it
# "What looks the same to you is the same to the network." **Wrong.**
# Change each pixel by a small step: once with a random sign, once with
# the sign of the gradient towards the second most probable class
# (Goodfellow et al., 2014).

# %%
logits = output(net, x)
wrong_class = np.where(one_hot == 1, -np.inf, logits).argmax(axis=1)
towards_it = np.sign(
    gradient(x, np.eye(net.num_classes)[wrong_class] - one_hot)
)
random_signs = np.sign(
    np.random.default_rng(1).random(x.shape, dtype=np.float32) - 0.5
)
accuracy = {}
for name, signs in (
    ("unchanged", 0),
    ("random signs", random_signs),
    ("gradient", towards_it),
):
    answers = output(net, x + 0.15 * x.std() * signs).argmax(axis=1)
    accuracy[name] = np.mean(answers == labels)
    print(f"{name}: {accuracy[name]:.0%} accuracy")
assert accuracy["gradient"] < accuracy["random signs"] - 0.1

# %% [markdown]
# ## Try next
# - Draw the saliency of a *wrong* answer.
# - Find neighbours by the first fully connected layer, or by the logits.
#   Which is best?
# - `TINYALEX_LESSON_DATA=cifar10`: filters with colour, and neighbours
#   that do not share their pixels.
