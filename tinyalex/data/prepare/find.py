"""Find out which kind of source a path is: official archives, class folders, or shards."""

from __future__ import annotations

from pathlib import Path

from tinyalex import notice
from tinyalex.data.prepare.class_folders import class_folders, hold_out
from tinyalex.data.prepare.imagenet import TRAIN, VAL, imagenet
from tinyalex.data.prepare.label_order import refuse_other_order
from tinyalex.data.prepare.labels import classes_of_list
from tinyalex.data.prepare.source import Source
from tinyalex.data.prepare.webdataset import shards_of, webdataset
from tinyalex.data.splits import COMPRESSED, find_splits, packed_up, subfolders
from tinyalex.errors import DataError

_KINDS = (
    "a folder with ILSVRC2012_img_train.tar, with class folders (or train/ and val/ with class "
    "folders in each), or with WebDataset shards (train-*.tar)"
)


def find_source(
    src: str,
    synsets: Path | None = None,
    labels: Path | None = None,
    val_fraction: float = 0.2,
    seed: int = 0,
) -> Source:
    """Find the images of a source of any kind.

    Parameters
    ----------
    src : str
        A folder, a tar archive, or a pattern such as ``train-{000..146}.tar``.
    synsets, labels : Path, optional
        List of the classes; list of the validation images' labels.
    val_fraction, seed : optional
        Share of each class (0 to 1) to hold out if there is no validation split, and the seed of
        that choice.

    Raises
    ------
    DataError
        The source does not exist, or it is damaged.
    """
    folder = Path(src)
    if folder.is_dir() and any((folder / name).exists() for name in (TRAIN, VAL)):
        if not (folder / TRAIN).is_file():
            raise DataError(f"{folder / TRAIN}: no such file", "put both archives into one folder")
        source = imagenet(folder, synsets, labels)
    elif folder.is_dir() and not _has_shards(folder):
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
        raise DataError(f"{src}: no such file or folder", _KINDS)
    source.check()
    refuse_other_order(source)
    if source.left_out:
        notice.tell(f"{src}: left out: {source.left_out}")
    if "val" not in source.splits:
        hold_out(source, val_fraction, seed)
    return source


def _has_shards(folder: Path) -> bool:
    """Whether a folder holds shards: archives, and no validation folder of images."""
    if any(folder.glob("*.tar")):
        return not find_splits(folder).held_out
    if subfolders(folder):
        return False
    raise DataError(f"{folder}: neither archives nor class folders in it", _KINDS)
