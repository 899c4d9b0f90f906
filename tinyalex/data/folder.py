"""Folders of images: a sub-folder for each class, decoded when they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np

from tinyalex.data.dataset import Dataset, Split, stratified_split
from tinyalex.data.decode import SUFFIXES, check_header, read_image
from tinyalex.data.reading import usable_cores
from tinyalex.errors import DataError

CACHE_BYTES = 1 << 30  # decoded images that a split may keep in memory
MOST_SIDE = 4096  # pixels; a typing mistake in the size must not fill the memory

LAYOUT = "FOLDER/CLASS/picture.jpg, or FOLDER/train/CLASS/... and FOLDER/val/CLASS/..."
VALIDATION = ("val", "validation", "valid", "test")


class ImageFiles:
    """Image files as rows of uint8 pixels. The first ones to be read stay in memory.

    Keeping the first ones and never dropping any is the best that a cache can do for epochs,
    which read every file once in a random order: dropping the oldest would drop each image
    before its next use.
    """

    def __init__(self, paths: list[Path], size: int, channels: int, cache_bytes: int) -> None:
        self._paths, self._size, self._channels = paths, size, channels
        self._kept: dict[int, np.ndarray] = {}
        self._room = cache_bytes // (size * size * channels)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Give the images of some rows: uint8 (n, size, size, channels)."""
        images = np.empty((len(rows), self._size, self._size, self._channels), np.uint8)
        for i, image in enumerate(self._decode(rows)):
            images[i] = image
        return images

    def cut(
        self,
        rows: np.ndarray,
        tops: np.ndarray,
        lefts: np.ndarray,
        crop: tuple[int, int],
        out: np.ndarray,
    ) -> None:
        """Decode some rows in the calling thread, and put a crop of each into ``out``."""
        CH, CW = crop
        places = zip(rows.tolist(), tops.tolist(), lefts.tolist(), strict=True)
        for i, (row, top, left) in enumerate(places):
            out[i] = self._one(row)[top : top + CH, left : left + CW]

    def _decode(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        if all(row in self._kept for row in rows.tolist()):
            return map(self._one, rows.tolist())
        return self._pool.map(self._one, rows.tolist())

    def _one(self, row: int) -> np.ndarray:
        image = self._kept.get(row)
        if image is None:
            image = read_image(self._paths[row], self._size, self._channels)
            if len(self._kept) < self._room:
                self._kept[row] = image
        return image

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return _pool()


def _pool() -> ThreadPoolExecutor:
    """Threads that decode: Pillow lets go of Python's lock while it does."""
    return ThreadPoolExecutor(usable_cores(), thread_name_prefix="tinyalex-decode")


def load_folder(
    folder: Path,
    image_size: int = 256,
    channels: int = 3,
    val_fraction: float = 0.2,
    seed: int = 0,
    cache_bytes: int = CACHE_BYTES,
) -> Dataset:
    """Load a folder of images with a sub-folder for each class.

    Parameters
    ----------
    folder : Path
        Either class folders, or ``train`` and ``val`` (or ``validation``, ``valid``, ``test``)
        with class folders in each. Without the latter a share of the images is held out.
    image_size : int
        The shorter side is scaled to this and the centre cut out (paper, section 2).
    channels : 3 for RGB, 1 for grey
    val_fraction : float
        Share of each class that is held out.
    seed : int
        Decides which images are held out.
    cache_bytes : int
        Memory for decoded images, for each split.

    Returns
    -------
    Dataset
        Classes are the sub-folders' names, sorted.

    Raises
    ------
    DataError
        The folder is missing or empty, a class has no image, a file is not a readable image or
        is absurdly large (every header is read here; pixels are decoded when needed).
    """
    if not 1 <= image_size <= MOST_SIDE:
        raise DataError(f"image size must be from 1 to {MOST_SIDE} (got {image_size})", "256")
    if channels not in (1, 3):
        raise DataError(f"channels must be 1 or 3 (got {channels})", "3 for RGB, 1 for grey")
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder", LAYOUT)
    train_folder, test_folder = parts_of(folder)
    classes = class_names(train_folder)
    train_files, train_labels = _scan(train_folder, classes)
    files, labels = train_files, train_labels
    if test_folder is not None:
        if extra := sorted(set(class_names(test_folder)) - set(classes)):
            raise DataError(
                f"{test_folder}: class {extra[0]!r} is not in {train_folder}",
                "the same class folders in both",
            )
        test_files, test_labels = _scan(test_folder, classes, may_lack=True)
        files, labels = train_files + test_files, np.concatenate([train_labels, test_labels])
        train = np.arange(len(train_files))
        test = np.arange(len(train_files), len(files))
    else:
        train, test = stratified_split(labels, val_fraction, seed)
    with _pool() as pool:
        for _ in pool.map(check_header, files):
            pass

    def split(rows: np.ndarray) -> Split:
        images = ImageFiles([files[row] for row in rows], image_size, channels, cache_bytes)
        shape = (image_size, image_size, channels)
        return Split(images.read, labels[rows], shape, cut=images.cut)

    return Dataset(
        name=folder.resolve().name,
        classes=classes,
        train=split(train),
        test=split(test),
        image_shape=(image_size, image_size, channels),
        fingerprint=_fingerprint(folder, files),
    )


def parts_of(folder: Path) -> tuple[Path, Path | None]:
    """Find the training folder and the validation folder, if the two are apart."""
    train = folder / "train"
    # A class may be named "train": then pictures lie in it, not folders.
    if not train.is_dir() or not subfolders(train):
        return folder, None
    for name in VALIDATION:
        if (folder / name).is_dir():
            return train, folder / name
    return train, None


def subfolders(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def class_names(folder: Path) -> list[str]:
    names = [path.name for path in subfolders(folder)]
    if not names:
        raise DataError(f"{folder}: no class folders in it", LAYOUT)
    return names


def _scan(
    folder: Path, classes: list[str], may_lack: bool = False
) -> tuple[list[Path], np.ndarray]:
    """List the image files of each class, sorted, with their class numbers."""
    files: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        if may_lack and not (folder / name).is_dir():
            continue
        found = [path for path in sorted((folder / name).rglob("*")) if is_image(path, folder)]
        if not found:
            raise DataError(
                f"{folder / name}: no image in this class",
                f"put images there ({' '.join(sorted(SUFFIXES))}), or remove the folder",
            )
        files += found
        labels += [label] * len(found)
    if len(classes) < 2:
        raise DataError(f"{folder}: only one class ({classes[0]!r}), nothing to learn", LAYOUT)
    return files, np.array(labels, np.int64)


def is_image(path: Path, folder: Path) -> bool:
    """Whether a path is a picture by its name, outside hidden files and folders."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.suffix.lower() in SUFFIXES and not hidden and path.is_file()


def _fingerprint(folder: Path, files: list[Path]) -> str:
    """SHA-256 of the files' names and sizes: hashing ImageNet's bytes would take an hour."""
    digest = hashlib.sha256()
    for path in files:
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\0{path.stat().st_size}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
