"""Folders of pictures with a sub-folder for each class, as a source to prepare."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tinyalex.data.classtree import ClassPart, read_tree
from tinyalex.data.dataset import stratified_split
from tinyalex.data.flatpart import stem
from tinyalex.data.prepare.labels import Classes, val_labels
from tinyalex.data.prepare.source import Items, Rejection, Source
from tinyalex.data.walk import Aside


def class_folders(folder: Path, labels: Path | None = None) -> Source:
    """Find the pictures of class folders, or of ``train`` and ``val`` with class folders in each.

    Parameters
    ----------
    folder : Path
    labels : Path, optional
        A list of the labels of validation pictures that lie in one folder: Kaggle's
        LOC_val_solution.csv, or one that `labels.val_labels` reads.

    Raises
    ------
    DataError
        A class has no picture, or a class of ``val`` is not in ``train``.
    """

    def listed(classes: list[str]) -> Mapping[str, int]:
        assert labels is not None
        found = val_labels(labels, Classes(classes, None, None))
        return {stem(name): label for name, label in found.items()}

    tree = read_tree(folder, labels=None if labels is None else listed)
    source = Source("class folders", tree.classes, left_out=tree.left_out(), listed=labels)
    for split, part in (("train", tree.train), ("val", tree.val)):
        if part is not None:
            source.splits[split] = _items(folder, part)
    source.aside = [_rejection(folder, each, tree.val) for each in tree.aside]
    return source


def _items(root: Path, part: ClassPart) -> Items:
    items = Items()
    for path, label in zip(part.files, part.labels, strict=True):
        items.files.append(os.fspath(path))
        items.add(0, path.stat().st_size, label, path.relative_to(root).as_posix())
    return items


def _rejection(root: Path, each: Aside, val: ClassPart | None) -> Rejection:
    split = "val" if val is not None and val.folder in each.path.parents else "train"
    return Rejection(split, each.class_name, each.path.relative_to(root).as_posix(), each.reason)


def hold_out(source: Source, fraction: float, seed: int) -> None:
    """Make a validation part of a share of each class' training pictures."""
    items = source.splits["train"]
    train, val = stratified_split(np.asarray(items.table()[:, 3]), fraction, seed)
    source.splits = {"train": items.subset(train), "val": items.subset(val)}
