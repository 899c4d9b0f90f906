"""What is prepared: images in files or archives, with their classes.

A source is made by `imagenet`, `class_folders` or `webdataset`.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinyalex.errors import DataError


class Item(NamedTuple):
    """An image that is not read yet: ``size`` bytes from byte ``offset`` of ``file``."""

    file: str
    offset: int
    size: int
    label: int
    name: str


class Rejection(NamedTuple):
    """An image that cannot be used, or a file that is no image; and the reason."""

    split: str
    class_name: str
    name: str
    reason: str


class Items:
    """The images of a split, as one table of numbers: ImageNet has 1.28 million of them.

    Attributes
    ----------
    files : list of str
        Files that hold images: archives, or one file per image.
    names : list of str
        One name per image, for `names.txt` and for messages.
    """

    def __init__(self) -> None:
        self.files: list[str] = []
        self.names: list[str] = []
        self._numbers = array("q")  # file number, offset, size and label of each image

    def __len__(self) -> int:
        return len(self.names)

    def add(self, offset: int, size: int, label: int, name: str) -> None:
        """Append an image of the last file in ``files``."""
        self._numbers.extend((len(self.files) - 1, offset, size, label))
        self.names.append(name)

    def table(self) -> np.ndarray:
        """File number, offset, size and label of each image: int64 (N, 4), no copy."""
        return np.frombuffer(self._numbers, np.int64).reshape(-1, 4)

    def take(self, rows: np.ndarray) -> list[Item]:
        """The images at ``rows``, int (n,), in that order."""
        return [
            Item(self.files[file], offset, size, label, self.names[row])
            for row, (file, offset, size, label) in zip(
                rows.tolist(), self.table()[rows].tolist(), strict=True
            )
        ]

    def subset(self, rows: np.ndarray) -> Items:
        """The images at ``rows``, int (n,), as a table of their own."""
        subset = Items()
        subset.files = self.files
        subset.names = [self.names[row] for row in rows.tolist()]
        subset._numbers = array("q", self.table()[rows].tobytes())
        return subset


@dataclass
class Source:
    """Images, their classes, and the files that were refused while listing them.

    Attributes
    ----------
    kind : str
        ``"official archives"``, ``"class folders"`` or ``"WebDataset shards"``.
    classes : list of str
        In the order of the labels.
    class_names : list of str, optional
        Readable names of the classes, in the same order.
    splits : dict of Items
        ``"train"``, and ``"val"`` if the source has one.
    rejected : list of Rejection
        Images that cannot be used. They count towards ``max_bad``.
    aside : list of Rejection
        Files among the images that are no images. They are listed, but are no errors.
    left_out : str
        One line for the user about everything that was left out.
    listed : Path, optional
        The file that gave the labels of ``val``, unless the development kit gave them.
    """

    kind: str
    classes: list[str]
    class_names: list[str] | None = None
    splits: dict[str, Items] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)
    aside: list[Rejection] = field(default_factory=list)
    left_out: str = ""
    listed: Path | None = None

    def fingerprint(self) -> str:
        """SHA-256 (hex) of names, offsets, sizes and labels. Reading all bytes would take hours."""
        digest = hashlib.sha256("\n".join(self.classes).encode("utf-8", "surrogateescape"))
        for split, items in self.splits.items():
            digest.update(f"\0{split}\0".encode())
            digest.update(items.table()[:, 1:].astype("<i8").tobytes())
            for name in items.names:
                digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
        return digest.hexdigest()

    def check(self) -> None:
        """Raise DataError if there are fewer than two classes, or a split without images."""
        if len(self.classes) < 2:
            raise DataError(
                f"{self.kind}: {len(self.classes)} class, nothing to learn",
                "a source with at least two classes",
            )
        for split, items in self.splits.items():
            if not len(items):
                raise DataError(f"{self.kind}: no image in the {split} split", "check the path")
