"""A data set made from another: a part of it, or with the labels of a network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tinyalex.data.dataset import Dataset, stratified_split
from tinyalex.data.splits import nfc
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


Key = Callable[[str], str | None]


def among(dataset: Dataset, classes: Sequence[str], key: Key | None = None) -> Dataset:
    """Give a data set the labels of a network that knows all of its classes, and more.

    Names are compared in one Unicode form. A data set with other classes, or with the same ones
    in another order, comes back as it is; so it does where two classes have one name.

    Parameters
    ----------
    dataset : Dataset
    classes : sequence of str
        The network's, in the order of its outputs.
    key : callable, optional
        What names of one class have in common, or None for a name that says nothing: compared
        where the names themselves are others.
    """
    if list(dataset.classes) == list(classes):
        return dataset
    distinct = len({nfc(name) for name in classes}) == len(classes)
    where = _places(dataset.classes, classes, nfc) if distinct else None
    if where is None and key is not None:
        where = _places(dataset.classes, classes, key)
    if where is None or (len(where) == len(classes) and (np.diff(where) < 0).any()):
        return dataset
    return replace(
        dataset,
        classes=list(classes),
        train=dataset.train.relabelled(where),
        test=dataset.test.relabelled(where),
    )


def _places(names: Sequence[str], classes: Sequence[str], key: Key) -> np.ndarray | None:
    """Place of each name among the classes; None where one has none or several, or two have one."""
    place: dict[str | None, int] = {}
    for i, name in enumerate(classes):
        found = key(name)
        place[found] = -1 if found in place else i
    place[None] = -1
    where = np.array([place.get(key(name), -1) for name in names], np.int64)
    return where if (where >= 0).all() and len(np.unique(where)) == len(names) else None
