"""Which folders hold the training pictures and which the held-out ones, as people name them."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tinyalex.data.file_types import is_hidden, is_of_system, suffixes
from tinyalex.errors import DataError

LAYOUT = "FOLDER/CLASS/picture.jpg, or FOLDER/train/CLASS/... and FOLDER/val/CLASS/..."

COMPRESSED = (".zip", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz")
ARCHIVES = (*COMPRESSED, ".tar")

_TRAINING = "train"
_SAME = {"training": "train", "testing": "test"}
# In this order: where several are there, the first is measured on.
_HELD_OUT = ("val", "validation", "valid", "test", "eval", "evaluation", "dev")
_FILLERS = [
    "set",
    "sets",
    "data",
    "dataset",
    "split",
    "part",
    "folder",
    "images",
    "image",
    "imgs",
    "img",
    "pictures",
    "photos",
]
_WORD = re.compile(
    f"({'|'.join((*_SAME, *_HELD_OUT, _TRAINING))})(?:{'|'.join(_FILLERS)})?", re.IGNORECASE
)
_MOST_NESTED = 4  # folders in folders that hold nothing else
_OUR_FOLDERS = ("runs", "lesson-runs")
_RECORDS = re.compile(r"[a-z]+(-[0-9]{5})?\.rec")


def packed_up(path: Path) -> DataError:
    """The error for an archive in a folder's place."""
    return DataError(f"{path}: an archive, not a folder", "unpack it, and name the folder")


def no_folder(path: Path) -> DataError:
    """The error for what should be a folder of pictures and is none."""
    if not path.is_file():
        return DataError(f"{path}: no such folder", LAYOUT)
    if path.name.lower().endswith(ARCHIVES):
        return packed_up(path)
    return DataError(f"{path}: a file, not a folder", "the folder with your pictures")


class Named(NamedTuple):
    """What a folder's name says: ``"train"`` or a held-out part, and the other words in it."""

    word: str
    rest: tuple[str, ...]

    @property
    def held_out(self) -> bool:
        return self.word in _HELD_OUT


@dataclass
class Parts:
    """Where the parts of a data set lie.

    Attributes
    ----------
    train : Path or None
        Class folders; None where all there is is held out (`find_parts` with ``known``).
    held_out : list of Path
        Folders of held-out pictures, the one to measure on first.
    beside : list of Path
        Folders next to these, which belong to no part.
    """

    train: Path | None
    held_out: list[Path] = field(default_factory=list)
    beside: list[Path] = field(default_factory=list)


def one_form(name: str) -> str:
    """A name in the one Unicode form in which names are compared (NFC)."""
    return unicodedata.normalize("NFC", name)


def named(name: str) -> Named | None:
    """Read a folder's name as that of a part: any case, ``training_set``, ``ValImages``.

    Examples
    --------
    >>> named("Training Set"), named("seg_test")
    (Named(word='train', rest=()), Named(word='test', rest=('seg',)))
    >>> named("trainers") is None, named("train_or_test") is None
    (True, True)
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = re.findall(r"[^\W_]+", spaced.casefold())
    matches = [match for word in words if (match := _WORD.fullmatch(word))]
    if len(matches) != 1:
        return None
    word = _SAME.get(matches[0][1], matches[0][1])
    others = [w for w in words if w not in _FILLERS and not _WORD.fullmatch(w)]
    return Named(word, tuple(others))


def find_parts(folder: Path, known: Collection[str] = (), ours: Path | None = None) -> Parts:
    """Find the folders that hold the parts of a data set.

    Parameters
    ----------
    folder : Path
    known : collection of str
        Classes of a network that is measured: no folder of such a name is a part, and a part to
        train on may be missing.
    ours : Path, optional
        The folder of a run, which is no class wherever it lies.

    Raises
    ------
    DataError
        There are held-out parts only, or two training parts.
    """
    folder = _unwrapped(folder, known, ours)
    inside = subfolders(folder, ours)
    read = {
        path: said
        for path in inside
        if (said := named(path.name)) is not None and one_form(path.name) not in known
    }
    train = _training(folder, read, ours)
    if train is None:
        if inside and all(said.held_out and not said.rest for said in read.values()):
            return _held_out_only(folder, inside, read, known, ours)
        return Parts(None if known else folder, [folder] if known else [])
    held = sorted(
        (path for path, said in read.items() if said.held_out and said.rest == read[train].rest),
        key=lambda path: (_HELD_OUT.index(read[path].word), path.name != path.name.lower(), path),
    )
    beside = [path for path in inside if path != train and path not in held]
    parts = [_nested(path, ours) for path in held]
    return Parts(_nested(train, ours), parts, beside)


def _training(folder: Path, read: dict[Path, Named], ours: Path | None) -> Path | None:
    """The training part: a folder of that name with folders in it, not a class of that name."""
    partners = {said.rest for said in read.values() if said.held_out}
    trains = [
        path
        for path, said in read.items()
        if said.word == _TRAINING and (not said.rest or said.rest in partners)
        if subfolders(path, ours)
    ]
    plain = [path for path in trains if path.name == "train"]
    if len(trains) > 1 and not plain:
        names = " and ".join(path.name for path in trains)
        raise DataError(f"{folder}: {names} both look like the training part", "keep one there")
    return next(iter(plain or trains), None)


def _held_out_only(
    folder: Path,
    inside: list[Path],
    read: dict[Path, Named],
    known: Collection[str],
    ours: Path | None,
) -> Parts:
    """Class folders that may be named ``test``, or parts that nothing can be trained on."""
    if len(read) < len(inside) or any(has_pictures(path) for path in inside):
        return Parts(None if known else folder, [folder] if known else [])
    order = sorted(inside, key=lambda path: (_HELD_OUT.index(read[path].word), path))
    if not known:
        names = " and ".join(path.name for path in order)
        raise DataError(
            f"{folder}: no training part in it, only {names}",
            f"the folder with the training pictures; {LAYOUT}",
        )
    return Parts(None, [_nested(path, ours) for path in order])


def _unwrapped(folder: Path, known: Collection[str], ours: Path | None) -> Path:
    """Go down where a folder holds nothing but one folder of folders, as unpacked archives do."""
    for _ in range(_MOST_NESTED):
        inside = subfolders(folder, ours)
        if len(inside) != 1 or one_form(inside[0].name) in known or has_pictures(folder):
            return folder
        (only,) = inside
        said = named(only.name)
        deeper = subfolders(only, ours)
        is_part = said is not None and not said.rest
        if is_part or has_pictures(only) or not any(map(_holds_something, deeper)):
            return folder
        if len(deeper) == 1 and not known and has_pictures(deeper[0]):
            return folder  # a class with a folder in it
        folder = only
    return folder


def _nested(part: Path, ours: Path | None) -> Path:
    """``training_set/training_set/CLASS``: go down to the class folders."""
    for _ in range(_MOST_NESTED):
        inside = subfolders(part, ours)
        said, outer = (named(inside[0].name) if len(inside) == 1 else None), named(part.name)
        if said is None or outer is None or said.word != outer.word or has_pictures(part):
            return part
        if not subfolders(inside[0], ours):
            return part
        part = inside[0]
    return part


def subfolders(folder: Path, ours: Path | None = None) -> list[Path]:
    """Folders that may be classes or parts, sorted: neither hidden, of a system, nor our output."""
    here = Path(os.path.realpath(folder))
    return [
        path
        for path in sorted(folder / name for name in visible(folder))
        if path.is_dir()
        and not is_output(path, ours)
        # A link that leads back up is no class.
        and not (path.is_symlink() and Path(os.path.realpath(path)) in (here, *here.parents))
    ]


def visible(folder: Path) -> list[str]:
    """Names of what people see in a folder."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error
    return [name for name in names if not is_hidden(name) and not is_of_system(name)]


def has_pictures(folder: Path) -> bool:
    """Whether pictures lie in a folder itself, by their names."""
    return any(is_picture(folder / name) for name in visible(folder))


def is_picture(path: Path) -> bool:
    """Whether a path is that of a picture, by its name."""
    return path.suffix.lower() in suffixes() and not path.is_dir()


def _holds_something(folder: Path) -> bool:
    return has_pictures(folder) or any((folder / name).is_dir() for name in visible(folder))


def is_output(folder: Path, ours: Path | None = None) -> bool:
    """Whether tinyalex made a folder: a run, packed data, or a folder of nothing but these.

    Parameters
    ----------
    folder : Path
    ours : Path, optional
        A run's folder that is about to be filled.
    """
    if _is_made(folder, ours):
        return True
    made = _made_inside(folder, ours, _MOST_NESTED)
    return made is not None and (made > 0 or folder.name in _OUR_FOLDERS)


def _is_made(folder: Path, ours: Path | None) -> bool:
    if ours is not None and os.path.realpath(folder) == os.path.realpath(ours):
        return True
    names = set(visible(folder))
    if {"metrics.jsonl", "config.json"} <= names:
        return _is_of_run(folder / "config.json")
    # Not by `packed.is_packed`: that package is built on this one.
    return any(map(_RECORDS.fullmatch, names)) and not has_pictures(folder)


def _made_inside(folder: Path, ours: Path | None, depth: int) -> int | None:
    """How many runs lie in a folder; None if there is anything that may be somebody's picture."""
    if depth == 0 or has_pictures(folder):
        return None
    count = 0
    for path in (folder / name for name in visible(folder)):
        if not path.is_dir():
            continue
        made = 1 if _is_made(path, ours) else _made_inside(path, ours, depth - 1)
        if made is None:
            return None
        count += made
    return count


def holds_run(folder: Path) -> bool:
    """Whether a folder is that of a run: trained, begun or imported."""
    return _is_of_run(folder / "config.json")


def _is_of_run(config: Path) -> bool:
    """Whether a config.json is that of a run."""
    try:
        plain = json.loads(config.read_bytes()) if config.stat().st_size < 1 << 24 else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(plain, dict) and {"model", "recipe", "data"} <= plain.keys()
