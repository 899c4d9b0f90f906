# %% [markdown]
# # 07 Dropout: a different network for every image
#
# **After it you can** say what dropout does in training and in tests, tell its two conventions
# apart, and show what it is good for.
#
# **Needs** lesson 03. **Minutes** 30.

# %% [markdown]
# ## Predict
# In training, each hidden unit of AlexNet's two large layers is set to zero with probability 1/2
# (paper, section 4.2), anew for every image.
#
# 1. Ten units: how many different networks is that?
# 2. A unit gets the sum of 100 inputs, all 1. What is it in training, on average? What in a test,
#    when nothing is dropped? What must be done about it?
# 3. A fifth of the training labels are wrong. Which net learns the wrong ones by heart?

# %% [markdown]
# ## By hand
# Inputs 2, 4, 6, 8 and the mask 1, 0, 0, 1. In training the **paper** gives 2, 0, 0, 8. Its tests
# use all units and multiply by 1/2: 1, 2, 3, 4. **Inverted** dropout, as in PyTorch and Caffe,
# makes up for it in training: 4, 0, 0, 16; its tests do nothing. Both agree with their tests on
# average, `(0 + 2) / 2 = 1` and `(0 + 4) / 2 = 2`, but differ by a factor of 2. Who trains a net in
# one and tests it in the other is wrong by that factor in every such layer.

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import learn
from tinyalex.evaluation import softmax
from tinyalex.layers import Dropout, Flatten, Linear, ReLU, Sequential

ones = np.ones((10_000, 4))
for mode, in_training, in_tests in (("paper", {0, 1}, 0.5), ("inverted", {0, 2}, 1.0)):
    dropout = Dropout(0.5, mode, seed=1)
    dropped, tested = dropout.forward(ones), dropout.eval().forward(ones)
    print(f"{mode:>8}: training mean {dropped.mean():.3f}, tests {tested.mean():.3f}")
    assert set(np.unique(dropped)) == in_training and (tested == in_tests).all()
    assert abs(dropped.mean() - in_tests) < 0.02  # the average is the test's

# %% [markdown]
# ## Code
# The backward pass multiplies by the same mask: who was not there learns nothing. And a mask is one
# of `2**units`; each image draws its own.

# %%
dropout = Dropout(0.5, seed=3)
masks = dropout.forward(np.ones((12, 40)))
assert np.array_equal(dropout.backward(np.ones((12, 40))), masks)
assert len({mask.tobytes() for mask in masks}) == 12
figure = Figure(figsize=(8, 2.8), layout="constrained")
axis = figure.subplots()
axis.imshow(masks > 0, cmap="Greys_r")
axis.set(xlabel="hidden unit", ylabel="image", title="Who is there (white), image by image")
learn.show(figure, "07-masks")

# %% [markdown]
# Nets that differ by dropout alone, on few images of which a fifth have a wrong label. Whoever
# learns these by heart pays for it in the test.

# %%
dataset, few, EPOCHS, EVERY = learn.dataset(), 300, 48, 4
x, truth = learn.arrays(dataset.train, few)
x_test, y_test = learn.arrays(dataset.test, 1000)
rng = np.random.default_rng(0)
spoilt = rng.random(few) < 0.2
y = np.where(spoilt, (truth + rng.integers(1, 10, few)) % 10, truth)


def net_with(p, seed):
    first, second = Dropout(p, seed=seed), Dropout(p, seed=seed + 100)
    hidden = [Linear(x[0].size, 256, seed=seed), ReLU(), first]
    hidden += [Linear(256, 256, seed=seed + 100), ReLU(), second]
    return Sequential([Flatten(), *hidden, Linear(256, 10, seed=seed)]).to("numba")


curves, nets = {}, {}
for p in (0.0, 0.5):
    for seed in range(3):
        net, line = net_with(p, seed), []
        for start in range(0, EPOCHS, EVERY):
            learn.fit(net, x, y, epochs=EVERY, lr=0.01, seed=1000 * seed + start)
            line.append((learn.error(net, x, y), learn.error(net, x_test, y_test)))
        curves[p, seed], nets[p, seed] = np.array(line), net

figure = Figure(figsize=(7, 4), layout="constrained")
axis = figure.subplots()
at = np.arange(EVERY, EPOCHS + 1, EVERY)
for p, colour in ((0.0, "#d9480f"), (0.5, "#1f77b4")):
    mean = 100 * np.mean([curves[p, seed] for seed in range(3)], axis=0)
    axis.plot(at, mean[:, 0], "--", color=colour, label=f"p = {p}, training images")
    axis.plot(at, mean[:, 1], color=colour, label=f"p = {p}, test images")
axis.set(xlabel="epochs", ylabel="error in test mode (%)", ylim=(0, None))
axis.set_title(f"{few} images, a fifth with a wrong label, mean of 3 seeds")
axis.axhline(100 * spoilt.mean(), color="#868e96", linestyle=":", label="share of wrong labels")
axis.legend()
learn.show(figure, "07-curves")

# %% [markdown]
# ## Check
# The net without dropout learns the wrong labels too, its training error falls far below their
# share; in the test it is worse. (The paper's price: twice as many epochs.)

# %%
ends = {p: np.mean([curves[p, s][-3:] for s in range(3)], axis=(0, 1)) for p in (0.0, 0.5)}
for p, (train, test) in ends.items():
    print(f"p = {p}: training error {train:.1%}, test error {test:.1%}")
assert ends[0.0][0] < ends[0.5][0]
if dataset.name == "digits":
    assert ends[0.5][1] < ends[0.0][1] - 0.03
by_heart = {p: 1 - learn.error(nets[p, 0], x[spoilt], y[spoilt]) for p in (0.0, 0.5)}
print(f"wrong labels known by heart: {by_heart[0.0]:.0%} without, {by_heart[0.5]:.0%} with dropout")
assert by_heart[0.0] > by_heart[0.5]

# %% [markdown]
# **Many networks at once.** In training mode every pass is another thinned network. Averaging the
# answers of many of them is what the one pass in test mode approximates.

# %%
net = nets[0.5, 0].train()
votes = np.mean([softmax(np, net.forward(x_test)) for _ in range(40)], axis=0)
alone = float((net.forward(x_test).argmax(axis=1) != y_test).mean())
together = float((votes.argmax(axis=1) != y_test).mean())
half = learn.error(net, x_test, y_test)
print(f"one thinned net {alone:.1%}, forty together {together:.1%}, the test mode {half:.1%}")
assert together < alone and abs(together - half) < 0.04

# %% [markdown]
# ## Break it
# Forget `net.eval()` and every test is a lottery: the same image twice, two answers.

# %%
one = x_test[:200]
assert not np.array_equal(net.train().forward(one), net.forward(one))
assert np.array_equal(net.eval().forward(one), net.forward(one))

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 12_dropout`: both conventions.
# - Which `p` is best here? Does dropout still help with all of the training images?
