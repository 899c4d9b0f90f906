# %% [markdown]
# # 14 Evaluate: top-5, ten crops, an ensemble
#
# **After it you can** measure how good networks are, say how certain the
# result is, and show the paper's order on real data: hand-crafted
# features, one CNN, several CNNs.
#
# **Needs** lessons 00 and 13 (missing networks are trained here).
# **Minutes** 30.

# %% [markdown]
# ## Predict
# Lesson 13 left three networks, which differ only in their seeds.
#
# 1. You average their probabilities. Will the error be the mean of the
#    three errors, about that of the best network, or smaller?
# 2. The paper (section 4.1) averages over ten crops of each image: the
#    four corners, the centre, and the horizontal flips of these five.
#    Does that help with digits?

# %% [markdown]
# ## By hand
# One image, two classes, three networks: (0.6, 0.4), (0.6, 0.4) and (0.1,
# 0.9). Two of the three choose the first class. The mean is (1.3, 1.7) /
# 3 = (0.43, 0.57): the second class. A confident network counts for more.
#
# You count 18 errors in n = 360 images: p = 5 %. Another 360 images would
# give another number, with a standard deviation of sqrt(p (1 - p) / n) =
# sqrt(0.05 x 0.95 / 360) = 1.1 %. So the error is 5 % +- 2.3 % (1.96
# standard deviations: 95 % of such intervals contain the true value).

# %%
import numpy as np
from matplotlib.figure import Figure
from skimage.feature import hog
from sklearn.svm import LinearSVC

from tinyalex import evaluation, learn, training

probabilities = [
    np.array([p]) for p in ((0.6, 0.4), (0.6, 0.4), (0.1, 0.9))
]
assert np.allclose(
    evaluation.mean_probability(probabilities),
    [[0.433, 0.567]],
    atol=1e-3,
)
assert abs(1.96 * np.sqrt(0.05 * 0.95 / 360) - 0.023) < 1e-3

# %% [markdown]
# ## Code
# First the networks. In a terminal, `tinyalex evaluate RUN RUN RUN` does
# the same.

# %%
folders = [
    learn.trained(seed) for seed in range(3)
]  # loads what lesson 13 left
runs = [training.load_run(folder) for folder in folders]
dataset = training.load_dataset(runs[0].config)
labels = dataset.test.labels
single = [evaluation.probabilities(run, dataset.test) for run in runs]
ensemble = evaluation.mean_probability(single)

# %% [markdown]
# Then the best features of lesson 00, HOG with a linear support vector
# machine, on the same images. We choose its parameter C on the *test*
# images. That is cheating, in favour of the features.


# %%
def hog_features(split):
    cell = 8 if split.image_shape[0] == 32 else 4
    images = split.images(np.arange(len(split)))
    return np.stack(
        [
            hog(image, 9, (cell, cell), (2, 2), channel_axis=-1)
            for image in images
        ]
    )


features, test_features = (
    hog_features(dataset.train),
    hog_features(dataset.test),
)
lowest = 1.0
for C in (0.1, 1.0):
    svm = LinearSVC(C=C, random_state=0).fit(
        features, dataset.train.labels
    )
    scores = svm.decision_function(test_features)
    error = evaluation.errors(scores, labels)["top1_error"]
    if error < lowest:
        lowest, by_hand = error, scores

# %% [markdown]
# Top-1 error: the right class is not the most probable one. Top-5 error:
# it is not among the five most probable ones (an image may show several
# things). Guessing has a top-5 error of 50 % with ten classes and of 99.5
# % with a thousand.

# %%
scores = {"HOG + SVM": by_hand}
for seed in range(3):
    scores[f"CNN, seed {seed}"] = single[seed]
scores["three CNNs"] = ensemble
errors = {
    name: evaluation.errors(values, labels)
    for name, values in scores.items()
}
for name, error in errors.items():
    print(
        f"{name:<12} top-1 {error['top1_error']:6.2%}   top-5 {error['top5_error']:6.2%}"
    )
assert (
    evaluation.evaluate(folders)["top1_error"]
    == errors["three CNNs"]["top1_error"]
)

# %% [markdown]
# ## Check
# Is the order certain? The moved digits show each of 360 digits at five
# positions, and these five are *not* independent images. So we draw whole
# digits, with replacement, 1000 times (a bootstrap). Each draw is a test
# set that we might have had.

# %%
copies = 5 if dataset.name == "moved-digits" else 1
wrong = {}  # for each digit, the share of its copies that are wrong
for name, values in scores.items():
    wrong[name] = (
        (values.argmax(axis=1) != labels).reshape(copies, -1).mean(axis=0)
    )
wrong["one CNN"] = np.mean(
    [wrong[f"CNN, seed {seed}"] for seed in range(3)], axis=0
)
n = len(wrong["one CNN"])
draws = np.random.default_rng(0).integers(0, n, (1000, n))

order = ["HOG + SVM", "one CNN", "three CNNs"]
error = np.array([wrong[name].mean() for name in order])
error_of_draw = np.array(
    [wrong[name][draws].mean(axis=1) for name in order]
)  # (3, 1000)
low, high = np.percentile(error_of_draw, [2.5, 97.5], axis=1)
for i, name in enumerate(order):
    print(
        f"{name:<10} {error[i]:5.1%} (95 % interval: {low[i]:.1%} to {high[i]:.1%})"
    )
hog_error, one_error, three_error = error_of_draw
print(
    f"one CNN is better than HOG in {(one_error < hog_error).mean():.1%} of the draws,"
)
print(
    f"three are better than one in {(three_error < one_error).mean():.1%}"
)
assert error[0] > error[1] > error[2]  # the paper's order
assert (
    np.mean((hog_error > one_error) & (one_error > three_error)) > 0.95
)  # not by chance

# %% [markdown]
# Which classes are confused? A row is the right class, a column the
# predicted class. The diagonal holds the right answers and is left blank.

# %%
figure = Figure(figsize=(8, 3.7), layout="constrained")
left, right = figure.subplots(1, 2)
intervals = 100 * np.array([error - low, high - error])
colours = ["tab:grey", "tab:blue", "tab:green"]
left.bar(order, 100 * error, yerr=intervals, capsize=5, color=colours)
left.set(
    ylabel="top-1 error (%)",
    title=f"{dataset.name}: bars are 95 % intervals",
)

confusion = evaluation.confusion(
    labels, ensemble.argmax(axis=1), len(dataset.classes)
)
mistakes = confusion.copy()
np.fill_diagonal(mistakes, 0)
right.imshow(mistakes, cmap="Reds")
for (row, column), count in np.ndenumerate(mistakes):
    if count:
        colour = "white" if count > mistakes.max() / 2 else "black"
        right.text(
            column, row, count, ha="center", va="center", color=colour
        )
ticks = np.arange(len(confusion))
long_names = max(len(name) for name in dataset.classes) > 1
right.set(
    title="errors of three CNNs",
    xlabel="predicted class",
    ylabel="right class",
)
right.set_xticks(ticks, dataset.classes, rotation=90 if long_names else 0)
right.set_yticks(ticks, dataset.classes)
learn.show(figure, "14-order-and-confusion")
top1_error = 1 - confusion.trace() / confusion.sum()
assert abs(top1_error - errors["three CNNs"]["top1_error"]) < 1e-9

# %% [markdown]
# ## Break it
# "More crops and more networks always help." **Wrong.** Three copies of
# the same network make the same mistakes, and a flipped digit is another
# sign. The networks must differ, and the crops must look like the
# training images.

# %%
copied = evaluation.mean_probability([single[0], single[0], single[0]])
assert evaluation.errors(copied, labels) == errors["CNN, seed 0"]
ten_crops = evaluation.probabilities(runs[0], dataset.test, crops=10)
ten_crop_error = evaluation.errors(ten_crops, labels)["top1_error"]
centre_error = errors["CNN, seed 0"]["top1_error"]
print(
    f"CNN, seed 0: centre crop {centre_error:.1%}, ten crops {ten_crop_error:.1%}"
)
assert ten_crop_error > centre_error or dataset.name != "moved-digits"

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 20_ten_crops`, then `21_ensemble`.
# - Average logits instead of probabilities. Is the error lower?
# - `TINYALEX_LESSON_DATA=cifar10`: do ten crops help with photographs?
