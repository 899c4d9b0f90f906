"""A source of class folders: one sub-folder of images per class."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tinyalex.data.class_folders import ClassPart, read_tree
from tinyalex.data.dataset import stratified_split
from tinyalex.data.label_lists import stem
from tinyalex.data.prepare.labels import Classes, val_labels
from tinyalex.data.prepare.source import Items, Rejection, Source


def class_folders(folder: Path, labels: Path | None = None) -> Source:
    """Find the images of class folders, or of ``train`` and ``val`` with class folders in each.

    Parameters
    ----------
    folder : Path
    labels : Path, optional
        The labels of validation images that all lie in one folder: Kaggle's
        LOC_val_solution.csv, or any list that `labels.val_labels` reads.

    Raises
    ------
    DataError
        A class has no image, or a class of ``val`` is not in ``train``.
    """

    def listed(classes: list[str]) -> Mapping[str, int]:
        assert labels is not None
        by_name = val_labels(labels, Classes(classes, None, None))
        return {stem(name): label for name, label in by_name.items()}

    tree = read_tree(folder, labels=None if labels is None else listed)
    source = Source("class folders", tree.classes, left_out=tree.left_out(), listed=labels)
    for split, part in (("train", tree.train), ("val", tree.val)):
        if part is not None:
            source.splits[split] = _items(folder, part)
    val = None if tree.val is None else tree.val.folder
    source.aside = [
        Rejection(
            "val" if val in file.path.parents else "train",
            file.class_name,
            file.path.relative_to(folder).as_posix(),
            file.reason,
        )
        for file in tree.aside
    ]
    return source


def _items(root: Path, part: ClassPart) -> Items:
    items = Items()
    for path, label in zip(part.files, part.labels, strict=True):
        items.files.append(os.fspath(path))
        items.add(0, path.stat().st_size, label, path.relative_to(root).as_posix())
    return items


def hold_out(source: Source, fraction: float, seed: int) -> None:
    """Move ``fraction`` of each class' training images to a new validation split."""
    items = source.splits["train"]
    train, val = stratified_split(np.asarray(items.table()[:, 3]), fraction, seed)
    source.splits = {"train": items.subset(train), "val": items.subset(val)}
