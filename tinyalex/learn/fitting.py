"""Small training runs on arrays in memory, with everything in view."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from tinyalex import data
from tinyalex.data import Dataset, Split
from tinyalex.errors import unknown
from tinyalex.layers import Layer, SoftmaxCrossEntropy
from tinyalex.training import SGD

DATA_VARIABLE = "TINYALEX_LESSON_DATA"
NAMES = ("digits", "cifar10")


def dataset() -> Dataset:
    """Load the lessons' images: the embedded digits, or what ``TINYALEX_LESSON_DATA`` names.

    Raises
    ------
    ConfigError
        The variable holds something else than ``digits`` or ``cifar10``.
    DataError
        CIFAR-10 was not downloaded: ``tinyalex data download cifar10``.

    Examples
    --------
    >>> dataset().image_shape
    (16, 16, 1)
    """
    return data.load(dataset_name())


def dataset_name() -> str:
    """``digits``, or what ``TINYALEX_LESSON_DATA`` says; ConfigError if that is neither."""
    name = os.environ.get(DATA_VARIABLE, "") or "digits"
    if name not in NAMES:
        raise unknown(f"data set in {DATA_VARIABLE}:", name, NAMES)
    return name


def arrays(split: Split, n: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Give the first images of a split as a network takes them.

    Parameters
    ----------
    split : Split
    n : int, optional
        How many; all by default.

    Returns
    -------
    x : float32 (n, C, H, W)
        Pixels less their mean over the whole array, divided by their standard deviation.
    labels : int64 (n,)
    """
    chosen = np.arange(len(split) if n is None else min(n, len(split)))
    x = split.images(chosen).transpose(0, 3, 1, 2).astype(np.float32)
    return (x - x.mean()) / x.std(), split.labels[chosen]


@dataclass(frozen=True)
class Progress:
    """What an epoch of `fit` came to, measured while it trained."""

    epoch: int
    loss: float  # mean over the images, in nats
    error: float  # share of images whose largest output was another class


def fit(
    model: Layer,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    lr: float,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    batch_size: int = 32,
    seed: int = 0,
    until_error: float = 0.0,
) -> list[Progress]:
    """Train a network with the paper's SGD; the loop of `tinyalex train`, as short as it gets.

    Parameters
    ----------
    model : Layer
        On a CPU backend; it is trained in place.
    x : float32 (N, C, H, W)
    labels : int64 (N,)
    epochs : int
        At most.
    lr, momentum, weight_decay : float
        See `SGD`.
    batch_size, seed : int
        The seed orders the images.
    until_error : float
        Stop after the first epoch with a training error below this.

    Returns
    -------
    list of Progress
        One an epoch. Loss and error are those of the batches as they were trained on.
    """
    optimizer = SGD(model, lr, momentum, weight_decay)
    loss_layer = SoftmaxCrossEntropy()
    rng = np.random.default_rng(seed)
    model.train()
    history = []
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        losses = wrong = 0.0
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            logits = model.forward(x[batch])
            losses += len(batch) * float(loss_layer.forward(logits, labels[batch]))
            wrong += float((logits.argmax(axis=1) != labels[batch]).sum())
            model.backward(loss_layer.backward())
            optimizer.step()
        history.append(Progress(epoch, losses / len(x), wrong / len(x)))
        if history[-1].error < until_error:
            break
    return history


def error(model: Layer, x: np.ndarray, labels: np.ndarray, batch_size: int = 250) -> float:
    """Share of images that a network gets wrong, in test mode."""
    model.eval()
    starts = range(0, len(x), batch_size)
    guesses = [model.forward(x[at : at + batch_size]).argmax(axis=1) for at in starts]
    model.train()
    return float((np.concatenate(guesses) != labels).mean())
