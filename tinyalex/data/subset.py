"""A data set made from another: some of its images, or with the labels of a network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tinyalex.data.dataset import Dataset, stratified_split
from tinyalex.data.splits import nfc
from tinyalex.errors import ConfigError

Key = Callable[[str], str | None]

MARK = "@"
HELD_OUT = "held-out"
SHARE = 0.2  # of the training images, held out

_TRY = f"cifar10{MARK}10000, cifar10{MARK}{HELD_OUT}, or both: cifar10{MARK}{HELD_OUT}{MARK}10000"


def part(dataset: Dataset, text: str) -> Dataset:
    """Use fewer training images, or hold out some of them; always the same ones.

    Parameters
    ----------
    dataset : Dataset
    text : str
        ``"held-out"``: a fifth of the training images, the same share of each class, replaces the
        test images, so that a recipe can be chosen without looking at those. A number: that many
        training images, the same number of each class.

    Raises
    ------
    ConfigError
        ``text`` is neither, or there are fewer training images.
    """
    train = dataset.train
    if text == HELD_OUT:
        kept, held_out = stratified_split(train.labels, SHARE, seed=0)
        splits = train.subset(kept), train.subset(held_out)
    else:
        first = first_of_each(train.labels, _count(dataset.name, text, len(train)))
        splits = train.subset(first), dataset.test
    return replace(
        dataset,
        name=f"{dataset.name}{MARK}{text}",
        train=splits[0],
        test=splits[1],
        fingerprint=hashlib.sha256(f"{dataset.fingerprint} {text}".encode()).hexdigest(),
        statistics=None,
    )


def first_of_each(labels: np.ndarray, count: int) -> np.ndarray:
    """Indices of the first images of each class, ``count`` in all: int64 (count,), ascending."""
    rank = np.empty(len(labels), np.int64)  # of each image within its class
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rank[members] = np.arange(len(members))
    return np.sort(np.lexsort((labels, rank))[:count])


def _count(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ConfigError(
            f"{name}{MARK}{text}: after {MARK} comes a number of training images or {HELD_OUT}",
            _TRY,
        )
    if not 1 <= (count := int(text)) <= most:
        raise ConfigError(
            f"{name}{MARK}{text}: take from 1 to {most:,} training images (got {count:,})", _TRY
        )
    return count


def among(dataset: Dataset, classes: Sequence[str], key: Key | None = None) -> Dataset:
    """Give a data set the labels of a network that knows all of its classes and more.

    Names are compared in Unicode form NFC.

    Parameters
    ----------
    dataset : Dataset
    classes : sequence of str
        The network's classes, in the order of its outputs.
    key : callable, optional
        Maps a name to what all names of the class have in common, or to None. It is compared if
        the names themselves do not match.

    Returns
    -------
    Dataset
        With the network's classes and labels; unchanged if a class is unknown to the network, if
        two classes have the same name, or if the classes are the same in another order.

    Examples
    --------
    >>> from tinyalex import data
    >>> images, labels = np.zeros((2, 4, 4, 3), np.uint8), np.array([0, 0])
    >>> dogs = data.from_arrays("dogs", ["dog"], (images, labels), (images, labels), "v1")
    >>> among(dogs, ["cat", "dog"]).test.labels
    array([1, 1])
    """
    if list(dataset.classes) == list(classes):
        return dataset
    distinct = len({nfc(name) for name in classes}) == len(classes)
    labels = _labels(dataset.classes, classes, nfc) if distinct else None
    if labels is None and key is not None:
        labels = _labels(dataset.classes, classes, key)
    if labels is None or (len(labels) == len(classes) and (np.diff(labels) < 0).any()):
        return dataset
    return replace(
        dataset,
        classes=list(classes),
        train=dataset.train.relabelled(labels),
        test=dataset.test.relabelled(labels),
    )


def _labels(names: Sequence[str], classes: Sequence[str], key: Key) -> np.ndarray | None:
    """The label of each name, int64; None unless each name has a label of its own."""
    label_of: dict[str | None, int] = {}
    for i, name in enumerate(classes):
        common = key(name)
        label_of[common] = -1 if common in label_of else i
    label_of[None] = -1
    labels = np.array([label_of.get(key(name), -1) for name in names], np.int64)
    return labels if (labels >= 0).all() and len(np.unique(labels)) == len(names) else None
