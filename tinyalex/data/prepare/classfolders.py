"""Folders of pictures with a sub-folder for each class, as a source to prepare."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from tinyalex.data.dataset import stratified_split
from tinyalex.data.folder import class_names, is_image, parts_of
from tinyalex.data.prepare.source import Items, Rejection, Source
from tinyalex.errors import DataError


def class_folders(folder: Path) -> Source:
    """Find the pictures of class folders, or of ``train`` and ``val`` with class folders in each.

    Raises
    ------
    DataError
        A class has no picture, or a class of ``val`` is not in ``train``.
    """
    train, val = parts_of(folder)
    source = Source("class folders", class_names(train))
    source.splits["train"] = _scan(folder, train, "train", source)
    if val is not None:
        extra = sorted(set(class_names(val)) - set(source.classes))
        if extra:
            raise DataError(
                f"{val}: class {extra[0]!r} is not in {train}", "the same class folders in both"
            )
        source.splits["val"] = _scan(folder, val, "val", source)
    return source


def _scan(root: Path, part: Path, split: str, source: Source) -> Items:
    items = Items()
    for label, name in enumerate(source.classes):
        if not (part / name).is_dir():
            continue  # a validation part may lack a class
        before = len(items)
        for path in sorted((part / name).rglob("*")):
            if path.is_dir():
                continue
            relative = path.relative_to(root).as_posix()
            if is_image(path, part):
                items.files.append(os.fspath(path))
                items.add(0, path.stat().st_size, label, relative)
            elif not any(piece.startswith(".") for piece in path.relative_to(part).parts):
                reason = "not a picture by its name, or not a file"
                source.rejected.append(Rejection(split, name, relative, reason))
        if len(items) == before and split == "train":
            raise DataError(
                f"{part / name}: no image in this class", "put images there, or remove the folder"
            )
    return items


def hold_out(source: Source, fraction: float, seed: int) -> None:
    """Make a validation part of a share of each class' training pictures."""
    items = source.splits["train"]
    train, val = stratified_split(np.asarray(items.table()[:, 3]), fraction, seed)
    source.splits = {"train": items.subset(train), "val": items.subset(val)}
