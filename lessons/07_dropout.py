# %% [markdown]
# # 07 Dropout: a different network for every image
#
# **After it you can** say what dropout does in training and in tests,
# tell its two conventions apart, and show what it is good for.
#
# **Needs** lesson 03. **Minutes** 30.

# %% [markdown]
# ## Predict
# In training, AlexNet sets each unit of its two large hidden layers to
# zero with probability 1/2 (paper, section 4.2). It draws again for every
# image.
#
# 1. How many different networks can ten units make?
# 2. A unit is the sum of 100 inputs, all 1. What is it in training, on
#    average? What is it in a test, where nothing is dropped? What has to
#    be done about it?
# 3. A fifth of the training labels are wrong. Which net memorises them,
#    with dropout or without?

# %% [markdown]
# ## By hand
# The inputs are 2, 4, 6, 8 and the mask is 1, 0, 0, 1.
#
# - The **paper** gives 2, 0, 0, 8 in training. In tests it uses all units
#   and multiplies by 1/2: 1, 2, 3, 4.
# - **Inverted** dropout, as in PyTorch and Caffe, multiplies by 2 in
#   training: 4, 0, 0, 16. In tests it does nothing: 2, 4, 6, 8.
#
# In both, the average in training equals the test: `(0 + 2) / 2 = 1` and
# `(0 + 4) / 2 = 2`. But they differ by a factor of 2. If you train a net
# in one convention and test it in the other, every such layer is wrong by
# that factor.

# %%
import numpy as np

from tinyalex import learn
from tinyalex.evaluation import softmax
from tinyalex.layers import Dropout, Flatten, Linear, ReLU, Sequential

ones = np.ones((10_000, 4))
for mode, in_training, in_tests in (
    ("paper", [0, 1], 0.5),
    ("inverted", [0, 2], 1.0),
):
    dropout = Dropout(0.5, mode, seed=1)
    y = dropout.forward(ones)
    y_test = dropout.eval().forward(ones)
    print(f"{mode}: mean {y.mean():.3f} in training", end=", ")
    print(f"{y_test.mean():.3f} in tests")
    assert np.unique(y).tolist() == in_training
    assert (y_test == in_tests).all()
    assert abs(y.mean() - in_tests) < 0.02

# %% [markdown]
# ## Code
# **Your turn.** Inverted dropout with p = 0.25 keeps three units of four.
# By what must it multiply those that it keeps, so that the average stays
# the same?

# %%
factor = 1 / (1 - 0.25)  # your turn: what kept units are multiplied by
assert np.isclose(Dropout(0.25, "inverted").forward(ones).max(), factor)

# %% [markdown]
# The backward pass multiplies by the same mask: a unit that was dropped
# learns nothing. Each image draws a mask of its own.

# %%
dropout = Dropout(0.5, seed=3)
masks = dropout.forward(np.ones((12, 40)))
assert np.array_equal(dropout.backward(np.ones((12, 40))), masks)
assert len(np.unique(masks, axis=0)) == 12  # all different
learn.draw_matrix(
    "07-masks",
    {"The mask of each image (blue: kept, white: dropped)": masks},
    xlabel="hidden unit",
    ylabel="image",
)

# %% [markdown]
# Now we train nets that differ only in dropout, on 300 images. A fifth of
# them have a wrong label. A net that memorises these labels pays for it
# in the test.

# %%
IMAGES, EPOCHS, EVERY = 300, 48, 4
dataset = learn.dataset()
x, right_labels = learn.arrays(dataset.train, IMAGES)
x_test, test_labels = learn.arrays(dataset.test, 1000)
rng = np.random.default_rng(0)
is_wrong = rng.random(IMAGES) < 0.2
other_labels = (right_labels + rng.integers(1, 10, IMAGES)) % 10
labels = np.where(is_wrong, other_labels, right_labels)


def net_with_dropout(p, seed):
    """Two hidden layers of 256 units, both with dropout."""
    layers = [Flatten()]
    layers += [Linear(x[0].size, 256, seed=seed), ReLU()]
    layers += [Dropout(p, seed=seed)]
    layers += [Linear(256, 256, seed=seed + 100), ReLU()]
    layers += [Dropout(p, seed=seed + 100)]
    layers += [Linear(256, 10, seed=seed)]
    return Sequential(layers).to("numba")


curves, nets = {}, {}
for p in (0.0, 0.5):
    for seed in range(3):
        net, errors = net_with_dropout(p, seed), []
        for epoch in range(0, EPOCHS, EVERY):
            shuffling = 1000 * seed + epoch
            learn.fit(
                net, x, labels, epochs=EVERY, lr=0.01, seed=shuffling
            )
            training_error = learn.error(net, x, labels)
            errors.append(
                (training_error, learn.error(net, x_test, test_labels))
            )
        curves[p, seed], nets[p, seed] = np.array(errors), net

# %%
lines = {}
for p in (0.0, 0.5):
    mean = 100 * np.mean([curves[p, seed] for seed in range(3)], axis=0)
    lines[f"p = {p}, training images"] = mean[:, 0]
    lines[f"p = {p}, test images"] = mean[:, 1]
learn.draw_lines(
    "07-curves",
    lines,
    title=f"{IMAGES} images, a fifth with a wrong label, mean of 3 seeds",
    xlabel="epochs",
    ylabel="error in test mode (%)",
    x=np.arange(EVERY, EPOCHS + 1, EVERY),
    levels={"share of wrong labels": 100 * is_wrong.mean()},
    from_zero=True,
)

# %% [markdown]
# ## Check
# **Prediction 1.** Each of ten units is there or not: `2**10` = 1024
# networks. All share their weights. With 4096 units there are more than
# anyone will ever draw.
#
# **Prediction 2.** On average 50 in training, and 100 in a test: twice
# what the next layer has learned to expect. So either tests multiply by
# 1/2 (the paper), or training multiplies by 2 (inverted).

# %%
hundred = np.ones((2000, 100))
for mode, mean in (("paper", 50), ("inverted", 100)):
    dropout = Dropout(0.5, mode, seed=1)
    in_training = dropout.forward(hundred).sum(axis=1).mean()
    in_tests = dropout.eval().forward(hundred).sum(axis=1).mean()
    print(
        f"{mode}: {in_training:.1f} in training, {in_tests:.1f} in tests"
    )
    assert abs(in_training - mean) < 1 and in_tests == mean
ten = Dropout(0.5, seed=1).forward(np.ones((20_000, 10)))
print(len(np.unique(ten, axis=0)), "different masks of ten units")
assert len(np.unique(ten, axis=0)) == 2**10

# %% [markdown]
# **Prediction 3.** The net without dropout memorises the wrong labels
# too: its training error falls far below their share. Its test error is
# higher. (Dropout has a price: in the paper, twice as many iterations.)

# %%
final, memorised = {}, {}
for p, name in ((0.0, "without dropout"), (0.5, "with dropout")):
    last = np.array([curves[p, seed][-3:] for seed in range(3)])
    final[p] = last.mean(axis=(0, 1))  # training error, test error
    error = learn.error(nets[p, 0], x[is_wrong], labels[is_wrong])
    memorised[p] = 1 - error
    print(f"{name}: training error {final[p][0]:.1%}", end=", ")
    print(f"test error {final[p][1]:.1%}", end=", ")
    print(f"wrong labels memorised: {memorised[p]:.0%}")
assert final[0.0][0] < final[0.5][0]
assert memorised[0.0] > memorised[0.5]
if dataset.name == "digits":
    assert final[0.5][1] < final[0.0][1] - 0.03

# %% [markdown]
# **Many networks at once.** In training mode every forward pass is
# another thinned network. We could average the answers of many of them.
# The single pass in test mode approximates this average.

# %%
net = nets[0.5, 0].train()
passes = [softmax(np, net.forward(x_test)) for _ in range(40)]
average = np.mean(passes, axis=0)
single_error = np.mean(passes[0].argmax(axis=1) != test_labels)
average_error = np.mean(average.argmax(axis=1) != test_labels)
test_error = learn.error(net, x_test, test_labels)
print(f"one thinned net {single_error:.1%}", end=", ")
print(f"average of forty {average_error:.1%}", end=", ")
print(f"test mode {test_error:.1%}")
assert average_error < single_error
assert abs(average_error - test_error) < 0.04

# %% [markdown]
# ## Break it
# If you forget `net.eval()`, every test is a lottery: the same image gets
# two different answers.

# %%
images = x_test[:200]
different = {}
for mode, switch in (("forgotten", net.train), ("called", net.eval)):
    switch()
    first, second = net.forward(images), net.forward(images)
    changed = first.argmax(axis=1) != second.argmax(axis=1)
    different[mode] = changed.sum()
    print(
        f"eval() {mode}: {changed.sum()} of 200 answers change", end=", "
    )
    print(f"logits by up to {np.abs(first - second).max():.2f}")
assert different["forgotten"] > 0 and different["called"] == 0

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 12_dropout`: both conventions.
# - `tinyalex exercise train my-answers` trains with your dropout.
# - Which `p` is best here? Does dropout still help with all of the
#   training images?
