"""Trains a small net of two towers on CIFAR-10, to look at its first filters (figure 3).

    python docs/results/figure-3/train.py OUT [--seeds 3] [--epochs 20] [--root DIR]

`tinyalex reproduce towers` looks at towers of 16 filters of 5 x 5 pixels whose initial weights are
large. Here the filters have 7 x 7 pixels, move in steps of 2, as AlexNet's move in steps of 4, and
begin with the paper's sigma of 0.01 (section 5), so that what is seen was learned. One thread.

Each seed leaves OUT/seedN.npz after every epoch, and the same command resumes from it. At the end
OUT/filters.npy has the first filters, float16 (seeds, 32, 3, 7, 7): of each seed the left tower's
16, then the right tower's 16.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tinyalex import backends, data
from tinyalex.layers import (
    Conv2d,
    Flatten,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    Towers,
)
from tinyalex.models.init import initialise
from tinyalex.reproduce.towers import by_chance, colourfulness
from tinyalex.training import SGD

RULES = {
    "*.weight": ("he_normal",),
    "0.*.weight": ("normal", 0.01),  # the first layer
    "*.bias": ("constant", 0.0),
}
BATCH, LR, MOMENTUM, WEIGHT_DECAY = 128, 0.02, 0.9, 5e-4
THREADS = 1


def tower(*layers):
    return Sequential(list(layers))


def network(seed):
    """Two towers that meet only in the last layer."""
    first = [
        tower(Conv2d(3, 16, 7, stride=2, padding=3), ReLU(), LocalResponseNorm(), MaxPool2d(3, 2))
        for _ in range(2)
    ]
    second = [tower(Conv2d(16, 32, 3, padding=1), ReLU(), MaxPool2d(3, 2)) for _ in range(2)]
    net = Sequential(
        [Towers(*first, crossing=True), Towers(*second, crossing=False), Flatten(),
         Linear(64 * 3 * 3, 10)]
    )  # fmt: skip
    initialise(net, RULES, seed)
    return net.to(backends.get("numba", threads=THREADS))


def pixels(split, mean=None):
    """Images minus the mean image, divided by 64, and the mean image."""
    images = split.images(np.arange(len(split))).transpose(0, 3, 1, 2).astype(np.float32)
    mean = images.mean(axis=0) if mean is None else mean
    return (images - mean) / 64, mean


def varied(x, rng):
    """Half of the images flipped; all moved by up to 2 pixels."""
    x = x.copy()
    flipped = rng.random(len(x)) < 0.5
    x[flipped] = x[flipped, :, :, ::-1]
    return np.roll(x, rng.integers(-2, 3, 2), axis=(2, 3))


def train(seed, epochs, out, x, labels, x_test, test_labels):
    """Train one seed, or resume it; return its first filters and its test error."""
    net = network(seed)
    optimizer = SGD(net, LR, MOMENTUM, WEIGHT_DECAY)
    loss = SoftmaxCrossEntropy()
    path = out / f"seed{seed}.npz"
    done, error = 0, 1.0
    if path.exists():
        saved = np.load(path)
        done, error = int(saved["epochs"]), float(saved["error"])
        net.load_state_dict({k[2:]: saved[k] for k in saved.files if k.startswith("w/")})
    for epoch in range(done, epochs):
        optimizer.lr = LR if epoch < 0.75 * epochs else LR / 10
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(x))
        for start in range(0, len(x), BATCH):
            batch = order[start : start + BATCH]
            logits = net.forward(varied(x[batch], rng))
            loss.forward(logits, labels[batch])
            net.backward(loss.backward())
            optimizer.step()
        answers = [
            net.eval().forward(x_test[i : i + 500]).argmax(axis=1)
            for i in range(0, len(x_test), 500)
        ]
        net.train()
        error = float(np.mean(np.concatenate(answers) != test_labels))
        weights = {f"w/{name}": value for name, value in net.state_dict().items()}
        np.savez(path, epochs=epoch + 1, error=error, **weights)
        print(f"seed {seed}, epoch {epoch + 1}: test error {error:.1%}", flush=True)
    weights = net.state_dict()
    left = next(n for n in weights if ".left." in n and n.endswith("weight"))
    both = [weights[left], weights[left.replace(".left.", ".right.")]]
    return np.concatenate(both), error


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--root", type=Path, default=None, help="directory of CIFAR-10")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    dataset = data.load("cifar10", root=options.root)
    x, mean = pixels(dataset.train)
    x_test, _ = pixels(dataset.test, mean)
    both = (dataset.train.labels, dataset.test.labels)
    filters = []
    for seed in range(options.seeds):
        weight, error = train(seed, options.epochs, options.out, x, both[0], x_test, both[1])
        colour = colourfulness(weight)
        gap = abs(float(colour[:16].mean() - colour[16:].mean()))
        print(
            f"seed {seed}: test error {error:.1%}; colour {colour[:16].mean():.2f} in the left "
            f"tower, {colour[16:].mean():.2f} in the right; a random split has this gap with "
            f"probability {by_chance(colour, gap, seed):.3f}"
        )
        filters.append(weight)
    np.save(options.out / "filters.npy", np.stack(filters).astype(np.float16))


if __name__ == "__main__":
    main()
