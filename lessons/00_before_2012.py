# %% [markdown]
# # 00 Before 2012: features made by hand
#
# **After it you can** compute two famous hand-made features, say where they stop, and why a network
# that learns its features went further.
#
# **Needs** Python and a little NumPy. **Minutes** 25.

# %% [markdown]
# ## Predict
# In 2012 the second-best team of ILSVRC, with hand-made features and linear classifiers, missed
# 26.2 % of the photographs (top-5), the paper's networks 15.3 % (abstract and section 6). Here are
# real digits, each somewhere in a larger image: nobody centres photographs for you. Guess the share
# of mistakes of (1) hand-made features with a linear classifier, (2) one small CNN, (3) three CNNs.

# %% [markdown]
# ## By hand
# **HOG** (Dalal and Triggs, 2005): in a cell of some pixels, count in which direction the picture
# gets brighter, weighted by how much. In a plane that grows by 3 a row and by 3 a column, the two
# neighbours differ by 6 downwards and by 6 to the right: an angle of 45 degrees. Nine bins share
# 180 degrees, 20 each, so all the weight is in the third. **LBP** (Ojala, 1996): a bit for each of
# 8 neighbours, 1 if not darker than the centre, from the right one against the clock. If those are
# right, upper right, upper and upper left: 1 + 2 + 4 + 8 = 15.

# %%
import numpy as np
from skimage.feature import hog, local_binary_pattern
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

plane = 3.0 * np.add.outer(np.arange(12), np.arange(12))
middle = hog(plane, 9, (4, 4), (1, 1), feature_vector=False)[1, 1, 0, 0]
print("HOG of the cell in the middle:", middle.round(2))
assert middle.argmax() == 2 and np.delete(middle, 2).max() == 0

bright_above = np.array([[9, 9, 9], [1, 5, 9], [1, 1, 1]], dtype=np.uint8)
assert local_binary_pattern(bright_above, P=8, R=1)[1, 1] == 15

# %% [markdown]
# ## Code
# The images, and what HOG sees: the edges of each cell of 4 x 4 pixels, however faint.

# %%
from matplotlib.figure import Figure

from tinyalex import backends, data, learn
from tinyalex.evaluation import mean_probability, softmax
from tinyalex.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential


def moved(split, times, room, seed=0):
    """Each digit, as often as asked, somewhere in a black image that leaves it some room."""
    images = np.pad(split.images(np.arange(len(split))), ((0, 0), (0, room), (0, room), (0, 0)))
    images = np.tile(images, (times, 1, 1, 1))
    steps = np.random.default_rng(seed).integers(0, room + 1, (len(images), 2))
    images = [np.roll(image, step, (0, 1)) for image, step in zip(images, steps, strict=True)]
    return np.stack(images), np.tile(split.labels, times)


def hogs(images):
    cell = 8 if images.shape[1] == 32 else 4  # the best of those tried
    return [hog(image, 9, (cell, cell), (2, 2), channel_axis=-1) for image in images]


def lbps(images):
    """In each cell of 4 x 4 pixels, how often each of the ten uniform patterns occurs."""
    grey = images.mean(axis=3).astype(np.uint8)
    codes = np.stack([local_binary_pattern(image, 8, 1, "uniform") for image in grey])
    N, H, W = codes.shape
    cells = (codes[..., None] == np.arange(10)).reshape(N, H // 4, 4, W // 4, 4, 10)
    return cells.mean(axis=(2, 4)).reshape(N, -1)


dataset = learn.dataset()
digits = data.load("digits")
if dataset.name == "digits":
    (train, labels), (test, answers) = moved(digits.train, 1, 4), moved(digits.test, 5, 4, seed=1)
else:
    train, labels = dataset.train.images(np.arange(4000)), dataset.train.labels[:4000]
    test, answers = dataset.test.images(np.arange(2000)), dataset.test.labels[:2000]

figure = Figure(figsize=(8, 3.7), layout="constrained")
for image, label, axes in zip(train, labels, figure.subplots(2, 5).T, strict=False):
    bins = hog(image, 9, (4, 4), (1, 1), channel_axis=-1)
    row, column, bin = np.indices((len(image) // 4, len(image) // 4, 9)).reshape(3, -1)
    angle = np.deg2rad(20 * bin + 10)  # of the gradient; the edge that we draw is square to it
    lines = (4 * column + 1.5, 4 * row + 1.5, -bins * np.sin(angle), bins * np.cos(angle))
    axes[1].quiver(*lines, angles="xy", scale_units="xy", scale=0.25, pivot="mid", headwidth=0,
                   headaxislength=0, headlength=0, color="r", width=0.012, minlength=0)  # fmt: skip
    for axis, what, strength in zip(axes, ("", ": HOG"), (1, 0.5), strict=True):
        axis.imshow(image, cmap="gray", alpha=strength)
        axis.set(title=dataset.classes[label] + what, xticks=[], yticks=[])
learn.show(figure, "00-hog")


# %% [markdown]
# Features get a linear classifier: a support vector machine, or softmax regression. Each may choose
# its strength C on the *test* images. That is cheating, in favour of the hand-made features.
# %%
def classify(a, b, Classifier=LinearSVC, strengths=(0.1, 1), **more):
    fits = [Classifier(C=C, **more).fit(a, labels) for C in strengths]
    return min(float((fit.predict(b) != answers).mean()) for fit in fits)


errors = {"LBP, SVM": classify(lbps(train), lbps(test))}
h, h_test = hogs(train), hogs(test)
errors["HOG, SVM"] = classify(h, h_test)
errors["HOG, softmax"] = classify(h, h_test, LogisticRegression, (1, 10), max_iter=300)
by_hand = min(errors.values())

# %%
# The networks get the pixels. There are three, which differ in their first weights.
mean, spread = train.mean(), train.std()
x, x_test = (((a - mean) / spread).astype("float32").transpose(0, 3, 1, 2) for a in (train, test))
single, votes = [], []
for seed in range(3):
    front = [Conv2d(x.shape[1], 16, 5, padding=2, seed=seed), ReLU(), MaxPool2d(3, 2)]
    front += [Conv2d(16, 32, 5, padding=2, seed=seed), ReLU(), MaxPool2d(3, 2), Flatten()]
    width = Sequential(front).output_shape(x.shape)[1]
    net = Sequential([*front, Linear(width, 64, seed=seed), ReLU(), Linear(64, 10, seed=seed)])
    net.to(backends.get("numba"))
    for epochs, lr in ((7, 0.01), (2, 0.001)):
        learn.fit(net, x, labels, epochs=epochs, lr=lr, weight_decay=5e-4, seed=seed)
    single.append(learn.error(net, x_test, answers))
    votes.append(softmax(np, net.forward(x_test)))
errors["one CNN (mean)"] = float(np.mean(single))
errors["three CNNs"] = float((mean_probability(votes).argmax(axis=1) != answers).mean())

# %% [markdown]
# ## Check
# The paper's order: hand-made features, one network, several networks together.

# %%
print("\n".join(f"{name:<15} {error:6.1%}" for name, error in errors.items()))
assert max(single) < by_hand  # even the worst of the three
assert errors["three CNNs"] < errors["one CNN (mean)"]

# %% [markdown]
# ## Break it
# "Networks always win." **Wrong.** Where every digit is centred, as HOG's fixed cells assume, HOG
# is hard to beat. Its assumption breaks when they move, and no linear classifier repairs it.

# %%
(train, labels), (test, answers) = moved(digits.train, 1, 0), moved(digits.test, 1, 0)
centred = classify(hogs(train), hogs(test))
print(f"HOG, SVM, digits in the centre: {centred:.1%}")
assert centred < 0.03 and centred < by_hand / 2

# %% [markdown]
# ## Try next
# Add LBP to HOG (`np.hstack`). Then other cells: which size is best, and who chooses it?
# `TINYALEX_LESSON_DATA=cifar10` shows the same order on photographs, in some minutes.
