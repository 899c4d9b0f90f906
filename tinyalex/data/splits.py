"""Which folders hold the training images and which the held-out ones, as people name them."""

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

LAYOUT = "FOLDER/CLASS/image.jpg, or FOLDER/train/CLASS/... and FOLDER/val/CLASS/..."

COMPRESSED = (".zip", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz")
ARCHIVES = (*COMPRESSED, ".tar")

_TRAINING = "train"
_SAME = {"training": "train", "testing": "test"}
# In order of preference: of several such folders the first is evaluated on.
_HELD_OUT = ("val", "validation", "valid", "test", "eval", "evaluation", "dev")
_FILLERS = ["set", "sets", "data", "dataset", "split", "part", "folder"]
_FILLERS += ["images", "image", "imgs", "img", "pictures", "photos"]
_WORD = re.compile(
    f"({'|'.join((*_SAME, *_HELD_OUT, _TRAINING))})(?:{'|'.join(_FILLERS)})?", re.IGNORECASE
)
_MOST_NESTED = 4  # folders in folders that hold nothing else
_OUR_FOLDERS = ("runs", "lesson-runs")
_RECORDS = re.compile(r"[a-z]+(-[0-9]{5})?\.rec")


def packed_up(path: Path) -> DataError:
    """The error for an archive where a folder was expected."""
    return DataError(f"{path}: an archive, not a folder", "unpack it, and name the folder")


def no_folder(path: Path) -> DataError:
    """The error for a path that is not a folder of images."""
    if not path.is_file():
        return DataError(f"{path}: no such folder", LAYOUT)
    if path.name.lower().endswith(ARCHIVES):
        return packed_up(path)
    return DataError(f"{path}: a file, not a folder", "the folder with your images")


class SplitName(NamedTuple):
    """What a folder's name says: ``"train"`` or a held-out split, and the other words in it."""

    word: str
    rest: tuple[str, ...]

    @property
    def held_out(self) -> bool:
        return self.word in _HELD_OUT


@dataclass
class SplitFolders:
    """The folders of a data set's splits.

    Attributes
    ----------
    train : Path or None
        The folder of the class folders; None if all images are held out (`find_splits` with
        ``known``).
    held_out : list of Path
        Folders of held-out images, the one to evaluate on first.
    others : list of Path
        Folders next to these, which belong to no split.
    """

    train: Path | None
    held_out: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)


def nfc(name: str) -> str:
    """A name in Unicode form NFC, in which names are compared."""
    return unicodedata.normalize("NFC", name)


def split_name(name: str) -> SplitName | None:
    """Read a folder's name as that of a split: any case, ``training_set``, ``ValImages``.

    Examples
    --------
    >>> split_name("Training Set"), split_name("seg_test")
    (SplitName(word='train', rest=()), SplitName(word='test', rest=('seg',)))
    >>> split_name("trainers") is None, split_name("train_or_test") is None
    (True, True)
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = re.findall(r"[^\W_]+", spaced.casefold())
    matches = [match for word in words if (match := _WORD.fullmatch(word))]
    if len(matches) != 1:
        return None
    word = _SAME.get(matches[0][1], matches[0][1])
    return SplitName(word, tuple(w for w in words if w not in _FILLERS and not _WORD.fullmatch(w)))


def find_splits(
    folder: Path, known: Collection[str] = (), run_folder: Path | None = None
) -> SplitFolders:
    """Find the folders that hold the splits of a data set.

    Parameters
    ----------
    folder : Path
    known : collection of str
        Classes of a network that is evaluated: no folder of such a name is a split, and training
        images may be missing.
    run_folder : Path, optional
        The folder of a run, which is not a class wherever it is.

    Raises
    ------
    DataError
        There are only held-out splits, or two training splits.
    """
    folder = _unwrapped(folder, known, run_folder)
    inside = subfolders(folder, run_folder)
    names = {
        path: said
        for path in inside
        if (said := split_name(path.name)) is not None and nfc(path.name) not in known
    }
    train = _training(folder, names, run_folder)
    if train is None:
        all_held_out = inside and all(said.held_out and not said.rest for said in names.values())
        # Folders named as held-out splits may still be classes, if other folders are there too.
        if all_held_out and len(names) == len(inside) and not any(map(has_images, inside)):
            return _held_out_only(folder, names, known, run_folder)
        return SplitFolders(None if known else folder, [folder] if known else [])
    held_out = sorted(
        (path for path, said in names.items() if said.held_out and said.rest == names[train].rest),
        key=lambda path: (_HELD_OUT.index(names[path].word), path.name != path.name.lower(), path),
    )
    others = [path for path in inside if path != train and path not in held_out]
    return SplitFolders(
        _nested(train, run_folder), [_nested(path, run_folder) for path in held_out], others
    )


def _training(folder: Path, names: dict[Path, SplitName], run_folder: Path | None) -> Path | None:
    """The training split: a folder of that name with folders in it, not a class of that name."""
    partners = {said.rest for said in names.values() if said.held_out}
    trains = [
        path
        for path, said in names.items()
        if said.word == _TRAINING and (not said.rest or said.rest in partners)
        if subfolders(path, run_folder)
    ]
    plain = [path for path in trains if path.name == "train"]
    if len(trains) > 1 and not plain:
        both = " and ".join(path.name for path in trains)
        raise DataError(f"{folder}: {both} both look like the training split", "keep one of them")
    return next(iter(plain or trains), None)


def _held_out_only(
    folder: Path, said: dict[Path, SplitName], known: Collection[str], run_folder: Path | None
) -> SplitFolders:
    """Held-out splits that can be evaluated on (with ``known``), but not trained on."""
    order = sorted(said, key=lambda path: (_HELD_OUT.index(said[path].word), path))
    if not known:
        names = " and ".join(path.name for path in order)
        raise DataError(
            f"{folder}: no training split in it, only {names}",
            f"the folder with the training images; {LAYOUT}",
        )
    return SplitFolders(None, [_nested(path, run_folder) for path in order])


def _unwrapped(folder: Path, known: Collection[str], run_folder: Path | None) -> Path:
    """Go down while a folder holds nothing but one folder of folders, as unpacked archives do."""
    for _ in range(_MOST_NESTED):
        inside = subfolders(folder, run_folder)
        if len(inside) != 1 or nfc(inside[0].name) in known or has_images(folder):
            return folder
        (only,) = inside
        said = split_name(only.name)
        deeper = subfolders(only, run_folder)
        is_split = said is not None and not said.rest
        if is_split or has_images(only) or not any(map(_holds_something, deeper)):
            return folder
        if len(deeper) == 1 and not known and has_images(deeper[0]):
            return folder  # a class with a folder in it
        folder = only
    return folder


def _nested(split: Path, run_folder: Path | None) -> Path:
    """Go down to the class folders: ``training_set/training_set/CLASS``."""
    for _ in range(_MOST_NESTED):
        inside = subfolders(split, run_folder)
        if len(inside) != 1 or has_images(split) or not subfolders(inside[0], run_folder):
            return split
        said, outer = split_name(inside[0].name), split_name(split.name)
        if said is None or outer is None or said.word != outer.word:
            return split
        split = inside[0]
    return split


def subfolders(folder: Path, run_folder: Path | None = None) -> list[Path]:
    """Folders that may be classes or splits, sorted: not hidden, of a system, or our output."""
    here = Path(os.path.realpath(folder))
    return [
        path
        for path in sorted(folder / name for name in visible(folder))
        if path.is_dir()
        and not is_output(path, run_folder)
        # A link that leads back up is not a class.
        and not (path.is_symlink() and Path(os.path.realpath(path)) in (here, *here.parents))
    ]


def visible(folder: Path) -> list[str]:
    """Names in a folder, without hidden files and those of an operating system."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error
    return [name for name in names if not is_hidden(name) and not is_of_system(name)]


def has_images(folder: Path) -> bool:
    """Whether there are image files in the folder itself, by their names."""
    return any(is_image(folder / name) for name in visible(folder))


def is_image(path: Path) -> bool:
    """Whether a path is that of an image file, by its name."""
    return path.suffix.lower() in suffixes() and not path.is_dir()


def _holds_something(folder: Path) -> bool:
    return has_images(folder) or any((folder / name).is_dir() for name in visible(folder))


def is_output(folder: Path, run_folder: Path | None = None) -> bool:
    """Whether tinyalex made a folder: a run, packed data, or a folder with only these in it.

    Parameters
    ----------
    folder : Path
    run_folder : Path, optional
        The folder of a run that is about to begin.
    """
    if _is_made(folder, run_folder):
        return True
    made = _made_inside(folder, run_folder, _MOST_NESTED)
    return made is not None and (made > 0 or folder.name in _OUR_FOLDERS)


def _is_made(folder: Path, run_folder: Path | None) -> bool:
    if run_folder is not None and os.path.realpath(folder) == os.path.realpath(run_folder):
        return True
    names = set(visible(folder))
    if {"metrics.jsonl", "config.json"} <= names:
        return holds_run(folder)
    # Not by `packed.is_packed`: that package imports this one.
    return any(map(_RECORDS.fullmatch, names)) and not has_images(folder)


def _made_inside(folder: Path, run_folder: Path | None, depth: int) -> int | None:
    """Number of runs in a folder; None if anything in it may be an image of the user."""
    if depth == 0 or has_images(folder):
        return None
    count = 0
    for path in (folder / name for name in visible(folder)):
        if not path.is_dir():
            continue
        made = 1 if _is_made(path, run_folder) else _made_inside(path, run_folder, depth - 1)
        if made is None:
            return None
        count += made
    return count


def holds_run(folder: Path) -> bool:
    """Whether a folder is that of a run, by its config.json: trained, begun or imported."""
    config = folder / "config.json"
    try:
        plain = json.loads(config.read_bytes()) if config.stat().st_size < 1 << 24 else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(plain, dict) and {"model", "recipe", "data"} <= plain.keys()
