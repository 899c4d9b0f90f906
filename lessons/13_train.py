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
# 2. The power fails; you go on from a checkpoint. Are the last weights nearly the same, or exactly?

# %% [markdown]
# ## By hand
# A network without an opinion gives each class 1/10. Its loss is -ln(1/10) = ln 10 = 2.303.
#
# Opinions cost. One class has logit 3, nine have 0: e^3 + 9 = 29.09. If that class is right, the
# loss is ln 29.09 - 3 = 0.370, else 3.370. Who guesses is right once in ten: 0.1 x 0.370 + 0.9 x
# 3.370 = 3.070, *more* than ln 10.

# %%
import json
import math
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tinyalex import backends, learn, models, training
from tinyalex.layers import Dropout, SoftmaxCrossEntropy

loss = SoftmaxCrossEntropy()
for logit, by_hand in ((0.0, math.log(10)), (3.0, 3.070)):  # of class 0; each class is right once
    assert abs(loss.forward(logit * np.eye(10)[[0] * 10], np.arange(10)) - by_hand) < 1e-3

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
    net = models.build(config.model, init=init, in_channels=x.shape[1], image_size=x.shape[2])
    for _, layer in net.named_layers():
        if isinstance(layer, Dropout):
            layer.p = 0.0  # noise is for large data; here the network shall learn by heart
    return net.to(backends.get("auto"))


a, b = (float(loss.forward(network(init).eval().forward(x), labels)) for init in (small, he))
print(f"first loss: {a:.3f} with sigma 0.01, {b:.3f} with He's weights; ln 10 = {math.log(10):.3f}")
assert abs(a - math.log(10)) < 0.01 < b - math.log(10)

# The second check: ten images by heart. Who cannot learn them has a bug, not too few images.
handful = learn.fit(network(he), x[:10], labels[:10], epochs=80, lr=0.01, batch_size=10)
print(f"ten images: loss {handful[0].loss:.2f}, then {handful[-1].loss:.4f}")
assert handful[-1].error == 0 and handful[-1].loss < 0.05


# %% [markdown]
# Now all images, as `tinyalex train` does it: a run has a folder, with its settings, its weights
# and a line of `metrics.jsonl` an epoch. Three seeds; a run that is there is not trained again.


# %%
class Watch(training.Listener):
    def epoch(self, record):
        print(f"{record['test_error']:.0%}", end=" ", flush=True)


print("test error after each epoch, first seed: ", end="")
runs = [learn.trained(seed, Watch() if seed == 0 else None) for seed in range(3)]
errors = np.array([training.read_summary(run)["top1_error"] for run in runs])
print(f"\ntest error of three seeds: {errors.mean():.1%} +- {errors.std(ddof=1):.1%}, in {runs[0]}")

# %% [markdown]
# Look at the curves, not only at the last number. What does the smaller rate do to the noise? And
# training loss *above* test loss is no bug: dropout and random crops are on in training only.

# %%
lines = [map(json.loads, (run / "metrics.jsonl").read_text().splitlines()) for run in runs]
events = [[line for line in run if line["event"] == "epoch"] for run in lines]
figure = Figure(figsize=(8, 3.4), layout="constrained")
panels = (("loss", "loss (nats)", 1, math.log(10)), ("error", "error (%)", 100, 90))
for axes, (what, name, factor, guess) in zip(figure.subplots(1, 2), panels, strict=True):
    for part, label, colour in (("train", "training", "tab:blue"), ("test", "test", "tab:red")):
        values = factor * np.array([[epoch[f"{part}_{what}"] for epoch in run] for run in events])
        lines = axes.plot(np.arange(values.shape[1]) + 1, values.T, color=colour, alpha=0.7)
        lines[0].set_label(label)
    axes.axhline(guess, color="grey", linestyle=":", label="guessing")
    axes.set(xlabel="epoch", ylabel=name, ylim=(0, None))
    axes.legend()
figure.suptitle(f"{config.model} on {config.data}: three seeds")
learn.show(figure, "13-curves")
assert all(e[-1]["train_loss"] < e[0]["train_loss"] for e in events) and errors.mean() < 0.45

# %% [markdown]
# ## Check
# Your second prediction: a crash in the second epoch, then `tinyalex train --resume FOLDER`. A
# checkpoint holds the weights, momentum, the position, and how often dropout has drawn.


# %%
class Crash(training.Listener):
    def step(self, record):
        if record["epoch"] == 2:
            raise OSError("the power has failed")


with tempfile.TemporaryDirectory() as folder:
    training.train(learn.run_config(epochs=2, out=f"{folder}/a"))
    with suppress(OSError):
        training.train(learn.run_config(epochs=2, out=f"{folder}/b"), Crash())
    assert not Path(folder, "b", "summary.json").exists()  # it did not get to its end
    training.resume(f"{folder}/b")
    a, b = (training.load_run(f"{folder}/{name}").model.state_dict() for name in "ab")
assert all(np.array_equal(a[name], b[name]) for name in a)  # exactly, bit for bit

# %% [markdown]
# ## Break it
# "It learns ten images by heart, so all is well." **Wrong.** Shuffle the labels, as a bug in a
# loader might: it learns them just as well. Only *other* images tell.

# %%
others, answers = learn.arrays(dataset.test, 500)
mixed = np.random.default_rng(1).permutation(labels[:40])
for name, given in (("right", labels[:40]), ("shuffled", mixed)):
    net, how = network(he), {"epochs": 150, "lr": 0.01, "batch_size": 10, "until_error": 0.02}
    seen, unseen = learn.fit(net, x[:40], given, **how)[-1].error, learn.error(net, others, answers)
    print(f"{name} labels: {seen:.0%} wrong, {unseen:.0%} on images that it has not seen")
    assert seen < 0.1
assert unseen > 0.75  # with the shuffled ones

# %% [markdown]
# ## Try next
# Start with `lr` 50 times as large (`training.RunConfig(lr=...)`): what do the curves say? Then
# `TINYALEX_LESSON_DATA=cifar10` in your environment: photographs, some minutes.
