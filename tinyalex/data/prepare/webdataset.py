"""WebDataset shards as a source: tar archives in which the files of a sample follow each other."""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tinyalex.data.file_types import is_junk, suffixes
from tinyalex.data.prepare.source import Items, Rejection, Source
from tinyalex.data.prepare.tar import Member, members, open_archive, read_member
from tinyalex.errors import DataError

_MOST_LABEL = 1 << 20  # bytes of a .cls or .json file
_MOST_SHARDS = 100_000
_LABELS = ("cls", "json")
_LAYOUT = "train-*.tar and val-*.tar, each sample KEY.jpg with KEY.cls (or KEY.json with a label)"

Label = int | str


def shards_of(pattern: str) -> list[Path]:
    """List the shards of a folder or of a pattern, sorted.

    Parameters
    ----------
    pattern : str
        ``train-{000..012}.tar``, ``shards/*.tar``, or a folder.

    Raises
    ------
    DataError
        A pattern matches no file.
    """
    path = Path(pattern)
    if path.is_dir():
        return sorted(path.glob("*.tar"))
    shards: set[Path] = set()
    for name in _braces(pattern):
        matches = [Path(match) for match in glob.glob(name)]
        if not matches:
            raise DataError(f"{name}: no such file", _LAYOUT)
        shards.update(matches)
    return sorted(shards)


def webdataset(shards: list[Path], names: list[str] | None) -> Source:
    """Find the images of WebDataset shards.

    Parameters
    ----------
    shards : list of Path
        Those with "val" or "test" in their name are the validation split.
    names : list of str, optional
        The classes, in the order of the numbers in the .cls files.

    Raises
    ------
    DataError
        A shard is damaged, no sample has an image and a label, or labels do not count from 0.
    """
    splits: dict[str, Items] = {"train": Items(), "val": Items()}
    labels: dict[str, list[Label]] = {"train": [], "val": []}
    rejected: list[Rejection] = []
    first = ""
    for shard in shards:
        split = "val" if re.search("val|test", shard.name.lower()) else "train"
        splits[split].files.append(str(shard))
        with open_archive(shard) as file:
            for key, sample in _samples(file, str(shard), split, rejected):
                if not first:
                    kinds = ", ".join(f".{kind}" for kind in sample)
                    first = f" (the first, {shard.name}/{key}, holds {kinds})"
                for suffix, image, label_file in _pairs(sample):
                    name = f"{shard.name}/{key}{suffix}"
                    label = _label(file, label_file, str(shard))
                    if image is None or label is None:
                        lacks = "an image" if image is None else "a label"
                        rejected.append(Rejection(split, "", name, f"a sample without {lacks}"))
                        continue
                    splits[split].add(image.offset, image.size, 0, name)
                    labels[split].append(label)
    if not len(splits["train"]):
        raise DataError(
            f"{shards[0].parent}: no training sample in {len(shards)} shards{first}", _LAYOUT
        )
    classes = _classes(labels["train"], labels["val"], names)
    label_of: dict[Label, int] = {name: i for i, name in enumerate(classes)}
    if isinstance(labels["train"][0], int):
        label_of = {i: i for i in range(len(classes))}
    for split in [split for split in splits if not len(splits[split])]:
        del splits[split]
    for split, items in splits.items():
        items.table()[:, 3] = [label_of[label] for label in labels[split]]
    return Source("WebDataset shards", classes, None, splits, rejected)


def _classes(train: list[Label], val: list[Label], names: list[str] | None) -> list[str]:
    kinds = {type(label) for label in [*train, *val]}
    if len(kinds) > 1:
        raise DataError("WebDataset shards: some labels are numbers and some are names", _LAYOUT)
    if kinds == {str}:
        classes = sorted({str(label) for label in train})
        extra = {str(label) for label in val} - set(classes)
        if extra:
            raise DataError(f"WebDataset shards: class {min(extra)!r} has no training image")
        if names is None:
            return classes
        if unlisted := set(classes) - set(names):
            raise DataError(f"WebDataset shards: class {min(unlisted)!r} not listed")
        return sorted(names)
    numbers = {int(label) for label in train}
    most = max(numbers | {int(label) for label in val})
    count = most + 1 if names is None else len(names)
    if most >= count:
        raise DataError(
            f"WebDataset shards: label {most}, but {count} classes are listed",
            "list all classes: a label is an index, from 0, into the sorted list",
        )
    missing = next((i for i in range(count) if i not in numbers), None)
    if missing is not None:
        raise DataError(
            f"WebDataset shards: no training image has the label {missing} (labels to {most})",
            "labels that count from 0 without gaps",
        )
    return list(names) if names is not None else [str(i) for i in range(count)]


def _samples(
    file: BinaryIO, where: str, split: str, rejected: list[Rejection]
) -> Iterator[tuple[str, dict[str, Member]]]:
    """Yield key and files of each sample: the members with the same name up to the first dot."""
    key, sample, done = "", dict[str, Member](), set[str]()
    for member in members(file, where):
        path = PurePosixPath(member.name)
        if is_junk(member.name):
            continue
        if member.refused:
            rejected.append(
                Rejection(split, "", f"{Path(where).name}/{member.name}", member.refused)
            )
            continue
        stem, _, suffix = path.name.partition(".")
        own_key = str(path.parent / stem)
        if own_key != key:
            if sample:
                yield key, sample
            done.add(key)
            if own_key in done:
                raise DataError(f"{where}: the sample {own_key} is there twice", _LAYOUT)
            key, sample = own_key, {}
        if suffix.lower() in sample:
            raise DataError(f"{where}: {member.name} is there twice", _LAYOUT)
        sample[suffix.lower()] = member
    if sample:
        yield key, sample


def _pairs(
    sample: dict[str, Member],
) -> Iterator[tuple[str, Member | None, tuple[str, Member] | None]]:
    """Yield a suffix of the key, an image and its label file, for each image of a sample.

    A key may have dots in it (``22.05.jpg``), and a file two suffixes (``input.jpg``,
    ``output.cls``): the last suffix tells its kind. If there are several images and none has a
    single suffix, each is a sample of its own, with the label file of the same name.
    """
    known = suffixes()
    images = [kind for kind in sample if f".{_last(kind)}" in known]
    labels = [kind for name in _LABELS for kind in sample if _last(kind) == name]
    plain = [kind for kind in images if "." not in kind]
    if plain or len(images) < 2:
        image = next(iter(plain or images), "")
        label = min(labels, key=lambda kind: "." in kind, default="")
        yield "", sample[image] if image else None, (label, sample[label]) if label else None
        return
    for kind in images:
        stem = kind.rpartition(".")[0]
        label = next((label for label in labels if label.rpartition(".")[0] == stem), "")
        yield f".{stem}", sample[kind], (label, sample[label]) if label else None


def _last(kind: str) -> str:
    return kind.rpartition(".")[2]


def _label(file: BinaryIO, label_file: tuple[str, Member] | None, where: str) -> Label | None:
    """Read a sample's label: an integer or a name; None if there is none."""
    if label_file is None or label_file[1].size > _MOST_LABEL:
        return None
    kind, member = label_file
    content = read_member(file, member.offset, member.size, where)
    try:
        text = content.decode("utf-8").strip()
        if _last(kind) == "json":
            fields = json.loads(text)
            label = fields.get("label", fields.get("cls")) if isinstance(fields, dict) else None
        else:
            label = int(text) if re.fullmatch("[0-9]{1,7}", text) else text
    except (ValueError, RecursionError):
        return None
    if isinstance(label, str):
        return label or None
    is_index = isinstance(label, int) and not isinstance(label, bool) and 0 <= label < 1 << 20
    return label if is_index else None


def _braces(pattern: str) -> Iterator[str]:
    """Expand ``{000..012}`` and ``{a,b}``."""
    choices: list[list[str]] = []
    for i, text in enumerate(re.split(r"\{([^{}]*)\}", pattern)):
        match = re.fullmatch(r"([0-9]{1,9})\.\.([0-9]{1,9})", text)
        if i % 2 == 0:  # between braces
            choices.append([text])
        elif match:
            first, last, width = int(match[1]), int(match[2]), len(match[1])
            if not 0 <= last - first < _MOST_SHARDS:
                raise DataError(f"{pattern}: a wrong range", _LAYOUT)
            choices.append([f"{number:0{width}d}" for number in range(first, last + 1)])
        else:
            choices.append(text.split(","))
    for chosen in product(*choices):
        yield "".join(chosen)
