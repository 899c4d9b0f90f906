"""WebDataset shards: tar archives in which the files of a sample follow one another."""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tinyalex.data.kinds import is_junk, suffixes
from tinyalex.data.prepare.source import Items, Rejection, Source
from tinyalex.data.prepare.tar import Member, members, open_archive, read_member
from tinyalex.errors import DataError

_MOST_LABEL = 1 << 20  # bytes of a .cls or .json file
_MOST_SHARDS = 100_000
_LABELS = ("cls", "json")
_HOW = "train-*.tar and val-*.tar, each sample KEY.jpg with KEY.cls (or KEY.json with a label)"

Label = int | str


def shards_of(pattern: str) -> list[Path]:
    """List the shards that a folder, a file or a pattern stands for, sorted.

    Parameters
    ----------
    pattern : str
        ``train-{000..012}.tar``, ``shards/*.tar``, or the folder that they lie in.
    """
    path = Path(pattern)
    if path.is_dir():
        return sorted(path.glob("*.tar"))
    found: set[Path] = set()
    for each in _braces(pattern):
        matches = [Path(match) for match in glob.glob(each)]
        if not matches:
            raise DataError(f"{each}: no such file", _HOW)
        found |= set(matches)
    return sorted(found)


def webdataset(shards: list[Path], names: list[str] | None) -> Source:
    """Find the pictures of WebDataset shards.

    Parameters
    ----------
    shards : list of Path
        Those with "val" or "test" in their name are the validation part.
    names : list of str, optional
        The classes, in the order of the numbers in the .cls files.

    Raises
    ------
    DataError
        A shard is damaged, no sample has a picture and a label, or labels do not count from 0.
    """
    parts: dict[str, Items] = {"train": Items(), "val": Items()}
    labels: dict[str, list[Label]] = {"train": [], "val": []}
    rejected: list[Rejection] = []
    held: tuple[str, str] | None = None
    for shard in shards:
        split = "val" if re.search("val|test", shard.name.lower()) else "train"
        parts[split].files.append(str(shard))
        with open_archive(shard) as file:
            for key, sample in _samples(file, str(shard), split, rejected):
                held = held or (f"{shard.name}/{key}", ", ".join(f".{kind}" for kind in sample))
                for more, picture, marked in _pairs(sample):
                    name = f"{shard.name}/{key}{more}"
                    label = _label(file, marked, str(shard))
                    if picture is None or label is None:
                        lacks = "a picture" if picture is None else "a label"
                        rejected.append(Rejection(split, "", name, f"a sample without {lacks}"))
                        continue
                    parts[split].add(picture.offset, picture.size, 0, name)
                    labels[split].append(label)
    if not len(parts["train"]):
        first = f" (the first, {held[0]}, holds {held[1]})" if held else ""
        raise DataError(
            f"{shards[0].parent}: no training sample in {len(shards)} shards{first}", _HOW
        )
    classes = _classes(labels["train"], labels["val"], names)
    place: dict[Label, int] = {name: i for i, name in enumerate(classes)}
    if isinstance(labels["train"][0], int):
        place = {i: i for i in range(len(classes))}
    for split, items in parts.items():
        if len(items):
            items.table()[:, 3] = [place[label] for label in labels[split]]
    splits = {split: items for split, items in parts.items() if len(items)}
    return Source("WebDataset shards", classes, None, splits, rejected)


def _classes(train: list[Label], val: list[Label], names: list[str] | None) -> list[str]:
    kinds = {type(label) for label in [*train, *val]}
    if len(kinds) > 1:
        raise DataError("WebDataset shards: some labels are numbers and some are names", _HOW)
    if kinds == {str}:
        classes = sorted({str(label) for label in train})
        extra = {str(label) for label in val} - set(classes)
        if extra:
            raise DataError(f"WebDataset shards: class {min(extra)!r} has no training picture")
        if names is not None and not set(classes) <= set(names):
            raise DataError(
                f"WebDataset shards: class {min(set(classes) - set(names))!r} not listed"
            )
        return sorted(names) if names is not None else classes
    numbers = {int(label) for label in train}
    most = max(numbers | {int(label) for label in val})
    count = most + 1 if names is None else len(names)
    if most >= count:
        raise DataError(
            f"WebDataset shards: label {most}, but {count} classes are listed",
            "labels count from 0, in the order of the sorted synsets",
        )
    missing = next((i for i in range(count) if i not in numbers), None)
    if missing is not None:
        raise DataError(
            f"WebDataset shards: no training picture has the label {missing} (labels to {most})",
            "labels must count from 0, without gaps",
        )
    return list(names) if names is not None else [str(i) for i in range(count)]


def _samples(
    file: BinaryIO, where: str, split: str, rejected: list[Rejection]
) -> Iterator[tuple[str, dict[str, Member]]]:
    """Yield key and files of each sample: members whose names are equal up to the first dot."""
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
        its_key = str(path.parent / stem)
        if its_key != key:
            if sample:
                yield key, sample
            done.add(key)
            if its_key in done:
                raise DataError(f"{where}: the sample {its_key} is there twice", _HOW)
            key, sample = its_key, {}
        if suffix.lower() in sample:
            raise DataError(f"{where}: {member.name} is there twice", _HOW)
        sample[suffix.lower()] = member
    if sample:
        yield key, sample


def _pairs(
    sample: dict[str, Member],
) -> Iterator[tuple[str, Member | None, tuple[str, Member] | None]]:
    """Yield picture and label of a sample, and what to add to its key.

    A key may have dots in it (``22.05.jpg``), and a field two names (``input.jpg``,
    ``output.cls``): the last one tells the kind. Several pictures of which none is called by its
    kind alone are samples of their own, each with the label of the same name.
    """
    wanted = suffixes()
    pictures = [kind for kind in sample if f".{_last(kind)}" in wanted]
    marks = [kind for name in _LABELS for kind in sample if _last(kind) == name]
    plain = [kind for kind in pictures if "." not in kind]
    if plain or len(pictures) < 2:
        first = next(iter(plain or pictures), None)
        best = sorted(marks, key=lambda kind: "." in kind)
        mark = (best[0], sample[best[0]]) if best else None
        yield "", None if first is None else sample[first], mark
        return
    for kind in pictures:
        stem = kind.rpartition(".")[0]
        mine = [mark for mark in marks if mark.rpartition(".")[0] == stem]
        yield f".{stem}", sample[kind], (mine[0], sample[mine[0]]) if mine else None


def _last(kind: str) -> str:
    return kind.rpartition(".")[2]


def _label(file: BinaryIO, marked: tuple[str, Member] | None, where: str) -> Label | None:
    """Read a sample's label: a whole number or a name."""
    if marked is None or marked[1].size > _MOST_LABEL:
        return None
    kind, member = marked
    content = read_member(file, member.offset, member.size, where)
    try:
        text = content.decode("utf-8").strip()
        if _last(kind) == "json":
            plain = json.loads(text)
            found = plain.get("label", plain.get("cls")) if isinstance(plain, dict) else None
        else:
            found = int(text) if re.fullmatch("[0-9]{1,7}", text) else text
    except (ValueError, RecursionError):
        return None
    if isinstance(found, bool) or not isinstance(found, int | str):
        return None
    return None if found == "" or (isinstance(found, int) and not 0 <= found < 1 << 20) else found


def _braces(pattern: str) -> Iterator[str]:
    """Spell out ``{000..012}`` and ``{a,b}``."""
    pieces = re.split(r"\{([^{}]*)\}", pattern)
    choices: list[list[str]] = []
    for i, piece in enumerate(pieces):
        match = re.fullmatch(r"([0-9]{1,9})\.\.([0-9]{1,9})", piece)
        if i % 2 == 0:
            choices.append([piece])
        elif match:
            first, last, width = int(match[1]), int(match[2]), len(match[1])
            if not 0 <= last - first < _MOST_SHARDS:
                raise DataError(f"{pattern}: a wrong range", _HOW)
            choices.append([f"{number:0{width}d}" for number in range(first, last + 1)])
        else:
            choices.append(piece.split(","))
    for chosen in product(*choices):
        yield "".join(chosen)
