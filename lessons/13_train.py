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
# Handwritten digits, each at a random position in 20 x 20 pixels; a small
# AlexNet; ten classes.
#
# 1. What is the loss of a network that has not learned anything?
# 2. The power fails, and you resume from a checkpoint. Will the final
#    weights be nearly the same as without the failure, or exactly the
#    same?

# %% [markdown]
# ## By hand
# With four classes, a network that knows nothing gives each class the
# probability 1/4. Its loss is -ln(1/4) = ln 4 = 1.386.
#
# A wrong preference costs more. Say one class has logit 3 and three have
# logit 0: e^3 + 3 = 23.09. If that class is right, the loss is ln 23.09 -
# 3 = 0.139, otherwise it is ln 23.09 = 3.139. A guesser is right one time
# in four: 0.25 x 0.139 + 0.75 x 3.139 = 2.389, *more* than ln 4.

# %%
import math
import tempfile
from pathlib import Path

import numpy as np

from tinyalex import backends, learn, models, training
from tinyalex.layers import Dropout, SoftmaxCrossEntropy

loss = SoftmaxCrossEntropy()
every_class = np.arange(4)  # four images, one of each class
no_preference = np.zeros((4, 4))
prefers_class_0 = np.zeros((4, 4))
prefers_class_0[:, 0] = 3
assert abs(loss.forward(no_preference, every_class) - math.log(4)) < 1e-3
assert abs(loss.forward(prefers_class_0, every_class) - 2.389) < 1e-3

# %% [markdown]
# ## Code
# **Your turn.** A network gives the right class a probability of 1/2.
# What is its loss for this image?

# %%
half = math.log(2)  # your turn: the loss where the right class has 1/2
assert abs(loss.forward(np.zeros((1, 2)), np.array([0])) - half) < 1e-3

# %% [markdown]
# The first check costs one forward pass: with the paper's small weights
# (section 5) the network must know nothing. He's initial weights are
# larger: the network starts with preferences, and they are wrong.

# %%
config = learn.run_config(seed=0).resolved()
dataset = training.load_dataset(config)
x, labels = learn.arrays(dataset.train, 500)
PAPER = {"*.weight": ("normal", 0.01), "*.bias": ("constant", 0.0)}
HE = {"*.weight": ("he_normal",), "*.bias": ("constant", 0.0)}


def network(init):
    """The run's network without dropout, so that it can memorise."""
    size = {"in_channels": x.shape[1], "image_size": x.shape[2]}
    net = models.build(config.model, init=init, **size)
    for _, layer in net.named_layers():
        if isinstance(layer, Dropout):
            layer.p = 0.0
    return net.to(backends.get("auto"))


first_loss = {}
for name, init in (("the paper's", PAPER), ("He's", HE)):
    logits = network(init).eval().forward(x)
    first_loss[name] = float(loss.forward(logits, labels))
    print(f"first loss with {name} weights: {first_loss[name]:.3f}")

# %% [markdown]
# The second check: memorise ten images. A network that cannot do this has
# a bug.

# %%
how = {"epochs": 80, "lr": 0.01, "batch_size": 10}
history = learn.fit(network(HE), x[:10], labels[:10], **how)
first, last = history[0], history[-1]
print(f"ten images: loss {first.loss:.2f}, then {last.loss:.4f}")
assert last.error == 0
assert last.loss < 0.05


# %% [markdown]
# Now all images, as `tinyalex train` does it. A run has a folder with its
# settings, its weights, and `metrics.jsonl`, which has one line per
# epoch. We train three seeds. A run that is already there is not trained
# again.


# %%
class Watch(training.Listener):
    """Prints the test error after each epoch."""

    def epoch(self, record):
        print(f"{record['test_error']:.0%}", end=" ", flush=True)


print("test error after each epoch, first seed: ", end="")
runs = [learn.trained(0, Watch()), learn.trained(1), learn.trained(2)]
errors = [training.read_summary(run)["top1_error"] for run in runs]
mean, deviation = np.mean(errors), np.std(errors, ddof=1)
print(f"\ntest error of three seeds: {mean:.1%} +- {deviation:.1%}")
print("the first run is in", runs[0])

# %% [markdown]
# Look at the curves, not only at the last number. What happens to the
# noise when the learning rate drops? And a training loss *above* the test
# loss is no bug: dropout and random crops are used in training only.

# %%
histories = [training.read_epochs(run / "metrics.jsonl") for run in runs]


def curves(name, scale=1):
    """The values of all epochs, one list per run."""
    return [[scale * epoch[name] for epoch in run] for run in histories]


learn.draw_lines(
    "13-loss",
    {"training": curves("train_loss"), "test": curves("test_loss")},
    title=f"{config.model} on {config.data}: three seeds",
    xlabel="epoch",
    ylabel="loss (nats)",
    levels={"a guesser": math.log(10)},
    from_zero=True,
)
learn.draw_lines(
    "13-error",
    {
        "training": curves("train_error", 100),
        "test": curves("test_error", 100),
    },
    title=f"{config.model} on {config.data}: three seeds",
    xlabel="epoch",
    ylabel="error (%)",
    levels={"a guesser": 90},
    from_zero=True,
)
for run in histories:
    assert run[-1]["train_loss"] < run[0]["train_loss"]
assert mean < 0.45

# %% [markdown]
# ## Check
# **Prediction 1.** -ln(1/10) = ln 10 = 2.303, as with the paper's weights
# above. He's weights start with more: wrong preferences cost.
#
# **Prediction 2.** Exactly the same, bit for bit. A checkpoint holds the
# weights, the momentum, the position in the data, and the state of
# dropout. We let a run crash in its second epoch, then resume it, as
# `tinyalex train --resume FOLDER` does.

# %%
print(f"ln 10 = {math.log(10):.3f}")
assert abs(first_loss["the paper's"] - math.log(10)) < 0.01
assert first_loss["He's"] > math.log(10) + 0.01


class Crash(training.Listener):
    """Fails in the second epoch."""

    def step(self, record):
        if record["epoch"] == 2:
            raise OSError("the power has failed")


def weights_of(folder):
    return training.load_run(folder).model.state_dict()


with tempfile.TemporaryDirectory() as folder:
    whole, crashed = f"{folder}/whole", f"{folder}/crashed"
    training.train(learn.run_config(epochs=2, out=whole))
    try:
        training.train(learn.run_config(epochs=2, out=crashed), Crash())
    except OSError as error:
        print(error)
    assert not Path(crashed, "summary.json").exists()  # not finished
    training.resume(crashed)
    undisturbed, resumed = weights_of(whole), weights_of(crashed)
for name, weight in undisturbed.items():
    assert np.array_equal(weight, resumed[name])  # bit for bit
print(f"all {len(resumed)} arrays of weights are equal, bit for bit")

# %% [markdown]
# ## Break it
# "It memorises ten images, so all is well." **Wrong.** Shuffle the
# labels, as a bug in a loader might do: the network memorises them just
# as well. Only *other* images show the bug.

# %%
x_test, test_labels = learn.arrays(dataset.test, 500)
right = labels[:40]
shuffled = np.random.default_rng(1).permutation(right)
how = {"epochs": 150, "lr": 0.01, "batch_size": 10, "until_error": 0.02}
for name, given in (("right", right), ("shuffled", shuffled)):
    net = network(HE)
    last = learn.fit(net, x[:40], given, **how)[-1]
    test_error = learn.error(net, x_test, test_labels)
    print(f"{name} labels: training error {last.error:.0%}", end=", ")
    print(f"test error {test_error:.0%}")
    assert last.error < 0.1
assert test_error > 0.75  # with the shuffled labels

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 27_plateau`: when to lower the learning rate.
# - `tinyalex exercise train my-answers --milestone 4` trains a `tiny` of
#   which every part is yours.
# - Start with a learning rate 50 times as large
#   (`training.RunConfig(lr=...)`). What do the curves say?
# - Set `TINYALEX_LESSON_DATA=cifar10` in your environment: photographs,
#   in a few minutes.
