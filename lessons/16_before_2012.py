# %% [markdown]
# # 16 Before 2012: hand-crafted features
#
# **After it you can** compute two famous hand-crafted features, say where
# they fail, and explain why networks that learn their features did
# better.
#
# **Needs** Python and a little NumPy. **Minutes** 25.

# %% [markdown]
# ## Predict
# In ILSVRC 2012 the second-best team used hand-crafted features and
# linear classifiers. Its top-5 error was 26.2 %. The paper's networks had
# 15.3 % (abstract and section 6).
#
# Here are real digits. Each is at a random position in a larger image,
# because nobody centres photographs for you. Guess the test error of (1)
# hand-crafted features with a linear classifier, (2) one small CNN, (3)
# three CNNs together.

# %% [markdown]
# ## By hand
# **HOG** (Dalal and Triggs, 2005) divides an image into cells. In each
# cell it counts the directions in which the image gets brighter, weighted
# by how much. Take a plane that grows by 3 per row and by 3 per column.
# The two vertical neighbours of a pixel differ by 6, and so do the
# horizontal ones: an angle of 45 degrees. Nine bins share 180 degrees, 20
# each, so all the weight is in the third bin.
#
# **LBP** (Ojala, 1996) gives each of a pixel's 8 neighbours one bit: 1 if
# the neighbour is at least as bright as the pixel. It starts on the right
# and goes anticlockwise. If the first four (right, upper right, above,
# upper left) are bright, the code is 1 + 2 + 4 + 8 = 15.

# %%
import numpy as np
from skimage.feature import hog, local_binary_pattern
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

plane = 3.0 * np.add.outer(np.arange(12), np.arange(12))
middle = hog(plane, 9, (4, 4), (1, 1), feature_vector=False)[1, 1, 0, 0]
print("HOG of the middle cell:", middle.round(2))
assert middle.argmax() == 2
assert np.delete(middle, 2).max() == 0

bright_above = np.array([[9, 9, 9], [1, 5, 9], [1, 1, 1]], dtype=np.uint8)
assert local_binary_pattern(bright_above, P=8, R=1)[1, 1] == 15

# %% [markdown]
# ## Code
# The images, and what HOG sees in them: the edges in each cell of 4 x 4
# pixels, even faint ones.

# %%
from matplotlib.figure import Figure

from tinyalex import backends, data, learn
from tinyalex.evaluation import mean_probability, softmax
from tinyalex.layers import (
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)


def moved(split, copies, margin, seed=0):
    """Place each digit at random positions in a black image that is `margin` pixels larger."""
    images = np.pad(
        split.images(np.arange(len(split))),
        ((0, 0), (0, margin), (0, margin), (0, 0)),
    )
    images = np.tile(images, (copies, 1, 1, 1))
    shifts = np.random.default_rng(seed).integers(
        0, margin + 1, (len(images), 2)
    )
    for i, shift in enumerate(shifts):
        images[i] = np.roll(images[i], shift, axis=(0, 1))
    return images, np.tile(split.labels, copies)


def hog_features(images):
    cell = 8 if images.shape[1] == 32 else 4  # the best of those tried
    return [
        hog(image, 9, (cell, cell), (2, 2), channel_axis=-1)
        for image in images
    ]


def lbp_features(images):
    """The share of each of the ten uniform patterns in each cell of 4 x 4 pixels."""
    grey = images.mean(axis=3).astype(np.uint8)
    codes = np.stack(
        [local_binary_pattern(image, 8, 1, "uniform") for image in grey]
    )
    N, H, W = codes.shape
    is_pattern = codes[..., None] == np.arange(10)  # (N, H, W, 10)
    cells = is_pattern.reshape(N, H // 4, 4, W // 4, 4, 10)
    return cells.mean(axis=(2, 4)).reshape(N, -1)


dataset = learn.dataset()
digits = data.load("digits")
if dataset.name == "digits":
    train, train_labels = moved(digits.train, copies=1, margin=4)
    test, test_labels = moved(digits.test, copies=5, margin=4, seed=1)
else:
    train, train_labels = (
        dataset.train.images(np.arange(4000)),
        dataset.train.labels[:4000],
    )
    test, test_labels = (
        dataset.test.images(np.arange(2000)),
        dataset.test.labels[:2000],
    )

figure = Figure(figsize=(8, 3.7), layout="constrained")
for i, (above, below) in enumerate(figure.subplots(2, 5).T):
    name = dataset.classes[train_labels[i]]
    above.imshow(train[i], cmap="gray")
    above.set(title=name, xticks=[], yticks=[])
    below.imshow(train[i], cmap="gray", alpha=0.5)
    below.set(title=f"{name}: HOG", xticks=[], yticks=[])

    strength = hog(train[i], 9, (4, 4), (1, 1), channel_axis=-1)
    cells = len(train[i]) // 4
    row, column, bin = np.indices((cells, cells, 9)).reshape(3, -1)
    angle = np.deg2rad(
        20 * bin + 10
    )  # of the gradient; the edge is perpendicular to it
    dx, dy = -strength * np.sin(angle), strength * np.cos(angle)
    below.quiver(4 * column + 1.5, 4 * row + 1.5, dx, dy, color="r", width=0.012,
                 angles="xy", scale_units="xy", scale=0.25, pivot="mid",
                 headwidth=0, headaxislength=0, headlength=0, minlength=0)  # fmt: skip
learn.show(figure, "16-hog")


# %% [markdown]
# The features go to a linear classifier: a support vector machine (SVM)
# or softmax regression. We choose its parameter C on the *test* images.
# That is cheating, in favour of the hand-crafted features.


# %%
def lowest_error(
    Classifier, values_of_C, features, test_features, **settings
):
    errors = []
    for C in values_of_C:
        classifier = Classifier(C=C, **settings).fit(
            features, train_labels
        )
        errors.append(
            float(
                (classifier.predict(test_features) != test_labels).mean()
            )
        )
    return min(errors)


lbp, lbp_test = lbp_features(train), lbp_features(test)
hogs, hogs_test = hog_features(train), hog_features(test)
errors = {
    "LBP, SVM": lowest_error(LinearSVC, (0.1, 1), lbp, lbp_test),
    "HOG, SVM": lowest_error(LinearSVC, (0.1, 1), hogs, hogs_test),
    "HOG, softmax": lowest_error(
        LogisticRegression, (1, 10), hogs, hogs_test, max_iter=300
    ),
}
best_by_hand = min(errors.values())

# %%
# The three networks get the pixels. They differ only in their initial weights.
mean, std = train.mean(), train.std()


def network_input(images):
    """Standardised pixels, (N, H, W, C) -> (N, C, H, W)."""
    return (
        ((images - mean) / std).astype(np.float32).transpose(0, 3, 1, 2)
    )


x, x_test = network_input(train), network_input(test)
single, probabilities = [], []
for seed in range(3):
    layers = [
        Conv2d(x.shape[1], 16, 5, padding=2, seed=seed),
        ReLU(),
        MaxPool2d(3, 2),
    ]
    layers += [
        Conv2d(16, 32, 5, padding=2, seed=seed),
        ReLU(),
        MaxPool2d(3, 2),
        Flatten(),
    ]
    width = Sequential(layers).output_shape(x.shape)[1]
    layers += [
        Linear(width, 64, seed=seed),
        ReLU(),
        Linear(64, 10, seed=seed),
    ]
    net = Sequential(layers).to(backends.get("numba"))
    for epochs, lr in ((7, 0.01), (2, 0.001)):
        learn.fit(
            net,
            x,
            train_labels,
            epochs=epochs,
            lr=lr,
            weight_decay=5e-4,
            seed=seed,
        )
    single.append(learn.error(net, x_test, test_labels))
    probabilities.append(softmax(np, net.forward(x_test)))
errors["one CNN (mean)"] = float(np.mean(single))
answers = mean_probability(probabilities).argmax(axis=1)
errors["three CNNs"] = float((answers != test_labels).mean())

# %% [markdown]
# ## Check
# The order is the paper's: hand-crafted features, one network, several
# networks together.

# %%
for name, error in errors.items():
    print(f"{name:<15} {error:6.1%}")
assert max(single) < best_by_hand  # even the worst of the three
assert errors["three CNNs"] < errors["one CNN (mean)"]

# %% [markdown]
# ## Break it
# "Networks always win." **Wrong.** HOG's fixed cells assume that the
# digit is centred. Where every digit is, HOG is hard to beat. When the
# digits move, the assumption fails, and no linear classifier can repair
# that.

# %%
train, train_labels = moved(digits.train, copies=1, margin=0)
test, test_labels = moved(digits.test, copies=1, margin=0)
centred = lowest_error(
    LinearSVC, (0.1, 1), hog_features(train), hog_features(test)
)
print(f"HOG, SVM, centred digits: {centred:.1%}")
assert centred < 0.03 and centred < best_by_hand / 2

# %% [markdown]
# ## Try next
# - Add LBP to HOG (`np.hstack`). Does the error fall?
# - Try other cell sizes. Which is best, and on which images may you
#   choose it?
# - `TINYALEX_LESSON_DATA=cifar10` shows the same order on photographs, in
#   a few minutes.
