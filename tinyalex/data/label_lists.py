"""Held-out images that are all in one folder, with their classes in a list."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tinyalex.data.file_types import is_hidden, suffixes
from tinyalex.errors import DataError

# Called with the class names, gives the label of each image by its name without suffix.
Labels = Callable[[list[str]], Mapping[str, int]]

TINY_IMAGENET = "val_annotations.txt"  # image, synset, box; tab-separated
KAGGLE = "LOC_val_solution.csv"
KAGGLE_HEAD = "ImageId,PredictionString"
_KAGGLE_PARENTS = 4  # LOC_val_solution.csv is above ILSVRC/Data/CLS-LOC/val
_MOST_BYTES = 64 << 20  # of a list


def find_list(place: Path) -> Path | None:
    """Find the list for a folder's images: Tiny ImageNet's in it, or Kaggle's above it."""
    if (place / TINY_IMAGENET).is_file():
        return place / TINY_IMAGENET
    above = place.absolute().parents[:_KAGGLE_PARENTS]
    return next((folder / KAGGLE for folder in above if (folder / KAGGLE).is_file()), None)


def read_list(path: Path | None) -> Labels | None:
    """Give the labels of a list that names the class of each image.

    Raises
    ------
    DataError
        When the labels are asked for: the list is damaged, or a class is unknown.
    """
    if path is None:
        return None

    def read(classes: list[str]) -> dict[str, int]:
        label_of = {name: label for label, name in enumerate(classes)}
        labels: dict[str, int] = {}
        for number, (name, class_name) in _rows(path):
            if class_name not in label_of:
                raise DataError(
                    f"{path}: line {number}: {class_name!r:.60} is not one of the"
                    f" {len(classes):,} classes",
                    "take the training images and the list from the same data set",
                )
            labels[stem(name)] = label_of[class_name]
        return labels

    return read


def _rows(path: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield number, image and class of each line."""
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
            raise DataError(f"{path}: line {number} is not an image and its class ({line!r:.60})")
        yield number, (fields[0], fields[1].strip())


def kaggle_rows(lines: list[str], path: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield number, image and class of each line of Kaggle's LOC_val_solution.csv.

    A line is ``ILSVRC2012_val_00048981,n03995372 85 1 499 272``: the class, then its box, and
    more boxes of the same class.
    """
    for number, row in enumerate(csv.reader(lines), 1):
        if number == 1 and ",".join(row) == KAGGLE_HEAD:
            continue
        words = row[1].split() if len(row) == 2 else []
        if not words:
            raise DataError(f"{path}: line {number} is not an image and its class")
        yield number, (row[0].strip(), words[0])


def stem(name: str) -> str:
    """An image's file name without folders and without an image suffix."""
    path = Path(name.replace("\\", "/"))
    return path.stem if path.suffix.lower() in suffixes() else path.name


def in_list(folder: Path, labels: Mapping[str, int]) -> tuple[list[Path], list[int], list[Path]]:
    """Find the images of a folder that are in a list.

    Returns
    -------
    files, labels, unlisted
        The image files, sorted, their labels, and image files that the list does not name.

    Raises
    ------
    DataError
        Images of the list are not in the folder.
    """
    wanted = suffixes()
    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in wanted and not is_hidden(path.name) and path.is_file()
    )
    listed = [path for path in files if stem(path.name) in labels]
    if len(listed) < len(labels):
        there = {stem(path.name) for path in listed}
        missing = next(name for name in labels if name not in there)
        raise DataError(
            f"{folder}: {len(listed):,} of the {len(labels):,} images in the list of labels are"
            f" there ({missing} is missing)",
            "take images and list from the same data set, both complete",
        )
    numbers = [labels[stem(path.name)] for path in listed]
    return listed, numbers, [path for path in files if stem(path.name) not in labels]
