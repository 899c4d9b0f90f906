"""Parts of a data set: fewer training images, or training images held out to choose by."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from tinyalex.data.dataset import Dataset, stratified_split
from tinyalex.errors import ConfigError

MARK = "@"
HELD_OUT = "held-out"
SHARE = 0.2  # of the training images that is held out

_TRY = f"cifar10{MARK}10000, cifar10{MARK}{HELD_OUT}, or both: cifar10{MARK}{HELD_OUT}{MARK}10000"


def part(dataset: Dataset, text: str) -> Dataset:
    """Give a part of a data set; which images are in it depends on the data set alone.

    Parameters
    ----------
    dataset : Dataset
    text : str
        ``"held-out"``: a fifth of the training images, the same share of each class, takes the
        test images' place, so that a recipe can be chosen without a look at those. A number:
        so many of the training images, as many of each class as of the others.

    Raises
    ------
    ConfigError
        ``text`` is neither, or there are fewer images.
    """
    train = dataset.train
    if text == HELD_OUT:
        kept, held_out = stratified_split(train.labels, SHARE, seed=0)
        splits = train.subset(kept), train.subset(held_out)
    else:
        few = few_of_each(train.labels, _count(dataset.name, text, len(train)))
        splits = train.subset(few), dataset.test
    return replace(
        dataset,
        name=f"{dataset.name}{MARK}{text}",
        train=splits[0],
        test=splits[1],
        fingerprint=hashlib.sha256(f"{dataset.fingerprint} {text}".encode()).hexdigest(),
        statistics=None,
    )


def few_of_each(labels: np.ndarray, count: int) -> np.ndarray:
    """Indices of the first ``count`` images if the classes take turns: int64, ascending."""
    turn = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        turn[members] = np.arange(len(members))
    return np.sort(np.lexsort((labels, turn))[:count])


def _count(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ConfigError(
            f"{name}{MARK}{text}: behind {MARK} comes a number of training images or {HELD_OUT}",
            _TRY,
        )
    if not 1 <= (count := int(text)) <= most:
        raise ConfigError(
            f"{name}{MARK}{text}: 1 to {most:,} training images are to be had (got {count:,})", _TRY
        )
    return count
