# %% [markdown]
# # 14 Evaluate: top-5, ten crops, an ensemble
#
# **After it you can** measure what networks are worth, say how sure the number is, and show the
# paper's order on real data: hand-made features, one CNN, several CNNs.
#
# **Needs** lessons 00 and 13 (its networks; without them they are trained here). **Minutes** 30.

# %% [markdown]
# ## Predict
# Lesson 13 left three networks, which differ in their seeds only.
#
# 1. You average their probabilities. Will the error be the mean of the three errors, about that of
#    the best one, or smaller?
# 2. The paper (section 4.1) averages over ten views of each image: four corners, the centre, and
#    the mirror images of these five. Does that help with digits?

# %% [markdown]
# ## By hand
# One image, two classes, three networks: (0.6, 0.4), (0.6, 0.4) and (0.1, 0.9). Two of three choose
# the first class. The mean is (1.3, 1.7) / 3 = (0.43, 0.57): the second class. Who is sure counts
# for more.
#
# You count 18 mistakes in n = 360 images: p = 5 %. Other 360 images would give another number, with
# a standard deviation of sqrt(p (1 - p) / n) = sqrt(0.05 x 0.95 / 360) = 1.1 %. So the error is
# 5 % +- 2.3 % (1.96 deviations: 95 % of such intervals hold the true value).

# %%
import numpy as np
from matplotlib.figure import Figure
from skimage.feature import hog
from sklearn.svm import LinearSVC

from tinyalex import evaluation, learn, training

votes = [np.array([p]) for p in ((0.6, 0.4), (0.6, 0.4), (0.1, 0.9))]
assert np.allclose(evaluation.mean_probability(votes), [[0.433, 0.567]], atol=1e-3)
assert abs(1.96 * np.sqrt(0.05 * 0.95 / 360) - 0.023) < 1e-3

# %% [markdown]
# ## Code
# First the networks. `tinyalex evaluate RUN RUN RUN` does the same in a terminal.

# %%
folders = [learn.trained(seed) for seed in range(3)]  # loaded, if lesson 13 left them here
runs = [training.load_run(folder) for folder in folders]
dataset = training.load_dataset(runs[0].config)
labels = dataset.test.labels
each = [evaluation.probabilities(run, dataset.test) for run in runs]
together = evaluation.mean_probability(each)

# %% [markdown]
# Then lesson 00's strongest features, HOG with a linear support vector machine, on the same images.
# Its strength C is chosen on the *test* images: that is cheating, in favour of the features.


# %%
def hogs(split):
    cell = 8 if split.image_shape[0] == 32 else 4
    images = split.images(np.arange(len(split)))
    return np.stack([hog(image, 9, (cell, cell), (2, 2), channel_axis=-1) for image in images])


a, b = hogs(dataset.train), hogs(dataset.test)
fits = [LinearSVC(C=C, random_state=0).fit(a, dataset.train.labels) for C in (0.1, 1.0)]
by_hand = min((fit.decision_function(b) for fit in fits),
              key=lambda scores: evaluation.errors(scores, labels)["top1_error"])  # fmt: skip

# %% [markdown]
# Top-1: the right class comes first. Top-5: it is among the first five (one image may show several
# things). Who guesses has a top-5 error of 50 % with ten classes, of 99.5 % with a thousand.

# %%
rows = {"HOG + SVM": by_hand}
rows |= {f"CNN, seed {seed}": p for seed, p in enumerate(each)} | {"three CNNs": together}
table = {name: evaluation.errors(scores, labels) for name, scores in rows.items()}
for name, errors in table.items():
    print(f"{name:<12} top-1 {errors['top1_error']:6.2%}   top-5 {errors['top5_error']:6.2%}")
assert evaluation.evaluate(folders)["top1_error"] == table["three CNNs"]["top1_error"]

# %% [markdown]
# ## Check
# The order, with its uncertainty. The moved digits show each of 360 digits in five places: five
# views of a digit are *not* five independent images. So whole digits are drawn again and again,
# 1000 times (a bootstrap); each draw is a test that you might have had.

# %%
copies = 5 if dataset.name == "moved-digits" else 1
wrong = {name: scores.argmax(axis=1) != labels for name, scores in rows.items()}
wrong = {name: w.reshape(copies, -1).mean(axis=0) for name, w in wrong.items()}  # share, a digit
wrong["one CNN"] = np.mean([wrong[f"CNN, seed {seed}"] for seed in range(3)], axis=0)
n = len(wrong["one CNN"])
drawn = np.random.default_rng(0).integers(0, n, (1000, n))
order = ["HOG + SVM", "one CNN", "three CNNs"]
error = np.array([wrong[name].mean() for name in order])
tests = np.array([wrong[name][drawn].mean(axis=1) for name in order])  # (3, 1000)
low, high = np.percentile(tests, [2.5, 97.5], axis=1)
for name, *figures in zip(order, error, low, high, strict=True):
    print("{:<10} {:5.1%} (95 % interval: {:.1%} to {:.1%})".format(name, *figures))
print(f"in all but {(tests[0] <= tests[1]).mean():.1%} of the draws is a CNN better than HOG,")
print(f"in all but {(tests[1] <= tests[2]).mean():.1%} are three better than one")
assert error[0] > error[1] > error[2]  # the paper's order
assert np.mean((tests[0] > tests[1]) & (tests[1] > tests[2])) > 0.95  # and no accident

# %% [markdown]
# Which classes are mixed up? A row is the right class, a column the answer; the diagonal, which is
# right, is left blank.

# %%
figure = Figure(figsize=(8, 3.7), layout="constrained")
left, right = figure.subplots(1, 2)
bars = 100 * np.array([error - low, high - error])
left.bar(order, 100 * error, yerr=bars, capsize=5, color=["tab:grey", "tab:blue", "tab:green"])
left.set(ylabel="top-1 error (%)", title=f"{dataset.name}: bars are 95 % intervals")
confused = evaluation.confusion(labels, together.argmax(axis=1), len(dataset.classes))
mistakes = np.where(np.eye(len(confused), dtype=bool), 0, confused)
right.imshow(mistakes, cmap="Reds")
for (row, column), count in np.ndenumerate(mistakes):
    if count:
        dark = count > mistakes.max() / 2
        right.text(column, row, count, ha="center", va="center", color="white" if dark else "black")
where = np.arange(len(confused))
right.set(title="mistakes of three CNNs", xlabel="answer", ylabel="right class", yticks=where)
right.set_xticks(where, dataset.classes, rotation=90 if max(map(len, dataset.classes)) > 1 else 0)
right.set_yticks(where, dataset.classes)
learn.show(figure, "14-order-and-confusion")
assert abs(1 - confused.trace() / confused.sum() - table["three CNNs"]["top1_error"]) < 1e-9

# %% [markdown]
# ## Break it
# "More views and more votes always help." **Wrong.** Three copies of one network make the same
# mistakes, and a mirrored digit is another sign. Networks must differ; views must look like what
# the network was trained on.

# %%
copied = evaluation.errors(evaluation.mean_probability([each[0]] * 3), labels)
assert copied == table["CNN, seed 0"]
ten = evaluation.errors(evaluation.probabilities(runs[0], dataset.test, crops=10), labels)
views, centre = ten["top1_error"], table["CNN, seed 0"]["top1_error"]
print(f"CNN, seed 0: centre view {centre:.1%}, ten views {views:.1%}")
assert views > centre or dataset.name != "moved-digits"

# %% [markdown]
# ## Try next
# `tinyalex exercise start 20_ten_crops` and `21_ensemble`. Average logits instead of probabilities.
# `TINYALEX_LESSON_DATA=cifar10`: do ten views help with photographs?
