"""What a source of pictures is, whatever form it has: files, and where pictures lie in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinyalex.errors import DataError


class Item(NamedTuple):
    """A picture that has not been read yet: ``size`` bytes from ``offset`` on in a file."""

    file: str
    offset: int
    size: int
    label: int
    name: str


class Rejection(NamedTuple):
    """A picture, or something in a picture's place, that cannot be taken."""

    split: str
    class_name: str
    name: str
    reason: str


class Items:
    """The pictures of a split, in columns: ImageNet has 1.28 million of them."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.names: list[str] = []
        self._rows: list[np.ndarray] = []
        self._new: list[tuple[int, int, int, int]] = []

    def __len__(self) -> int:
        return len(self.names)

    def add(self, offset: int, size: int, label: int, name: str) -> None:
        """Append a picture that lies in the last of ``files``."""
        self._new.append((len(self.files) - 1, offset, size, label))
        self.names.append(name)
        if len(self._new) == 1 << 16:
            self._pack()

    def table(self) -> np.ndarray:
        """File number, offset, size and label of each: int64 (N, 4)."""
        self._pack()
        if len(self._rows) > 1:
            self._rows = [np.concatenate(self._rows)]
        return self._rows[0] if self._rows else np.zeros((0, 4), np.int64)

    def take(self, rows: np.ndarray) -> list[Item]:
        """Give some of them, in the order of ``rows``."""
        table = self.table()
        return [
            Item(self.files[file], offset, size, label, self.names[row])
            for row, (file, offset, size, label) in zip(
                rows.tolist(), table[rows].tolist(), strict=True
            )
        ]

    def subset(self, rows: np.ndarray) -> Items:
        """Give some of them as columns."""
        part = Items()
        part.files = self.files
        part.names = [self.names[row] for row in rows.tolist()]
        part._rows = [self.table()[rows]]
        return part

    def _pack(self) -> None:
        if self._new:
            self._rows.append(np.array(self._new, np.int64))
            self._new = []


@dataclass
class Source:
    """Pictures, their classes, and what was refused on sight.

    Attributes
    ----------
    kind : str
        ``"official archives"``, ``"class folders"`` or ``"WebDataset shards"``.
    classes : list of str
        In the order of the labels.
    class_names : list of str, optional
        Words for people, in the same order.
    splits : dict of Items
        ``"train"``, and ``"val"`` where there is one.
    rejected : list of Rejection
        Pictures, or what should be pictures.
    aside : list of Rejection
        Files among the pictures that are none: listed, but no sign that anything is wrong.
    left_out : str
        One line about these and other things that were left out, for people.
    listed : Path, optional
        A list that says the labels of ``val``, where no development kit does.
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
        """SHA-256 of names, places, sizes and labels, not of bytes: reading them takes hours."""
        digest = hashlib.sha256("\n".join(self.classes).encode("utf-8", "surrogateescape"))
        for split, items in self.splits.items():
            digest.update(f"\0{split}\0".encode())
            digest.update(items.table()[:, 1:].astype("<i8").tobytes())
            for name in items.names:
                digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
        return digest.hexdigest()

    def check(self) -> None:
        """Refuse a source that nothing can be learnt from; raises DataError."""
        if len(self.classes) < 2:
            raise DataError(
                f"{self.kind}: {len(self.classes)} class, nothing to learn", "two classes or more"
            )
        for split, items in self.splits.items():
            if not len(items):
                raise DataError(
                    f"{self.kind}: no picture in the {split} part", "is the path right?"
                )


def grouped(items: list[Item]) -> Iterator[tuple[str, list[Item]]]:
    """Yield file and items for each run of items that lie in the same file."""
    first = 0
    for i in range(1, len(items) + 1):
        if i == len(items) or items[i].file != items[first].file:
            yield items[first].file, items[first:i]
            first = i
