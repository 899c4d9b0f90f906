"""Finding out what a source is."""

from __future__ import annotations

from pathlib import Path

from tinyalex import notice
from tinyalex.data.prepare.class_folders import class_folders, hold_out
from tinyalex.data.prepare.imagenet import TRAIN, VAL, official
from tinyalex.data.prepare.label_order import refuse_other_order
from tinyalex.data.prepare.labels import classes_of_list
from tinyalex.data.prepare.source import Source
from tinyalex.data.prepare.webdataset import shards_of, webdataset
from tinyalex.data.splits import COMPRESSED, find_parts, packed_up, subfolders
from tinyalex.errors import DataError

_FORMS = (
    "a folder with ILSVRC2012_img_train.tar, with train/ and val/ and class folders in them, or "
    "with WebDataset shards (train-*.tar)"
)


def find_source(
    src: str,
    synsets: Path | None = None,
    labels: Path | None = None,
    val_fraction: float = 0.2,
    seed: int = 0,
) -> Source:
    """Find the pictures of a source of any form.

    Parameters
    ----------
    src : str
        A folder, a tar archive, or a pattern such as ``train-{000..146}.tar``.
    synsets, labels : Path, optional
        List of classes, and of the validation pictures' labels.
    val_fraction, seed : optional
        Share of each class that is held out where there is no validation part, and the choice.

    Raises
    ------
    DataError
        There is no such source, or it is damaged.
    """
    folder = Path(src)
    if folder.is_dir() and any((folder / name).exists() for name in (TRAIN, VAL)):
        if not (folder / TRAIN).is_file():
            raise DataError(f"{folder / TRAIN}: no such file", "both archives in one folder")
        source = official(folder, synsets, labels)
    elif folder.is_dir() and not _is_of_shards(folder):
        if synsets is not None:
            raise DataError("--synsets does not go with class folders", "leave it out")
        source = class_folders(folder, labels)
    elif labels is not None:
        raise DataError("--val-labels does not go with WebDataset shards", "leave it out")
    elif folder.is_file() and folder.suffix.lower() in COMPRESSED:
        raise packed_up(folder)
    elif folder.exists() or any(mark in src for mark in "{*?["):
        names = None if synsets is None else classes_of_list(synsets).synsets
        shards = shards_of(src) if folder.is_dir() or not folder.exists() else [folder]
        source = webdataset(shards, names)
    else:
        raise DataError(f"{src}: no such file or folder", _FORMS)
    source.check()
    refuse_other_order(source)
    if source.left_out:
        notice.tell(f"{src}: left out: {source.left_out}")
    if "val" not in source.splits:
        hold_out(source, val_fraction, seed)
    return source


def _is_of_shards(folder: Path) -> bool:
    """Whether a folder holds shards: there are archives, and no pictures in class folders."""
    if not any(folder.glob("*.tar")):
        if not subfolders(folder):
            raise DataError(f"{folder}: neither archives nor class folders in it", _FORMS)
        return False
    return not find_parts(folder).held_out
