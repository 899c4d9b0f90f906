# %% [markdown]
# # 16 Before 2012: hand-crafted features
#
# **After it you can** compute two famous hand-crafted features, say where
# they fail, and explain why networks that learn their features did
# better.
#
# **Needs** lessons 00 and 14. **Minutes** 30.

# %% [markdown]
# ## Predict
# Lesson 00 had ten neurons that saw pixels. Before 2012 the neurons saw
# *features*: numbers that somebody had invented. In ILSVRC 2012 the
# second-best team worked in this way. Its top-5 error was 26.2 %. The
# paper's networks had 15.3 % (abstract and section 6).
#
# Here are real digits. Each is at a random position in a larger image,
# because nobody centres photographs for you. Guess the test error of
#
# 1. hand-crafted features with a linear classifier,
# 2. one small CNN,
# 3. three CNNs together.

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
    """Each digit somewhere in a black image, `margin` pixels larger."""
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
    """The share of each of the ten uniform patterns, per cell."""
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

examples = [train[train_labels == label][0] for label in range(5)]
edges = [hog(image, 9, (4, 4), (1, 1), channel_axis=-1, visualize=True)[1]
         for image in examples]  # fmt: skip
rows = {"image": examples, "HOG": edges}
learn.draw_images(
    "16-hog", rows, "What HOG keeps: edges and their directions"
)

# %% [markdown]
# **Your turn.** HOG divides an image of 20 x 20 pixels into cells of 4 x
# 4 pixels. Each block has 2 x 2 cells, the blocks overlap by one cell,
# and each cell of a block has 9 numbers. How many numbers are that?

# %%
count = 4 * 4 * (2 * 2) * 9  # your turn: numbers that HOG gives per image
assert count == hog(np.zeros((20, 20)), 9, (4, 4), (2, 2)).size

# %% [markdown]
# The features go to a linear classifier: a support vector machine (SVM)
# or softmax regression. We choose its parameter C on the *test* images.
# That is cheating, in favour of the hand-crafted features.


# %%
def lowest_error(classifiers, features, test_features):
    errors = []
    for classifier in classifiers:
        answers = classifier.fit(features, train_labels)
        answers = answers.predict(test_features)
        errors.append(float(np.mean(answers != test_labels)))
    return min(errors)


svms = [LinearSVC(C=C) for C in (0.1, 1)]
softmaxes = [LogisticRegression(C=C, max_iter=300) for C in (1, 10)]
lbp, lbp_test = lbp_features(train), lbp_features(test)
hogs, hogs_test = hog_features(train), hog_features(test)
errors = {
    "LBP, SVM": lowest_error(svms, lbp, lbp_test),
    "HOG, SVM": lowest_error(svms, hogs, hogs_test),
    "HOG, softmax": lowest_error(softmaxes, hogs, hogs_test),
}
best_by_hand = min(errors.values())

# %%
# The three networks get the pixels; only their initial weights differ.
mean, std = train.mean(), train.std()


def network_input(images):
    """Standardised pixels, (N, H, W, C) -> (N, C, H, W)."""
    return (
        ((images - mean) / std).astype(np.float32).transpose(0, 3, 1, 2)
    )


x, x_test = network_input(train), network_input(test)


def network(seed):
    layers = [Conv2d(x.shape[1], 16, 5, padding=2, seed=seed), ReLU()]
    layers += [MaxPool2d(3, 2), Conv2d(16, 32, 5, padding=2, seed=seed)]
    layers += [ReLU(), MaxPool2d(3, 2), Flatten()]
    width = Sequential(layers).output_shape(x.shape)[1]
    layers += [Linear(width, 64, seed=seed), ReLU()]
    layers += [Linear(64, 10, seed=seed)]
    return Sequential(layers).to(backends.get("numba"))


single, probabilities = [], []
for seed in range(3):
    net = network(seed)
    same = {"weight_decay": 5e-4, "seed": seed}
    learn.fit(net, x, train_labels, epochs=7, lr=0.01, **same)
    learn.fit(net, x, train_labels, epochs=2, lr=0.001, **same)
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
# **Prediction 1.** About 9 % with the best of them. That is far better
# than pixels (lesson 00: 28 % on moved digits): HOG sees edges, and small
# movements within a cell change little.
#
# **Prediction 2.** About a quarter of that. The network has learned its
# own features, and pooling makes them tolerate movements.
#
# **Prediction 3.** Less again: the networks' mistakes differ (lesson 14).

# %%
assert 0.05 < best_by_hand < 0.15
assert errors["one CNN (mean)"] < 0.5 * best_by_hand

# %% [markdown]
# ## Break it
# "Networks always win." **Wrong.** HOG's fixed cells assume that the
# digit is centred. Where every digit is, HOG is hard to beat. When the
# digits move, the assumption fails, and no linear classifier can repair
# that.

# %%
train, train_labels = moved(digits.train, copies=1, margin=0)
test, test_labels = moved(digits.test, copies=1, margin=0)
centred = lowest_error(svms, hog_features(train), hog_features(test))
print(f"HOG, SVM, moved digits:   {errors['HOG, SVM']:.1%}")
print(f"HOG, SVM, centred digits: {centred:.1%}")
assert centred < 0.03 and centred < best_by_hand / 2

# %% [markdown]
# ## Try next
# - Add LBP to HOG (`np.hstack`). Does the error fall?
# - Try other cell sizes. Which is best, and on which images may you
#   choose it?
# - `TINYALEX_LESSON_DATA=cifar10` shows the same order on photographs, in
#   a few minutes.
