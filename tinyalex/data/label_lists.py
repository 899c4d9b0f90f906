"""Held-out pictures that lie in one folder, with their classes in a list."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tinyalex.data.file_types import is_hidden, suffixes
from tinyalex.errors import DataError

# Gives, for the classes in order, the label of each picture by its name without its suffix.
Labels = Callable[[list[str]], Mapping[str, int]]

TINY_IMAGENET = "val_annotations.txt"  # picture, synset, box; tab-separated
KAGGLE = "LOC_val_solution.csv"
KAGGLE_HEAD = "ImageId,PredictionString"
_KAGGLE_PARENTS = 4  # LOC_val_solution.csv lies above ILSVRC/Data/CLS-LOC/val
_MOST_BYTES = 64 << 20  # of a list


def find_list(place: Path) -> Path | None:
    """Find the list of a folder's classes: Tiny ImageNet's in it, or Kaggle's above it."""
    if (place / TINY_IMAGENET).is_file():
        return place / TINY_IMAGENET
    above = Path(place.absolute()).parents[:_KAGGLE_PARENTS]
    return next((folder / KAGGLE for folder in above if (folder / KAGGLE).is_file()), None)


def read_list(path: Path | None) -> Labels | None:
    """Give the labels of a list that names the class of each picture.

    Raises
    ------
    DataError
        When they are asked for: the list is damaged, or a class is none of those.
    """
    if path is None:
        return None

    def labels(classes: list[str]) -> dict[str, int]:
        place = {name: label for label, name in enumerate(classes)}
        found: dict[str, int] = {}
        for number, (name, class_name) in _rows(path):
            if class_name not in place:
                raise DataError(
                    f"{path}: line {number}: {class_name!r:.60} is none of the"
                    f" {len(classes):,} classes",
                    "training pictures and list of the same data set",
                )
            found[stem(name)] = place[class_name]
        return found

    return labels


def _rows(path: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield number, picture and class of each line."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path}: {path.stat().st_size:,} bytes are no list of labels")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})", "download it again") from error
    if path.name == KAGGLE:
        yield from kaggle_rows(lines, path)
        return
    for number, line in enumerate(lines, 1):
        fields = line.split("\t")
        if len(fields) < 2:
            raise DataError(f"{path}: line {number} is not a picture and its class ({line!r:.60})")
        yield number, (fields[0], fields[1].strip())


def kaggle_rows(lines: list[str], path: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield number, picture and class of each line of Kaggle's LOC_val_solution.csv.

    A line is ``ILSVRC2012_val_00048981,n03995372 85 1 499 272``: the class, then its box, and
    more boxes of the same class.
    """
    for number, row in enumerate(csv.reader(lines), 1):
        if number == 1 and ",".join(row) == KAGGLE_HEAD:
            continue
        words = row[1].split() if len(row) == 2 else []
        if not words:
            raise DataError(f"{path}: line {number} is not a picture and its class")
        yield number, (row[0].strip(), words[0])


def stem(name: str) -> str:
    """A picture's file name without folders and without a picture's suffix."""
    path = Path(name.replace("\\", "/"))
    return path.stem if path.suffix.lower() in suffixes() else path.name


def in_list(folder: Path, labels: Mapping[str, int]) -> tuple[list[Path], list[int], list[Path]]:
    """Find the pictures of a folder that are in a list.

    Returns
    -------
    files, labels, unlisted
        The pictures, sorted, their labels, and pictures that the list does not name.

    Raises
    ------
    DataError
        Pictures of the list are not in the folder.
    """
    wanted = suffixes()
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in wanted and not is_hidden(path.name) and path.is_file()
    )
    listed = [path for path in found if stem(path.name) in labels]
    if len(listed) < len(labels):
        there = {stem(path.name) for path in listed}
        lost = next(name for name in labels if name not in there)
        raise DataError(
            f"{folder}: {len(listed):,} of the {len(labels):,} pictures in the list of labels are"
            f" there ({lost} is missing)",
            "pictures and list of the same data set, both whole",
        )
    numbers = [labels[stem(path.name)] for path in listed]
    return listed, numbers, [path for path in found if stem(path.name) not in labels]
