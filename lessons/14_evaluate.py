# %% [markdown]
# # 14 Evaluate: top-5, ten crops, an ensemble
#
# **After it you can** measure how good networks are, say how certain the
# result is, and show the paper's order on real data: hand-crafted
# features, one CNN, several CNNs.
#
# **Needs** lesson 13 (missing networks are trained here). **Minutes** 30.

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
from skimage.feature import hog
from sklearn.svm import LinearSVC

from tinyalex import evaluation, learn, training

three = [np.array([p]) for p in ((0.6, 0.4), (0.6, 0.4), (0.1, 0.9))]
mean = evaluation.mean_probability(three)
print("mean of three:", mean.round(3))
assert np.allclose(mean, [[0.433, 0.567]], atol=1e-3)
assert abs(1.96 * np.sqrt(0.05 * 0.95 / 360) - 0.023) < 1e-3

# %% [markdown]
# ## Code
# It works without the formula, too. Write 1 for each wrong answer and 0
# for each right one: their standard deviation over sqrt(n) is 1.1 %.

# %%
few = np.arange(360) < 18  # 18 of 360 are True
many = np.arange(1440) < 72  # 72 of 1440
print(f"360 images: 5 % +- {1.96 * few.std() / 360**0.5:.1%}")

# %% [markdown]
# **Your turn.** Again an error of 5 %, but now 72 errors in 1440 images:
# four times as many. What stands after the +- ?

# %%
half_width = 1.96 * (0.05 * 0.95 / 1440) ** 0.5  # your turn: 5 % +- what?
assert np.isclose(half_width, 1.96 * many.std() / 1440**0.5, rtol=0.03)

# %% [markdown]
# Now the networks. In a terminal, `tinyalex evaluate RUN RUN RUN` does
# the same.

# %%
folders = [learn.trained(seed) for seed in range(3)]  # those of lesson 13
runs = [training.load_run(folder) for folder in folders]
dataset = training.load_dataset(runs[0].config)
labels = dataset.test.labels
single = [evaluation.probabilities(run, dataset.test) for run in runs]
ensemble = evaluation.mean_probability(single)

# %% [markdown]
# Before 2012 features were crafted by hand. One of the best is HOG, which
# counts the directions of edges (lesson 16), with a linear support vector
# machine. We choose its parameter C on the *test* images. That is
# cheating, in favour of the features.


# %%
def hog_features(split):
    """(N, features): edge directions, counted in cells of pixels."""
    cell = 8 if split.image_shape[0] == 32 else 4
    form = {"pixels_per_cell": (cell, cell), "cells_per_block": (2, 2)}
    images = split.images(np.arange(len(split)))
    return np.stack([hog(x, 9, channel_axis=-1, **form) for x in images])


features = hog_features(dataset.train)
test_features = hog_features(dataset.test)
lowest = 1.0
for C in (0.1, 1.0):
    svm = LinearSVC(C=C, random_state=0)
    svm.fit(features, dataset.train.labels)
    decisions = svm.decision_function(test_features)
    error = evaluation.errors(decisions, labels)["top1_error"]
    if error < lowest:
        lowest, by_hand = error, decisions

# %% [markdown]
# Top-1 error: the right class is not the most probable one. Top-5 error:
# it is not among the five most probable ones (an image may show several
# things). A guesser has a top-5 error of 50 % with ten classes and of
# 99.5 % with a thousand.

# %%
scores = {"HOG + SVM": by_hand}
for seed in range(3):
    scores[f"CNN, seed {seed}"] = single[seed]
scores["three CNNs"] = ensemble
errors = {}
for name, values in scores.items():
    errors[name] = evaluation.errors(values, labels)
    top1, top5 = errors[name]["top1_error"], errors[name]["top5_error"]
    print(f"{name:<12} top-1 {top1:6.2%}   top-5 {top5:6.2%}")
by_the_command = evaluation.evaluate(folders)["top1_error"]
assert by_the_command == errors["three CNNs"]["top1_error"]

# %% [markdown]
# ## Check
# **Prediction 1.** Smaller than that of the best network: where one is
# wrong, the two others are often right.
#
# Is the order certain? The moved digits show each of 360 digits at five
# positions, and these five are *not* independent images. So we draw whole
# digits, with replacement, 1000 times (a bootstrap). Each draw is a test
# set that we might have had.

# %%
best = min(errors[f"CNN, seed {seed}"]["top1_error"] for seed in range(3))
print(f"best network {best:.2%}", end=", ")
print(f"three CNNs {errors['three CNNs']['top1_error']:.2%}")
assert errors["three CNNs"]["top1_error"] < best

copies = 5 if dataset.name == "moved-digits" else 1
wrong = {}  # for each digit, the share of its copies that are wrong
for name, values in scores.items():
    is_wrong = values.argmax(axis=1) != labels
    wrong[name] = is_wrong.reshape(copies, -1).mean(axis=0)
each = [wrong[f"CNN, seed {seed}"] for seed in range(3)]
wrong["one CNN"] = np.mean(each, axis=0)
n = len(wrong["one CNN"])
draws = np.random.default_rng(0).integers(0, n, (1000, n))

order = ["HOG + SVM", "one CNN", "three CNNs"]
error, of_draw, intervals = {}, {}, {}
for name in order:
    error[name] = wrong[name].mean()
    of_draw[name] = wrong[name][draws].mean(axis=1)  # (1000,)
    low, high = np.percentile(of_draw[name], [2.5, 97.5])
    intervals[name] = (100 * low, 100 * high)
    print(f"{name:<10} {error[name]:5.1%}", end=" ")
    print(f"(95 % interval: {low:.1%} to {high:.1%})")
one_wins = of_draw["one CNN"] < of_draw["HOG + SVM"]
three_win = of_draw["three CNNs"] < of_draw["one CNN"]
print(f"one CNN is better than HOG in {one_wins.mean():.1%} of the draws")
print(f"three are better than one in {three_win.mean():.1%}")
assert error["HOG + SVM"] > error["one CNN"] > error["three CNNs"]
assert np.mean(one_wins & three_win) > 0.95  # not by chance
learn.draw_bars(
    "14-order",
    {"top-1 error (%)": {name: 100 * error[name] for name in order}},
    title=f"{dataset.name}, with 95 % intervals",
    intervals=intervals,
)

# %% [markdown]
# Which classes are confused? A row is the right class, a column the
# predicted class. The diagonal holds the right answers and is left out.

# %%
predicted = ensemble.argmax(axis=1)
classes = dataset.classes
confusion = evaluation.confusion(labels, predicted, len(classes))
mistakes = confusion.copy()
np.fill_diagonal(mistakes, 0)
learn.draw_matrix(
    "14-confusion",
    {"errors of three CNNs": mistakes},
    xlabel="predicted class",
    ylabel="right class",
    labels=classes,
    counts=True,
)
top1_error = 1 - confusion.trace() / confusion.sum()
assert abs(top1_error - errors["three CNNs"]["top1_error"]) < 1e-9

# %% [markdown]
# **Prediction 2.** Not with digits: half of the ten crops are flipped,
# and a flipped digit is another sign. "Break it" measures it. With
# photographs they help; lesson 18 has the paper's numbers.

# %% [markdown]
# ## Break it
# "More crops and more networks always help." **Wrong.** Three copies of
# the same network make the same mistakes, and the crops must look like
# the training images.

# %%
copied = evaluation.mean_probability([single[0], single[0], single[0]])
copied_error = evaluation.errors(copied, labels)["top1_error"]
one_error = errors["CNN, seed 0"]["top1_error"]
print(f"right: three CNNs {errors['three CNNs']['top1_error']:.1%}")
print(
    f"wrong: three times seed 0 {copied_error:.1%}, as it alone", end=" "
)
print(f"({one_error:.1%})")
assert copied_error == one_error
ten_crops = evaluation.probabilities(runs[0], dataset.test, crops=10)
ten_crop_error = evaluation.errors(ten_crops, labels)["top1_error"]
print(f"right: centre crop {one_error:.1%}", end=", ")
print(f"ten crops {ten_crop_error:.1%}")
assert ten_crop_error > one_error or dataset.name != "moved-digits"

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 20_ten_crops`, then `21_ensemble`.
# - Average logits instead of probabilities. Is the error lower?
# - `TINYALEX_LESSON_DATA=cifar10`: do ten crops help with photographs?
