"""Data of some of a network's classes, with the network's labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tinyalex.data.dataset import Dataset
from tinyalex.data.splits import one_form


def among(dataset: Dataset, classes: Sequence[str]) -> Dataset:
    """Give a data set the labels of a network that knows all of its classes, and more.

    Names are compared in one Unicode form. A data set with other classes, or with the same ones
    in another order, comes back as it is; so it does where two classes have one name.
    """
    if list(dataset.classes) == list(classes):
        return dataset
    place = {one_form(name): label for label, name in enumerate(classes)}
    names = [one_form(name) for name in dataset.classes]
    if len(place) < len(classes) or not set(names) <= set(place):
        return dataset
    if len(names) == len(place) and names != list(place):
        return dataset
    where = np.array([place[name] for name in names], np.int64)
    return replace(
        dataset,
        classes=list(classes),
        train=dataset.train.relabelled(where),
        test=dataset.test.relabelled(where),
    )
