# %% [markdown]
# # 15 Look inside: filters, neighbours, saliency
#
# **After it you can** show what the first layer looks for, which images a network takes for alike,
# and which pixels an answer hangs on.
#
# **Needs** lessons 03 and 13 (its first network; without it, it is trained here). **Minutes** 30.

# %% [markdown]
# ## Predict
# For a test image you look for the five nearest training images, once by their pixels, once by the
# network's last hidden layer (paper, section 6.1 and figure 4). The digits lie anywhere in their
# images. How many of the five show the same digit, by pixels and by features?

# %% [markdown]
# ## By hand
# Pictures of four pixels: a = (1, 0, 0, 0), a moved by one pixel m = (0, 1, 0, 0), and another sign
# o = (1, 0, 0, 1). Their distances: |a - m| = sqrt(1 + 1) = 1.41, |a - o| = 1. By pixels the other
# sign is nearer than the same one a little further right.
#
# The logit w x + b with w = (3, 0, -2, 1) has d(logit)/dx = w: the first pixel counts most, the
# second not at all. In a deep network it depends on x; backward gives it, if it goes on through
# the first layer to the image.

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import data, learn, models, report, training
from tinyalex.layers import Linear, Sequential

a, m, o = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 1]])
assert np.linalg.norm(a - o) < np.linalg.norm(a - m) < 1.42
line = Linear(4, 1)
line.params["weight"] = np.array([[3.0, 0, -2, 1]])
line.forward(a[None])
assert np.array_equal(line.backward(np.ones((1, 1))), [[3, 0, -2, 1]])

# %% [markdown]
# ## Code
# The filters of the first layer, as in figure 3. AlexNet's saw photographs: edges and colours.

# %%
run = training.load_run(learn.trained(0))
net, backend, recipe = run.model, run.backend, run.config.recipe
weight, _ = report.first_filters(net)
figure = Figure(figsize=(8, 0.55 * len(weight) // 8 * 2 + 0.6), layout="constrained")
for picture, axes in zip(weight, figure.subplots(len(weight) // 8, 8).flat, strict=True):
    low, high = picture.min(), picture.max()  # each has its own range: what it looks for shows
    axes.imshow(((picture - low) / (high - low)).transpose(1, 2, 0), cmap="gray")
    axes.set_axis_off()
figure.suptitle(f"{len(weight)} filters of the first layer, after training on {run.config.data}")
learn.show(figure, "15-filters")


# %% [markdown]
# Now the images as the network gets them, and the last hidden layer: all layers but the last.
# %%
def prepared(split, n):
    mean, size = run.statistics.mean(recipe.mean), recipe.crop
    part = split.subset(np.arange(min(n, len(split))))
    loader = data.Loader(
        part, backend, 250, crop=size, mean=mean, scale=recipe.scale, training=False
    )
    return np.concatenate([backend.to_host(x) for x, _ in loader.epoch(0)]), part.labels


def features(network, x):
    front = Sequential([layer for _, layer in network.named_layers()][:-1]).eval()
    parts = [front.forward(backend.asarray(x[i : i + 250])) for i in range(0, len(x), 250)]
    return np.concatenate([backend.to_host(part) for part in parts])


def nearest(queries, known, k=5):
    """Rows of the k nearest by Euclidean distance, the nearest first."""
    a, b = (y.reshape(len(y), -1).astype(np.float64) for y in (queries, known))
    squares = (a**2).sum(axis=1)[:, None] - 2 * a @ b.T + (b**2).sum(axis=1)
    return np.argsort(squares, axis=1, kind="stable")[:, :k]


dataset = training.load_dataset(run.config)
known, known_labels = prepared(dataset.train, 5000)
x, labels = prepared(dataset.test, 300)
untrained = models.build(net.name, seed=1, in_channels=x.shape[1], image_size=x.shape[2]).to(
    backend
)
neighbours = {"pixels": nearest(x, known)}
for name, network in (("untrained features", untrained), ("features", net)):
    neighbours[name] = nearest(features(network, x), features(network, known))

# %%
figure = Figure(figsize=(8, 5.2), layout="constrained")
rows = [np.flatnonzero(labels == label)[0] for label in range(6)]
for row, line in zip(rows, figure.subplots(6, 11), strict=True):
    found = [*neighbours["features"][row], *neighbours["pixels"][row]]
    images = [*dataset.test.images(np.array([row])), *dataset.train.images(np.array(found))]
    for i, (axes, image) in enumerate(zip(line, images, strict=True)):
        axes.imshow(image, cmap="gray")
        axes.set(xticks=[], yticks=[])
        right = i == 0 or known_labels[found[i - 1]] == labels[row]
        axes.spines[:].set(color="tab:green" if right else "tab:red", linewidth=1 + 2 * (i > 0))
        if row == rows[0]:
            axes.set_title({0: "test", 3: "by features", 8: "by pixels"}.get(i, ""), fontsize=10)
figure.suptitle("The five nearest training images; red: another class")
learn.show(figure, "15-neighbours")

# %% [markdown]
# Saliency (Simonyan, Vedaldi and Zisserman, 2013): the size of d(logit)/dx, pixel by pixel.
# Training skips this step (`needs_dx`), because nobody changes the image.


# %%
def gradient(x, weights):
    """d(weighted sum of the logits)/dx for each image."""
    net.forward(backend.asarray(x))
    return backend.to_host(net.backward(backend.asarray(weights.astype(np.float32))))


one_hot = np.eye(net.num_classes)[labels]
saliency = np.abs(gradient(x, one_hot)).max(axis=1)  # (N, H, W)
figure = Figure(figsize=(8, 2.9), layout="constrained")
for row, (top, bottom) in zip(rows, figure.subplots(2, 6).T, strict=True):
    shown = x[row] - x[row].min()
    top.imshow((shown / shown.max()).transpose(1, 2, 0), cmap="gray")
    bottom.imshow(saliency[row], cmap="inferno")
    top.set(title=dataset.classes[labels[row]], xticks=[], yticks=[])
    bottom.set(xticks=[], yticks=[])
figure.suptitle("What the network sees, and the pixels on which its answer hangs (bright)")
learn.show(figure, "15-saliency")

# %% [markdown]
# ## Check
# Do neighbours by features agree with the label more often? And do the salient pixels matter? Put
# the mean image (0) in place of a tenth of the pixels: the most salient ones, or any.

# %%
agree = {
    name: (known_labels[found] == labels[:, None]).mean() for name, found in neighbours.items()
}
print("same class:", ", ".join(f"by {name} {share:.0%}" for name, share in agree.items()))
assert (
    agree["features"] > agree["pixels"] + 0.05 and agree["features"] > agree["untrained features"]
)


def right(x):
    return float((backend.to_host(net.forward(backend.asarray(x))).argmax(axis=1) == labels).mean())


chance = np.random.default_rng(0).random(saliency.shape)
for name, order in (("salient", saliency), ("any", chance)):
    limit = np.quantile(order.reshape(len(x), -1), 0.9, axis=1)[:, None, None]
    print(f"without a tenth of the pixels, {name}: {right(x * (order < limit)[:, None]):.0%} right")

# %% [markdown]
# ## Break it
# "What is right for an image is right for one that looks the same." **Wrong.** Move each pixel a
# little *against* the right class and towards the runner-up: the sign of a gradient suffices
# (Goodfellow, Shlens and Szegedy, 2014). As large a change with random signs does much less.

# %%
logits = backend.to_host(net.forward(backend.asarray(x)))
others = np.where(one_hot == 1, -np.inf, logits).argmax(axis=1)
against = np.sign(gradient(x, np.eye(net.num_classes)[others] - one_hot))
signs = np.where(np.random.default_rng(1).random(x.shape) < 0.5, -1, 1).astype(x.dtype)
step = 0.15 * x.std()
fooled, noisy = right(x + step * against), right(x + step * signs)
print(
    f"{right(x):.0%} right; after small steps {noisy:.0%} (random), {fooled:.0%} (by the gradient)"
)
assert fooled < noisy - 0.1

# %% [markdown]
# ## Try next
# Saliency of a *wrong* answer. Neighbours by the first fully connected layer, or by the logits.
# `TINYALEX_LESSON_DATA=cifar10`: filters in colour, and neighbours that share a class, not a pixel.
