# %% [markdown]
# # 13 Train it, and watch it
#
# **After it you can** predict the first loss, test a network on a few
# images before you train it on all of them, read its curves, and resume a
# run after a crash.
#
# **Needs** lessons 08, 09 and 10. **Minutes** 30.

# %% [markdown]
# ## Predict
# The digits of lesson 00, each at a random position in 20 x 20 pixels; a
# small AlexNet; ten classes.
#
# 1. What is the loss of a network that has not learned anything?
# 2. The power fails, and you resume from a checkpoint. Will the final
#    weights be nearly the same as without the failure, or exactly the
#    same?

# %% [markdown]
# ## By hand
# A network that knows nothing gives each class the probability 1/10. Its
# loss is -ln(1/10) = ln 10 = 2.303.
#
# A wrong preference costs more. Say one class has logit 3 and nine have
# logit 0: e^3 + 9 = 29.09. If that class is right, the loss is ln 29.09 -
# 3 = 0.370, otherwise it is ln 29.09 = 3.370. By chance it is right once
# in ten times: 0.1 x 0.370 + 0.9 x 3.370 = 3.070, *more* than ln 10.

# %%
import math
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tinyalex import backends, learn, models, training
from tinyalex.layers import Dropout, SoftmaxCrossEntropy

loss = SoftmaxCrossEntropy()
every_class = np.arange(10)  # ten images, one of each class
no_preference = np.zeros((10, 10))
prefers_class_0 = np.zeros((10, 10))
prefers_class_0[:, 0] = 3
assert abs(loss.forward(no_preference, every_class) - math.log(10)) < 1e-3
assert abs(loss.forward(prefers_class_0, every_class) - 3.070) < 1e-3

# %% [markdown]
# ## Code
# The first check costs one forward pass. With the paper's small weights
# (section 5) the loss must be ln 10. He's initial weights are larger: the
# network starts with preferences, and they are wrong.

# %%
config = learn.run_config(seed=0).resolved()
dataset = training.load_dataset(config)
x, labels = learn.arrays(dataset.train, 500)
PAPER = {"*.weight": ("normal", 0.01), "*.bias": ("constant", 0.0)}
HE = {"*.weight": ("he_normal",), "*.bias": ("constant", 0.0)}


def network(init):
    net = models.build(
        config.model,
        init=init,
        in_channels=x.shape[1],
        image_size=x.shape[2],
    )
    for _, layer in net.named_layers():
        if isinstance(layer, Dropout):
            layer.p = 0.0  # so that the network can memorise images
    return net.to(backends.get("auto"))


paper_loss = float(loss.forward(network(PAPER).eval().forward(x), labels))
he_loss = float(loss.forward(network(HE).eval().forward(x), labels))
print(
    f"first loss: {paper_loss:.3f} with the paper's weights, {he_loss:.3f} with He's; ",
    end="",
)
print(f"ln 10 = {math.log(10):.3f}")
assert abs(paper_loss - math.log(10)) < 0.01
assert he_loss > math.log(10) + 0.01

# The second check: memorise ten images. A network that cannot do this has a bug.
history = learn.fit(
    network(HE), x[:10], labels[:10], epochs=80, lr=0.01, batch_size=10
)
print(
    f"ten images: loss {history[0].loss:.2f}, then {history[-1].loss:.4f}"
)
assert history[-1].error == 0
assert history[-1].loss < 0.05


# %% [markdown]
# Now all images, as `tinyalex train` does it. A run has a folder with its
# settings, its weights, and `metrics.jsonl`, which has one line per
# epoch. We train three seeds. A run that is already there is not trained
# again.


# %%
class Watch(training.Listener):
    def epoch(self, record):
        print(f"{record['test_error']:.0%}", end=" ", flush=True)


print("test error after each epoch, first seed: ", end="")
runs = [
    learn.trained(seed, Watch() if seed == 0 else None)
    for seed in range(3)
]
errors = np.array(
    [training.read_summary(run)["top1_error"] for run in runs]
)
print(
    f"\ntest error of three seeds: {errors.mean():.1%} +- {errors.std(ddof=1):.1%}, in {runs[0]}"
)

# %% [markdown]
# Look at the curves, not only at the last number. What happens to the
# noise when the learning rate drops? And a training loss *above* the test
# loss is no bug: dropout and random crops are used in training only.

# %%
epochs_of_runs = [
    training.read_epochs(run / "metrics.jsonl") for run in runs
]


def curves(axis, what, scale):
    """Draw the training and the test curve of each run."""
    for split, label, colour in (
        ("train", "training", "tab:blue"),
        ("test", "test", "tab:red"),
    ):
        for i, epochs in enumerate(epochs_of_runs):
            values = [
                scale * epoch[f"{split}_{what}"] for epoch in epochs
            ]
            steps = range(1, len(values) + 1)
            axis.plot(
                steps,
                values,
                color=colour,
                alpha=0.7,
                label=None if i else label,
            )


figure = Figure(figsize=(8, 3.4), layout="constrained")
left, right = figure.subplots(1, 2)
curves(left, "loss", scale=1)
left.axhline(math.log(10), color="grey", linestyle=":", label="guessing")
left.set(xlabel="epoch", ylabel="loss (nats)", ylim=(0, None))
curves(right, "error", scale=100)
right.axhline(90, color="grey", linestyle=":", label="guessing")
right.set(xlabel="epoch", ylabel="error (%)", ylim=(0, None))
left.legend()
right.legend()
figure.suptitle(f"{config.model} on {config.data}: three seeds")
learn.show(figure, "13-curves")
for epochs in epochs_of_runs:
    assert epochs[-1]["train_loss"] < epochs[0]["train_loss"]
assert errors.mean() < 0.45

# %% [markdown]
# ## Check
# Your second prediction: a crash in the second epoch, then
# `tinyalex train --resume FOLDER`. A checkpoint holds the weights, the
# momentum, the position in the data, and the state of dropout.


# %%
class Crash(training.Listener):
    def step(self, record):
        if record["epoch"] == 2:
            raise OSError("the power has failed")


with tempfile.TemporaryDirectory() as folder:
    training.train(
        learn.run_config(epochs=2, out=f"{folder}/undisturbed")
    )
    try:
        training.train(
            learn.run_config(epochs=2, out=f"{folder}/crashed"), Crash()
        )
    except OSError as error:
        print(error)
    assert not Path(
        folder, "crashed", "summary.json"
    ).exists()  # it did not finish
    training.resume(f"{folder}/crashed")
    undisturbed = training.load_run(
        f"{folder}/undisturbed"
    ).model.state_dict()
    resumed = training.load_run(f"{folder}/crashed").model.state_dict()
for name in undisturbed:
    assert np.array_equal(
        undisturbed[name], resumed[name]
    )  # exactly, bit for bit

# %% [markdown]
# ## Break it
# "It memorises ten images, so all is well." **Wrong.** Shuffle the
# labels, as a bug in a loader might do: the network memorises them just
# as well. Only *other* images show the bug.

# %%
x_test, test_labels = learn.arrays(dataset.test, 500)
right_labels = labels[:40]
shuffled_labels = np.random.default_rng(1).permutation(right_labels)
for name, given in (
    ("right", right_labels),
    ("shuffled", shuffled_labels),
):
    net = network(HE)
    history = learn.fit(
        net,
        x[:40],
        given,
        epochs=150,
        lr=0.01,
        batch_size=10,
        until_error=0.02,
    )
    test_error = learn.error(net, x_test, test_labels)
    print(
        f"{name} labels: training error {history[-1].error:.0%}, test error {test_error:.0%}"
    )
    assert history[-1].error < 0.1
assert test_error > 0.75  # with the shuffled labels

# %% [markdown]
# ## Try next
# - Start with a learning rate 50 times as large
#   (`training.RunConfig(lr=...)`). What do the curves say?
# - Set `TINYALEX_LESSON_DATA=cifar10` in your environment: photographs,
#   in a few minutes.
