"""The label of each synset: the development kit, lists of synsets, lists of labels.

Labels count the sorted synsets from 0, as in torchvision, Caffe and class folders. The development
kit has its own ids, 1 to 1000, in another order, and the official labels of the validation images
are such ids. A network that is trained or tested with a mix of the two seems to have learnt
nothing. So no order is ever guessed: a number without a known meaning is refused, and
`label_order` compares a list's labels with the images.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyalex import notice
from tinyalex.data.label_lists import KAGGLE_HEAD, kaggle_rows, stem
from tinyalex.data.prepare.matlab import read_structs
from tinyalex.errors import DataError

SYNSET = re.compile(r"n[0-9]{8}")
_MOST_BYTES = 64 << 20  # of a list
# Ids of two classes in the development kit of 2012. In that of 2010 they differ.
_KNOWN_IDS = {"n01440764": 449, "n01443537": 450}
_OFFICIAL_CLASSES, _OFFICIAL_VAL = 1000, 50_000
# What the first official validation images show: the kit's ground truth begins with the ids
# 490, 361, 171, 822, and Caffe's val.txt (caffe_ilsvrc12.tar.gz) with 65, 970, 230, 809.
_KNOWN_IMAGES = {
    "ILSVRC2012_val_00000001.JPEG": "n01751748",
    "ILSVRC2012_val_00000002.JPEG": "n09193705",
    "ILSVRC2012_val_00000003.JPEG": "n02105855",
    "ILSVRC2012_val_00000004.JPEG": "n04263257",
}
_USE_KIT = (
    "the development kit, or a list with one synset per line: ids 1 to 1000 are in the "
    "development kit's own order, not in the synsets' sorted order"
)


@dataclass(frozen=True)
class Classes:
    """The classes.

    Attributes
    ----------
    synsets : list of str
        Sorted. The label of a synset is its index.
    words : list of str or None
        Readable names, in the same order.
    by_id : dict of int to int, or None
        Label of each id of the development kit; None without a kit.
    """

    synsets: list[str]
    words: list[str] | None
    by_id: Mapping[int, int] | None


def classes_of_kit(meta: bytes, where: str) -> Classes:
    """Read the development kit's ``meta.mat``.

    Parameters
    ----------
    meta : bytes
        The file's bytes.
    where : str
        The file's name, for messages.

    Raises
    ------
    DataError
        The file is damaged or of another year, or has a synset or an id twice.
    """
    year = "ILSVRC2012_devkit_t12.tar.gz, the kit of 2012"
    leaves: dict[str, tuple[int, str]] = {}
    for row in read_structs(meta, "synsets", where):
        number, synset, words = (row.get(k) for k in ("ILSVRC2012_ID", "WNID", "words"))
        if number is None and "ILSVRC2012_ID" not in row:
            raise DataError(f"{where}: has no ids of ILSVRC2012 (fields: {', '.join(row)})", year)
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
                year,
            )
    return Classes(synsets, [leaves[synset][1] for synset in synsets], by_id)


def classes_of_list(path: Path) -> Classes:
    """Read a list with one synset per line, which words may follow.

    Raises
    ------
    DataError
        A line has no synset, or a synset is there twice.
    """
    words: dict[str, str] = {}
    for number, line in enumerate(_lines(path), 1):
        synset, rest = (*line.split(maxsplit=1), "")[:2]
        if not SYNSET.fullmatch(synset):
            raise DataError(
                f"{path}: line {number} should begin with a synset (got {line!r:.60})",
                "one synset per line: n01440764, or n01440764 tench",
            )
        if synset in words:
            raise DataError(f"{path}: {synset} is there twice (line {number})")
        words[synset] = rest.strip()
    synsets = sorted(words)
    has_words = all(words.values())
    return Classes(synsets, [words[s] for s in synsets] if has_words else None, None)


def val_labels(path: Path, classes: Classes, content: bytes | None = None) -> dict[str, int]:
    """Read the validation images' labels.

    Parameters
    ----------
    path : Path
        A list with one line per image: an id of the kit (the official list); ``NAME INDEX`` where
        the index counts the sorted synsets from 0 (Caffe's val.txt); ``NAME SYNSET``; or a synset
        alone, in the images' order. Names may have folders before them and need no suffix.
        Kaggle's LOC_val_solution.csv is read too.
    classes : Classes
    content : bytes, optional
        The list's bytes, if it is in an archive.

    Returns
    -------
    dict of str to int
        Label by the image's file name.

    Raises
    ------
    DataError
        A line cannot be read; a label is none of the classes; a name is there twice; the list has
        the kit's ids and there is no kit; or it shows signs of another order.
    """
    labels: dict[str, int] = {}
    label_of = {synset: label for label, synset in enumerate(classes.synsets)}
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
            label = label_of.get(word)
        elif not re.fullmatch("[0-9]{1,6}", word):
            raise DataError(f"{where}: {word!r:.40} is no label (an id, an index or a synset)")
        elif names:
            label = int(word) if int(word) <= len(label_of) else None
            indices.add(int(word))
        elif classes.by_id is None:
            raise DataError(f"{where}: a number and no name; its order is unknown", _USE_KIT)
        else:
            label = classes.by_id.get(int(word))
        if label is None:
            raise DataError(
                f"{where}: {word} is none of the {len(label_of):,} classes",
                "use the list of ILSVRC2012: those of other years have other classes",
            )
        if name in labels:
            raise DataError(f"{where}: {names[0] if names else name} is there twice")
        labels[name] = label
    if len(label_of) in indices:
        raise DataError(
            f"{path}: the index {len(label_of)} is not in 0 to {len(label_of) - 1}: it counts"
            " from 1",
            _USE_KIT,
        )
    # The development kit tells its own order; any other list may be in another order.
    if content is None and not _check_known(path, labels, label_of) and indices:
        notice.warn(
            f"{path}: its numbers are read as indices of the sorted synsets, from 0; the"
            " development kit's ids, minus 1, would give wrong labels"
        )
    _check_balance(path, labels, len(label_of))
    return labels


def _file_name(name: str) -> str:
    """An image's name in a list: without folders, with the official suffix if it has none."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return f"{last}.JPEG" if stem(last) == last else last


def _check_known(path: Path, labels: Mapping[str, int], label_of: Mapping[str, int]) -> int:
    """Refuse wrong labels of official images; returns how many labels were compared."""
    known = {
        name: synset
        for name, synset in _KNOWN_IMAGES.items()
        if name in labels and synset in label_of
    }
    for name, synset in known.items():
        if labels[name] != label_of[synset]:
            raise DataError(
                f"{path}: {name} has the label {labels[name]}, but shows {synset}, which is"
                f" {label_of[synset]} in the synsets' sorted order",
                _USE_KIT,
            )
    return len(known)


def compare(ours: Mapping[str, int], others: Mapping[str, int], where: str) -> None:
    """Raise DataError if a second list, ``where``, gives other labels than the kit."""
    wrong = [name for name, label in others.items() if ours.get(name, label) != label]
    if wrong:
        raise DataError(
            f"{where}: gives other labels than the development kit for {len(wrong):,} of"
            f" {len(others):,} images ({wrong[0]}: {others[wrong[0]]}, not {ours[wrong[0]]})",
            _USE_KIT,
        )


def _check_balance(path: Path, labels: Mapping[str, int], classes: int) -> None:
    """ILSVRC2012's validation split has 50 images of each class."""
    if len(labels) != _OFFICIAL_VAL or classes != _OFFICIAL_CLASSES:
        return
    counts = Counter(labels.values())
    odd = next((label for label in range(classes) if counts[label] != 50), None)
    if odd is not None:
        raise DataError(
            f"{path}: ILSVRC2012 has 50 validation images of each class; here class {odd} has"
            f" {counts[odd]}",
            "the list of ILSVRC2012, downloaded again: this one is of another year or damaged",
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
        raise DataError(f"{path}: {'an empty line' if lines else 'empty'}", "one label per line")
    return lines
