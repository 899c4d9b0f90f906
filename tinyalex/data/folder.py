"""Folders of images: a sub-folder for each class, decoded when they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np

from tinyalex import notice
from tinyalex.data.class_folders import ClassTree, read_tree
from tinyalex.data.dataset import Dataset, Split, stratified_split
from tinyalex.data.decode import check_header, read_image
from tinyalex.data.read_ahead import usable_cores
from tinyalex.data.splits import LAYOUT, no_folder
from tinyalex.errors import DataError

CACHE_BYTES = 1 << 30  # decoded images that a split may keep in memory
MOST_SIDE = 4096  # pixels; a typing mistake in the size must not fill the memory


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
    measured: Collection[str] | None = None,
    trained_on: Collection[str] = (),
    ours: Path | None = None,
) -> Dataset:
    """Load a folder of images with a sub-folder for each class.

    Parameters
    ----------
    folder : Path
        Either class folders, or a training and a held-out part with class folders in each: named
        ``train`` and ``val`` or ``test``, or as other people spell these (`splits.named`).
        Without a held-out part a share of the images is held out.
    image_size : int
        The shorter side is scaled to this and the centre cut out (paper, section 2).
    channels : 3 for RGB, 1 for grey
    val_fraction : float
        Share of each class that is held out.
    seed : int
        Decides which images are held out.
    cache_bytes : int
        Memory for decoded images, for each split.
    measured : collection of str, optional
        The classes of a network that is measured and not trained: without a held-out part all
        images are test images, and one class is enough.
    trained_on : collection of str, optional
        With ``measured``: fingerprints of data that the network was trained on; of these, only
        the share that was held out is measured.
    ours : Path, optional
        The folder of a run, which is no class if it lies in ``folder``.

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
        raise no_folder(folder)
    tree = read_tree(folder, measured, ours)
    parts = [part for part in (tree.train, tree.val) if part is not None]
    files = [path for part in parts for path in part.files]
    labels = np.array([label for part in parts for label in part.labels], np.int64)
    fingerprint = _fingerprint(folder, files)
    everything = measured is not None and fingerprint not in trained_on
    if len(tree.classes) < 2 and not everything:
        raise DataError(f"{folder}: only one class ({tree.classes[0]!r}), nothing to learn", LAYOUT)
    train, test = _rows(tree, labels, everything, val_fraction, seed)
    with _pool() as pool:
        for _ in pool.map(check_header, files):
            pass
    if text := tree.left_out():
        notice.tell(f"{folder}: left out: {text}")

    def split(rows: np.ndarray) -> Split:
        images = ImageFiles([files[row] for row in rows], image_size, channels, cache_bytes)
        shape = (image_size, image_size, channels)
        return Split(images.read, labels[rows], shape, cut=images.cut)

    return Dataset(
        name=folder.resolve().name,
        classes=tree.classes,
        train=split(train),
        test=split(test),
        image_shape=(image_size, image_size, channels),
        fingerprint=fingerprint,
    )


def _rows(
    tree: ClassTree, labels: np.ndarray, everything: bool, val_fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which images are trained and tested on: int64 indices of each."""
    if tree.train is not None and tree.val is not None:
        rows = np.arange(len(labels))
        return rows[: len(tree.train.files)], rows[len(tree.train.files) :]
    if everything:
        return np.zeros(0, np.int64), np.arange(len(labels))
    return stratified_split(labels, val_fraction, seed)


def _fingerprint(folder: Path, files: list[Path]) -> str:
    """SHA-256 of the files' names and sizes: hashing ImageNet's bytes would take an hour."""
    digest = hashlib.sha256()
    for path in files:
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\0{path.stat().st_size}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
