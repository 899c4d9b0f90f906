"""Small training runs on arrays in memory."""

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
    """Load the lessons' images: the digits in scikit-learn, or the set in ``TINYALEX_LESSON_DATA``.

    Raises
    ------
    ConfigError
        The variable is neither ``digits`` nor ``cifar10``.
    DataError
        CIFAR-10 is missing: run ``tinyalex data download cifar10``.

    Examples
    --------
    >>> dataset().image_shape
    (16, 16, 1)
    """
    return data.load(dataset_name())


def dataset_name() -> str:
    """The data set in ``TINYALEX_LESSON_DATA``, by default ``digits``; may raise ConfigError."""
    name = os.environ.get(DATA_VARIABLE, "") or "digits"
    if name not in NAMES:
        raise unknown(f"data set in {DATA_VARIABLE}:", name, NAMES)
    return name


def arrays(split: Split, n: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The first images of a split, as the input of a network.

    Parameters
    ----------
    split : Split
    n : int, optional
        Number of images; all by default.

    Returns
    -------
    x : float32 (n, C, H, W)
        Pixels minus their mean, divided by their standard deviation, both over the whole array.
    labels : int64 (n,)
    """
    chosen = np.arange(len(split) if n is None else min(n, len(split)))
    x = split.images(chosen).transpose(0, 3, 1, 2).astype(np.float32)
    return (x - x.mean()) / x.std(), split.labels[chosen]


@dataclass(frozen=True)
class Progress:
    """Result of an epoch of `fit`, measured on the batches during training."""

    epoch: int
    loss: float  # mean over the images, in nats
    error: float  # fraction of images whose argmax was another class


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
    """Train a network with the paper's SGD: the loop of `tinyalex train` without its options.

    Parameters
    ----------
    model : Layer
        On a CPU backend; training changes it in place.
    x : float32 (N, C, H, W)
    labels : int64 (N,)
    epochs : int
        Upper limit.
    lr, momentum, weight_decay : float
        See `SGD`.
    batch_size, seed : int
        The seed of the shuffling.
    until_error : float
        Stop after the first epoch whose training error is below this.

    Returns
    -------
    list of Progress
        One per epoch.
    """
    optimizer = SGD(model, lr, momentum, weight_decay)
    loss_layer = SoftmaxCrossEntropy().to(model.backend)
    rng = np.random.default_rng(seed)
    model.train()
    history = []
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        total_loss = errors = 0.0
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            logits = model.forward(x[batch])
            total_loss += len(batch) * float(loss_layer.forward(logits, labels[batch]))
            errors += float((logits.argmax(axis=1) != labels[batch]).sum())
            model.backward(loss_layer.backward())
            optimizer.step()
        history.append(Progress(epoch, total_loss / len(x), errors / len(x)))
        if history[-1].error < until_error:
            break
    return history


def error(model: Layer, x: np.ndarray, labels: np.ndarray, batch_size: int = 250) -> float:
    """Fraction of images that a network classifies wrongly, in eval mode."""
    model.eval()
    starts = range(0, len(x), batch_size)
    predictions = [model.forward(x[at : at + batch_size]).argmax(axis=1) for at in starts]
    model.train()
    return float((np.concatenate(predictions) != labels).mean())
