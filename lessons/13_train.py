# %% [markdown]
# # 13 Train it, and watch it
#
# **After it you can** predict the first loss, test a network on a handful of images before you
# train it on all of them, read its curves, and go on with a run that a crash ended.
#
# **Needs** lessons 08, 09 and 10. **Minutes** 30.

# %% [markdown]
# ## Predict
# The digits of lesson 00, each somewhere in 20 x 20 pixels; AlexNet in miniature; ten classes.
#
# 1. What is the loss of a network that has learnt nothing?
# 2. The power fails in the middle of an epoch. You go on from the last checkpoint. Will the weights
#    in the end be nearly those of a run that never stopped, or exactly?

# %% [markdown]
# ## By hand
# A network without an opinion gives each class 1/10. Its loss is -ln(1/10) = ln 10 = 2.303.
#
# Opinions cost. Give one class the logit 3 and the nine others 0: the sum of the exponentials is
# e^3 + 9 = 29.09. If that class is right, the loss is ln 29.09 - 3 = 0.370; if not, 3.370. Who
# guesses is right once in ten: 0.1 x 0.370 + 0.9 x 3.370 = 3.070. That is *more* than ln 10.

# %%
import json
import math
import tempfile
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from tinyalex import backends, learn, models, training
from tinyalex.layers import Dropout, SoftmaxCrossEntropy

loss = SoftmaxCrossEntropy()
opinion = np.eye(10)[np.zeros(10, int)] * 3.0  # the same guess ten times; each class is right once
assert abs(loss.forward(np.zeros((10, 10)), np.arange(10)) - math.log(10)) < 1e-12
assert abs(loss.forward(opinion, np.arange(10)) - 3.070) < 1e-3

# %% [markdown]
# ## Code
# The first check costs one forward pass. With the small weights of the paper (section 5) the loss
# has to be ln 10. He's weights are larger: the network begins with opinions, and they are wrong.

# %%
config = learn.run_config(seed=0).resolved()
dataset = training.load_dataset(config)
x, labels = learn.arrays(dataset.train, 500)
small = {"*.weight": ("normal", 0.01), "*.bias": ("constant", 0.0)}
he = {"*.weight": ("he_normal",), "*.bias": ("constant", 0.0)}


def network(init):
    channels, size = x.shape[1:3]
    net = models.build(config.model, init=init, in_channels=channels, image_size=size)
    for _, layer in net.named_layers():
        if isinstance(layer, Dropout):
            layer.p = 0.0  # noise is for large data; here the network shall learn by heart
    return net.to(backends.get("auto"))


def first_loss(init):
    return float(loss.forward(network(init).eval().forward(x), labels))


print(f"sigma 0.01: {first_loss(small):.3f}; ln 10: {math.log(10):.3f}; He: {first_loss(he):.3f}")
assert abs(first_loss(small) - math.log(10)) < 0.01 < first_loss(he) - math.log(10)

# %% [markdown]
# The second check costs a second: ten images, learnt by heart. A network that cannot do
# that has a bug, and no amount of data will help.

# %%
handful = learn.fit(network(he), x[:10], labels[:10], epochs=80, lr=0.01, batch_size=10)
print(f"ten images: loss {handful[0].loss:.2f}, then {handful[-1].loss:.4f}")
assert handful[-1].error == 0 and handful[-1].loss < 0.05

# %% [markdown]
# Now all images, as `tinyalex train` does it: a run has a folder, with its settings, its weights
# and a line of `metrics.jsonl` an epoch. Three runs, which differ in their seed only.


# %%
class Watch(training.Listener):
    def epoch(self, epoch):
        if epoch["epoch"] % 4 == 0:
            figures = (epoch[key] for key in ("epoch", "train_loss", "test_loss", "test_error"))
            print("epoch {:2}: loss {:.3f}, on test images {:.3f}, error {:.1%}".format(*figures))


print(f"{config.model}, {config.data}, rate {config.lr}, batches of {config.batch_size}")
runs = [learn.trained(seed, Watch() if seed == 0 else None) for seed in range(3)]  # or found there
errors = np.array([training.read_summary(run)["top1_error"] for run in runs])
print(f"test error of three seeds: {errors.mean():.1%} +- {errors.std(ddof=1):.1%}, in {runs[0]}")

# %% [markdown]
# Look at the curves, never at the last number alone. Does the loss start where you said? Do the two
# curves part? What does a smaller rate do to the noise? (Dropout and crops are on in training only:
# that is why the training loss can lie *above* the test loss. It is no bug.)

# %%
lines = [(run / "metrics.jsonl").read_text().splitlines() for run in runs]
events = [[e for e in map(json.loads, text) if e["event"] == "epoch"] for text in lines]
figure = Figure(figsize=(8, 3.4), layout="constrained")
panels = (("loss", "loss (nats)", 1, math.log(10)), ("error", "error (%)", 100, 90))
for axes, (what, name, factor, guess) in zip(figure.subplots(1, 2), panels, strict=True):
    for part, colour in (("train", "tab:blue"), ("test", "tab:red")):
        for epochs in events:
            values = [factor * epoch[f"{part}_{what}"] for epoch in epochs]
            axes.plot(range(1, len(values) + 1), values, "-", color=colour, alpha=0.7)
        axes.lines[-1].set_label({"train": "training", "test": "test"}[part])
    axes.axhline(guess, color="grey", linestyle=":", label="guessing")
    axes.set(xlabel="epoch", ylabel=name, ylim=(0, None))
    axes.legend()
figure.suptitle(f"{config.model} on {config.data}: three seeds")
learn.show(figure, "13-curves")
assert all(e[-1]["train_loss"] < e[0]["train_loss"] < 2 * math.log(10) for e in events)
assert errors.mean() < 0.9 / 2  # far better than guessing

# %% [markdown]
# ## Check
# Your second prediction. A crash in the second epoch, then `training.resume` (`tinyalex train
# --resume FOLDER`). The checkpoint also holds momentum, position, and how often dropout has drawn.


# %%
class Crash(training.Listener):
    def step(self, record):
        if record["epoch"] == 2:  # after ten of its steps
            raise OSError("the power has failed")


with tempfile.TemporaryDirectory() as folder:
    whole, crashed = (
        replace(learn.run_config(epochs=2, out=f"{folder}/{name}"), log_every=10)
        for name in ("whole", "crashed")
    )
    training.train(whole)
    try:
        training.train(crashed, Crash())
    except OSError as failure:
        print(failure, "-", [path.name for path in crashed.out.glob("checkpoint*")])
    training.resume(crashed.out)
    a, b = (training.load_run(run.out).model.state_dict() for run in (whole, crashed))
assert all(np.array_equal(a[name], b[name]) for name in a)  # exactly, bit for bit

# %% [markdown]
# ## Break it
# "It learns ten images by heart, so all is well." **Wrong.** Shuffle the labels, as a bug in a
# loader might: it learns them just as well. Only *other* images tell.

# %%
shuffled = np.random.default_rng(1).permutation(labels[:40])
others, answers = learn.arrays(dataset.test, 500)
for name, given in (("right", labels[:40]), ("shuffled", shuffled)):
    net = network(he)
    how = {"epochs": 150, "lr": 0.01, "batch_size": 10, "until_error": 0.02}
    seen, unseen = learn.fit(net, x[:40], given, **how)[-1].error, learn.error(net, others, answers)
    print(f"{name} labels: {seen:.0%} wrong, {unseen:.0%} on images that it has not seen")
    assert seen < 0.1
assert unseen > 0.75  # with the shuffled ones

# %% [markdown]
# ## Try next
# Start with `lr` 50 times as large (`training.RunConfig(lr=...)`): what do the curves say? Then
# `TINYALEX_LESSON_DATA=cifar10` in your environment: photographs, some minutes.
