# %% [markdown]
# # 04 ReLU against tanh: the paper's figure 1
#
# **After it you can** say what ReLU lets through and tanh does not, and race the two fairly.
#
# **Needs** lesson 03. **Minutes** 35.

# %% [markdown]
# ## Predict
# Before 2012 a unit's output went through tanh. The paper (section 3.1) takes `max(0, x)`, and its
# figure 1 shows a net of four layers that reaches 25 % training error six times sooner with it.
#
# 1. What is the slope of tanh at 0, at 1, and at 4? And of ReLU?
# 2. Four layers, each unit near 2: how much of the gradient comes through at the first?
# 3. Both nets at the same learning rate: is that a fair race?

# %% [markdown]
# ## By hand
# The slope of tanh is `1 - tanh(x)**2`. At 0 it is 1; at 1, tanh is 0.76 and the slope 0.42; at 4
# it is 0.0013: the unit is **saturated**. Near 2 the slope is 0.07, and four of them in a row leave
# `0.07**4`, a forty-thousandth. ReLU has slope 1 wherever it is open, however large x is. Where it
# is closed it has slope 0, and if that is so for every image, the unit is **dead**.

# %%
import numpy as np
from matplotlib.figure import Figure

from tinyalex import learn, models
from tinyalex.layers import ReLU, Tanh

at = np.array([0.0, 1.0, 2.0, 4.0])
slopes = {}
for layer in (Tanh(), ReLU()):
    layer.forward(at)
    slopes[type(layer).__name__] = layer.backward(np.ones(4))
print("slope of tanh at 0, 1, 2, 4:", slopes["Tanh"].round(4))
assert np.allclose(slopes["Tanh"], [1, 0.42, 0.0707, 0.0013], atol=1e-3)
assert slopes["ReLU"].tolist() == [0, 1, 1, 1]  # at the kink, nothing
assert 1 / 45_000 < slopes["Tanh"][2] ** 4 < 1 / 35_000

# %% [markdown]
# ## Code
# The net of figure 1, as the package has it: three convolutions, one fully connected layer. Pixels
# come as they are, in steps of 255, as in the authors' program. Each net is trained until its error
# is below 25 %, at several rates.

# %%
dataset = learn.dataset()
x, labels = learn.arrays(dataset.train, 700)
x *= 64  # the standard deviation of pixels from 0 to 255
C, H, _ = x.shape[1:]
LONGEST = 20


def net_of(name, seed):
    return models.build(f"cifar-fig1-{name}", seed=seed, in_channels=C, image_size=H).to("numba")


def epochs_needed(name, rate, seed):
    """Training errors, from 90 % on, and the epochs to 25 % (infinite if it takes too long)."""
    how = {"epochs": LONGEST, "lr": rate, "batch_size": 16, "seed": seed, "until_error": 0.25}
    errors = [0.9, *(p.error for p in learn.fit(net_of(name, seed), x, labels, **how))]
    if errors[-1] >= 0.25:
        return errors, np.inf
    share = (errors[-2] - 0.25) / (errors[-2] - errors[-1])  # where between the last two
    return errors, len(errors) - 2 + share


rates = {"relu": (0.001, 0.002), "tanh": (0.002, 0.004, 0.008)}
needed = {(n, r, 0): epochs_needed(n, r, 0) for n, some in rates.items() for r in some}
best = {n: min(some, key=lambda r, n=n: needed[n, r, 0][1]) for n, some in rates.items()}
for name, rate in sorted({*best.items(), ("relu", 0.002), ("tanh", 0.002)}):
    needed |= {(name, rate, seed): epochs_needed(name, rate, seed) for seed in (1, 2)}

# %%
figure = Figure(figsize=(7.5, 4.2), layout="constrained")
axis = figure.subplots()
drawn = [("relu", best["relu"], "-", "#1f77b4", f"ReLU, its best rate {best['relu']}")]
drawn += [("tanh", 0.002, ":", "#d9480f", "tanh, rate 0.002")]
drawn += [("tanh", best["tanh"], "--", "#d9480f", f"tanh, its best rate {best['tanh']}")]
for name, rate, style, colour, label in drawn:
    for seed in range(3):
        errors = 100 * np.array(needed[name, rate, seed][0])
        axis.plot(errors, style, color=colour, label=label if seed == 0 else None)
axis.axhline(25, color="#868e96", linewidth=1)
axis.set(xlabel="epochs", ylabel="training error (%)", title=f"Figure 1 on {dataset.name}, 3 seeds")
axis.legend()
learn.show(figure, "04-figure-1")

# %% [markdown]
# ## Check
# A race at one rate is not fair: the rate suits one of them. The paper gave each net its own. So we
# look at both, and say what we find here.


# %%
def mean(name, rate):
    return float(np.mean([needed[name, rate, seed][1] for seed in range(3)]))


same = mean("tanh", 0.002) / mean("relu", 0.002)
fair = mean("tanh", best["tanh"]) / mean("relu", best["relu"])
print(f"best rates: {best}; at rate 0.002 tanh takes {same:.1f} times as many epochs")
print(f"each at the best of its rates: {fair:.1f} times (the paper, on CIFAR-10: 6; nan: too slow)")
if dataset.name == "digits":
    assert same > 1.3  # easy images, a small net: the fair factor is near 1 and proves nothing

# %% [markdown]
# **Why.** What a layer lets through depends on how large its inputs are. Draw them at random, wider
# and wider, and send a gradient of 1 back. ReLU passes half of it, whatever happens. tanh passes
# less and less; and inputs do grow wide while a net learns: look at the nets trained above.

# %%
draws = np.random.default_rng(0).normal(size=20_000)
passed = {}
for layer in (ReLU(), Tanh()):
    name, passed[type(layer).__name__] = type(layer).__name__, []
    for width in (1, 2, 4, 8):
        layer.forward(width * draws)
        passed[name].append(layer.backward(np.ones(20_000)).mean())
    print(f"{name}: passes {np.round(passed[name], 2)} of the gradient")
assert np.allclose(passed["ReLU"], 0.5, atol=0.01)
assert passed["Tanh"][0] > 0.55 and passed["Tanh"][-1] < 0.12

net = net_of("tanh", 0)
learn.fit(net, x, labels, epochs=4, lr=best["tanh"], batch_size=16)
h = net.children["conv1"].forward(x)
print(f"first layer after training: inputs of tanh {h.std():.0f} wide")
assert h.std() > 2

# %% [markdown]
# ## Break it
# ReLU has a weakness of its own. A rate that is too high throws weights so far that units close for
# every image; no gradient opens them again.

# %%
net = net_of("relu", 0)
with np.errstate(all="ignore"):
    end = learn.fit(net, x, labels, epochs=2, lr=0.05, batch_size=16)[-1]
print(f"rate 0.05: training error {end.error:.0%}, loss {end.loss:.2f}")
assert end.error > 0.8

# %% [markdown]
# ## Try next
# - `tinyalex exercise start 06_relu`.
# - The best rate of tanh is the last of its list: go on (0.016, 0.032). What stops ReLU there?
# - `tinyalex reproduce fig1`: the real thing, on CIFAR-10, with a search for both rates.
