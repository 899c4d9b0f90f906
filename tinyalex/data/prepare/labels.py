"""Which synset has which label: the development kit, lists of synsets, lists of labels.

Labels are always synsets sorted, from 0, as torchvision, Caffe and the class folders have them.
The development kit counts otherwise: its ids, 1 to 1000, are in an order of its own, and the
official labels of the validation pictures are such ids. Whoever takes one for the other gets a
network that has learnt and seems not to have; so no number is ever guessed at here, and
`label_order` compares a list's labels with the pictures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyalex import notice
from tinyalex.data.flatpart import KAGGLE_HEAD, kaggle_rows, stem
from tinyalex.data.prepare.matlab import read_structs
from tinyalex.errors import DataError

SYNSET = re.compile(r"n[0-9]{8}")
_MOST_BYTES = 64 << 20  # of a list
# Two classes of ILSVRC2012 whose ids in the development kit are known (of 2012, not of 2010).
_KNOWN_IDS = {"n01440764": 449, "n01443537": 450}
_OFFICIAL_CLASSES, _OFFICIAL_VAL = 1000, 50_000
# What the first official validation pictures show: the kit's ground truth begins with the ids
# 490, 361, 171, 822, and Caffe's val.txt (caffe_ilsvrc12.tar.gz) with 65, 970, 230, 809.
_KNOWN_PICTURES = {
    "ILSVRC2012_val_00000001.JPEG": "n01751748",
    "ILSVRC2012_val_00000002.JPEG": "n09193705",
    "ILSVRC2012_val_00000003.JPEG": "n02105855",
    "ILSVRC2012_val_00000004.JPEG": "n04263257",
}

_TRAP = (
    "ids 1 to 1000 are in the development kit's own order, not in the synsets' sorted order; "
    "give the development kit, or a list with a synset a line"
)


@dataclass(frozen=True)
class Classes:
    """The classes.

    Attributes
    ----------
    synsets : list of str
        Sorted; the place in this list is the label.
    words : list of str or None
        For people, in the same order.
    by_id : dict or None
        Label of each id of the development kit; None where no kit was read.
    """

    synsets: list[str]
    words: list[str] | None
    by_id: Mapping[int, int] | None


def classes_of_kit(meta: bytes, where: str) -> Classes:
    """Read ``meta.mat``.

    Raises
    ------
    DataError
        It is damaged or of another year, or a synset or an id is there twice.
    """
    rows = read_structs(meta, "synsets", where)
    wrong_year = "ILSVRC2012_devkit_t12.tar.gz is the one of the year 2012"
    leaves: dict[str, tuple[int, str]] = {}
    for row in rows:
        number, synset, words = (row.get(k) for k in ("ILSVRC2012_ID", "WNID", "words"))
        if number is None and "ILSVRC2012_ID" not in row:
            raise DataError(
                f"{where}: has no ids of ILSVRC2012 (fields: {', '.join(row)})", wrong_year
            )
        if row.get("num_children") != 0:
            continue  # a group of classes, "dog" for instance
        if not isinstance(synset, str) or not SYNSET.fullmatch(synset):
            raise DataError(f"{where}: {synset!r:.40} is not a synset (n and eight digits)")
        # NaN is in no range.
        if not isinstance(number, int | float) or not 1 <= number < 1 << 31 or number % 1:
            raise DataError(f"{where}: {synset} has the id {number!r:.40}")
        if synset in leaves:
            raise DataError(f"{where}: {synset} is there twice")
        leaves[synset] = int(number), words if isinstance(words, str) else synset
    synsets = sorted(leaves)
    by_id = {leaves[synset][0]: label for label, synset in enumerate(synsets)}
    if len(by_id) != len(synsets):
        raise DataError(f"{where}: an id is there twice")
    for synset, number in _KNOWN_IDS.items():
        if len(synsets) == _OFFICIAL_CLASSES and leaves.get(synset, (0,))[0] != number:
            raise DataError(
                f"{where}: {synset} should have the id {number}"
                f" (got {leaves.get(synset, ('none',))[0]}): of another year, or changed",
                wrong_year,
            )
    return Classes(synsets, [leaves[synset][1] for synset in synsets], by_id)


def classes_of_list(path: Path) -> Classes:
    """Read a list of synsets, one a line, each with or without words behind it.

    Raises
    ------
    DataError
        A line has no synset, or one is there twice.
    """
    words: dict[str, str] = {}
    for number, line in enumerate(_lines(path), 1):
        synset, rest = (*line.split(maxsplit=1), "")[:2]
        if not SYNSET.fullmatch(synset):
            raise DataError(
                f"{path}: line {number} should begin with a synset (got {line!r:.60})",
                "n01440764, or n01440764 tench, one a line",
            )
        if synset in words:
            raise DataError(f"{path}: {synset} is there twice (line {number})")
        words[synset] = rest.strip()
    synsets = sorted(words)
    has_words = all(words.values())
    return Classes(synsets, [words[s] for s in synsets] if has_words else None, None)


def val_labels(path: Path, classes: Classes, content: bytes | None = None) -> dict[str, int]:
    """Read the validation pictures' labels.

    Parameters
    ----------
    path : Path
        A line for each picture: the official list of ids; ``NAME INDEX`` as Caffe's val.txt has
        it (the synsets' sorted order, from 0); or a synset, with the name before it or in the
        pictures' order. Names may have folders before them and need no suffix. Or Kaggle's
        LOC_val_solution.csv.
    classes : Classes
    content : bytes, optional
        The file's bytes, where it lies in an archive.

    Returns
    -------
    dict
        Label by the picture's file name.

    Raises
    ------
    DataError
        A line cannot be read, a label is none of the classes, or a name is there twice; ids of
        the development kit without the kit, or other signs of another order.
    """
    labels: dict[str, int] = {}
    place = {synset: label for label, synset in enumerate(classes.synsets)}
    indices: set[int] = set()
    lines = _lines(path, content)
    if lines[0] == KAGGLE_HEAD:
        lines = [f"{name} {synset}" for _, (name, synset) in kaggle_rows(lines, path)]
    for number, line in enumerate(lines, 1):
        *names, word = line.split()
        name = _file_name(names[0]) if names else f"ILSVRC2012_val_{number:08d}.JPEG"
        where = f"{path}: line {number}"
        if len(names) > 1:
            raise DataError(f"{where} is not a label, nor a name and a label ({line!r:.60})")
        if SYNSET.fullmatch(word):
            label = place.get(word)
        elif not re.fullmatch("[0-9]{1,6}", word):
            raise DataError(f"{where}: {word!r:.40} is no label (an id, an index or a synset)")
        elif names:
            label = int(word) if int(word) <= len(place) else None
            indices.add(int(word))
        elif classes.by_id is None:
            raise DataError(
                f"{where}: a number and no name; which order it counts is unknown", _TRAP
            )
        else:
            label = classes.by_id.get(int(word))
        if label is None:
            raise DataError(
                f"{where}: {word} is none of the {len(place):,} classes",
                "a list of another year does not fit: ILSVRC2012's is wanted",
            )
        if name in labels:
            raise DataError(f"{where}: {names[0] if names else name} is there twice")
        labels[name] = label
    if len(place) in indices:
        raise DataError(
            f"{path}: the index {len(place)} is not in 0 to {len(place) - 1}: it counts from 1",
            _TRAP,
        )
    # A development kit says its own order; any other list may be in another one.
    if content is None and not _check_known(path, labels, place) and indices:
        notice.warn(
            f"{path}: its numbers are taken for the synsets' sorted order, from 0; the development"
            " kit's ids, less 1, would be wrong"
        )
    _check_balance(path, labels, len(place))
    return labels


def _file_name(name: str) -> str:
    """A picture's name in a list: without folders, with the official suffix if it has none."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return f"{last}.JPEG" if stem(last) == last else last


def _check_known(path: Path, labels: Mapping[str, int], place: Mapping[str, int]) -> int:
    """Refuse labels that are not those of official pictures; returns how many were compared."""
    known = {
        name: synset
        for name, synset in _KNOWN_PICTURES.items()
        if name in labels and synset in place
    }
    for name, synset in known.items():
        if labels[name] != place[synset]:
            raise DataError(
                f"{path}: {name} has the label {labels[name]}, but shows {synset}, which is"
                f" {place[synset]} in the synsets' sorted order",
                _TRAP,
            )
    return len(known)


def compare(ours: Mapping[str, int], others: Mapping[str, int], where: str) -> None:
    """Refuse a second list that gives other labels; raises DataError."""
    wrong = [name for name, label in others.items() if ours.get(name, label) != label]
    if wrong:
        raise DataError(
            f"{where}: gives other labels than the development kit for {len(wrong):,} of"
            f" {len(others):,} pictures ({wrong[0]}: {others[wrong[0]]}, not {ours[wrong[0]]})",
            _TRAP,
        )


def _check_balance(path: Path, labels: Mapping[str, int], classes: int) -> None:
    """ILSVRC2012's validation part has 50 pictures of each class."""
    if len(labels) != _OFFICIAL_VAL or classes != _OFFICIAL_CLASSES:
        return
    counts = [0] * classes
    for label in labels.values():
        counts[label] += 1
    odd = [label for label, count in enumerate(counts) if count != 50]
    if odd:
        raise DataError(
            f"{path}: ILSVRC2012 has 50 validation pictures of each class; here class {odd[0]} has"
            f" {counts[odd[0]]}",
            "a list of another year, or a damaged one",
        )


def _lines(path: Path, content: bytes | None = None) -> list[str]:
    try:
        if content is None:
            if path.stat().st_size > _MOST_BYTES:
                raise DataError(f"{path}: {path.stat().st_size:,} bytes are no list of labels")
            content = path.read_bytes()
        lines = [line.strip() for line in content.decode("utf-8-sig").splitlines()]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file ({error})") from error
    while lines and not lines[-1]:
        lines.pop()
    if not lines or not all(lines):
        raise DataError(f"{path}: {'an empty line' if lines else 'empty'}", "a label a line")
    return lines
