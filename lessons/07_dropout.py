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
from matplotlib.figure import Figure

from tinyalex import learn
from tinyalex.evaluation import softmax
from tinyalex.layers import Dropout, Flatten, Linear, ReLU, Sequential

ones = np.ones((10_000, 4))
for mode, values_in_training, value_in_tests in (
    ("paper", {0, 1}, 0.5),
    ("inverted", {0, 2}, 1.0),
):
    dropout = Dropout(0.5, mode, seed=1)
    in_training = dropout.forward(ones)
    in_tests = dropout.eval().forward(ones)
    print(
        f"{mode:>8}: training mean {in_training.mean():.3f}, tests {in_tests.mean():.3f}"
    )
    assert set(np.unique(in_training)) == values_in_training
    assert (in_tests == value_in_tests).all()
    assert abs(in_training.mean() - value_in_tests) < 0.02

# %% [markdown]
# ## Code
# The backward pass multiplies by the same mask: a unit that was dropped
# learns nothing. Each image draws one of `2**units` masks.

# %%
dropout = Dropout(0.5, seed=3)
masks = dropout.forward(np.ones((12, 40)))
assert np.array_equal(dropout.backward(np.ones((12, 40))), masks)
assert len(np.unique(masks, axis=0)) == 12  # all different
figure = Figure(figsize=(8, 2.8), layout="constrained")
axis = figure.subplots()
axis.imshow(masks > 0, cmap="Greys_r")
axis.set(
    xlabel="hidden unit",
    ylabel="image",
    title="The mask of each image (black: dropped)",
)
learn.show(figure, "07-masks")

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
labels = np.where(
    is_wrong,
    (right_labels + rng.integers(1, 10, IMAGES)) % 10,
    right_labels,
)


def net_with_dropout(p, seed):
    layers = [Flatten()]
    layers += [
        Linear(x[0].size, 256, seed=seed),
        ReLU(),
        Dropout(p, seed=seed),
    ]
    layers += [
        Linear(256, 256, seed=seed + 100),
        ReLU(),
        Dropout(p, seed=seed + 100),
    ]
    layers += [Linear(256, 10, seed=seed)]
    return Sequential(layers).to("numba")


curves, nets = {}, {}
for p in (0.0, 0.5):
    for seed in range(3):
        net, errors = net_with_dropout(p, seed), []
        for epoch in range(0, EPOCHS, EVERY):
            learn.fit(
                net,
                x,
                labels,
                epochs=EVERY,
                lr=0.01,
                seed=1000 * seed + epoch,
            )
            errors.append(
                (
                    learn.error(net, x, labels),
                    learn.error(net, x_test, test_labels),
                )
            )
        curves[p, seed], nets[p, seed] = np.array(errors), net

figure = Figure(figsize=(7, 4), layout="constrained")
axis = figure.subplots()
epochs = np.arange(EVERY, EPOCHS + 1, EVERY)
for p, colour in ((0.0, "#d9480f"), (0.5, "#1f77b4")):
    mean = 100 * np.mean([curves[p, seed] for seed in range(3)], axis=0)
    axis.plot(
        epochs,
        mean[:, 0],
        "--",
        color=colour,
        label=f"p = {p}, training images",
    )
    axis.plot(
        epochs, mean[:, 1], color=colour, label=f"p = {p}, test images"
    )
axis.set(xlabel="epochs", ylabel="error in test mode (%)", ylim=(0, None))
axis.set_title(
    f"{IMAGES} images, a fifth with a wrong label, mean of 3 seeds"
)
axis.axhline(
    100 * is_wrong.mean(),
    color="#868e96",
    linestyle=":",
    label="share of wrong labels",
)
axis.legend()
learn.show(figure, "07-curves")

# %% [markdown]
# ## Check
# The net without dropout memorises the wrong labels too: its training
# error falls far below their share. Its test error is higher. (Dropout
# has a price: in the paper, twice as many iterations.)

# %%
final, memorised = {}, {}
for p, name in ((0.0, "without dropout"), (0.5, "with dropout")):
    last = np.array(
        [curves[p, seed][-3:] for seed in range(3)]
    )  # (3 seeds, 3 points, 2)
    final[p] = last.mean(axis=(0, 1))
    memorised[p] = 1 - learn.error(
        nets[p, 0], x[is_wrong], labels[is_wrong]
    )
    print(
        f"{name}: training error {final[p][0]:.1%}, test error {final[p][1]:.1%}, ",
        end="",
    )
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
average = np.mean(
    [softmax(np, net.forward(x_test)) for _ in range(40)], axis=0
)
single_error = float(
    (net.forward(x_test).argmax(axis=1) != test_labels).mean()
)
average_error = float((average.argmax(axis=1) != test_labels).mean())
test_error = learn.error(net, x_test, test_labels)
print(
    f"one thinned net {single_error:.1%}, average of forty {average_error:.1%}, ",
    end="",
)
print(f"test mode {test_error:.1%}")
assert average_error < single_error
assert abs(average_error - test_error) < 0.04

# %% [markdown]
# ## Break it
# If you forget `net.eval()`, every test is a lottery: the same image gets
# two different answers.

# %%
images = x_test[:200]
assert not np.array_equal(
    net.train().forward(images), net.forward(images)
)
assert np.array_equal(net.eval().forward(images), net.forward(images))

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 12_dropout`: both conventions.
# - Which `p` is best here? Does dropout still help with all of the
#   training images?
