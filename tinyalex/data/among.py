"""Data of some of a network's classes, with the network's labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tinyalex.data.dataset import Dataset
from tinyalex.data.splits import one_form

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
    distinct = len({one_form(name) for name in classes}) == len(classes)
    where = _places(dataset.classes, classes, one_form) if distinct else None
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
