"""Folders of images with one sub-folder per class, decoded when they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np

from tinyalex import notice
from tinyalex.data.class_folders import ClassTree, read_tree
from tinyalex.data.dataset import Dataset, Split, stratified_split
from tinyalex.data.decode import check_header, read_image
from tinyalex.data.read_ahead import decode_pool
from tinyalex.data.splits import LAYOUT, no_folder
from tinyalex.errors import DataError

CACHE_BYTES = 1 << 30  # of decoded images that a split may keep in memory
MOST_SIDE = 4096  # pixels; a typo in the size must not fill the memory


class ImageFiles:
    """Image files as rows of uint8 pixels. The first images that are read stay in memory.

    This is the best that a cache can do for epochs, which read every file once in a random order:
    dropping the oldest image would drop each one before its next use.
    """

    def __init__(self, paths: list[Path], size: int, channels: int, cache_bytes: int) -> None:
        self._paths, self._size, self._channels = paths, size, channels
        self._cache: dict[int, np.ndarray] = {}
        self._most_cached = cache_bytes // (size * size * channels)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Decode ``rows``, int64 (n,), by several threads: uint8 (n, size, size, channels)."""
        images = np.empty((len(rows), self._size, self._size, self._channels), np.uint8)
        cached = all(row in self._cache for row in rows.tolist())
        apply: Callable[..., Iterator[np.ndarray]] = map if cached else self._pool.map
        for i, image in enumerate(apply(self._image, rows.tolist())):
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
        """Decode ``rows`` in the calling thread, and put a crop of each image into ``out``."""
        CH, CW = crop
        corners = zip(rows.tolist(), tops.tolist(), lefts.tolist(), strict=True)
        for i, (row, top, left) in enumerate(corners):
            out[i] = self._image(row)[top : top + CH, left : left + CW]

    def _image(self, row: int) -> np.ndarray:
        image = self._cache.get(row)
        if image is None:
            image = read_image(self._paths[row], self._size, self._channels)
            if len(self._cache) < self._most_cached:
                self._cache[row] = image
        return image

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return decode_pool()


def check_size(image_size: int, channels: int) -> None:
    """Refuse an image size in pixels, or a number of channels, that cannot be loaded."""
    if not 1 <= image_size <= MOST_SIDE:
        raise DataError(f"image size must be from 1 to {MOST_SIDE} (got {image_size})", "256")
    if channels not in (1, 3):
        raise DataError(f"channels must be 1 or 3 (got {channels})", "3 for RGB, 1 for grey")


def load_folder(
    folder: Path,
    image_size: int = 256,
    channels: int = 3,
    val_fraction: float = 0.2,
    seed: int = 0,
    cache_bytes: int = CACHE_BYTES,
    measured: Collection[str] | None = None,
    trained_on: Collection[str] = (),
    run_folder: Path | None = None,
) -> Dataset:
    """Load a folder of images with one sub-folder per class.

    Parameters
    ----------
    folder : Path
        Class folders; or a training and a held-out folder with class folders in each, named
        ``train`` and ``val`` or ``test``, or similarly (`splits.split_name`). Without a held-out
        folder, a share of the images is held out.
    image_size : int
        Pixels: the shorter side is scaled to this and the centre cut out (paper, section 2).
    channels : 3 for RGB, 1 for grey
    val_fraction : float
        Share of each class that is held out.
    seed : int
        Decides which images are held out.
    cache_bytes : int
        Memory for decoded images, per split.
    measured : collection of str, optional
        The classes of a network that is evaluated and not trained: without a held-out folder all
        images are test images, and one class is enough.
    trained_on : collection of str, optional
        With ``measured``: fingerprints of the data that the network was trained on. If this
        folder is among them, only the share that was held out is test images.
    run_folder : Path, optional
        The folder of a run, which is not a class if it is in ``folder``.

    Returns
    -------
    Dataset
        uint8 (image_size, image_size, channels); classes are the sub-folders' names, sorted.

    Raises
    ------
    DataError
        The folder is missing or empty, a class has no image, a file is not a readable image or
        is absurdly large (every header is read here; pixels are decoded when needed).
    """
    check_size(image_size, channels)
    if not folder.is_dir():
        raise no_folder(folder)
    tree = read_tree(folder, measured, run_folder)
    splits = [split for split in (tree.train, tree.val) if split is not None]
    files = [path for split in splits for path in split.files]
    labels = np.array([label for split in splits for label in split.labels], np.int64)
    fingerprint = _fingerprint(folder, files)
    everything = measured is not None and fingerprint not in trained_on
    if len(tree.classes) < 2 and not everything:
        raise DataError(f"{folder}: only one class ({tree.classes[0]!r}), nothing to learn", LAYOUT)
    train, test = _rows(tree, labels, everything, val_fraction, seed)
    with decode_pool() as pool:
        for _ in pool.map(check_header, files):
            pass
    if text := tree.left_out():
        notice.tell(f"{folder}: left out: {text}")

    shape = (image_size, image_size, channels)

    def split(rows: np.ndarray) -> Split:
        images = ImageFiles([files[row] for row in rows], image_size, channels, cache_bytes)
        return Split(images.read, labels[rows], shape, cut=images.cut)

    return Dataset(
        name=folder.resolve().name,
        classes=tree.classes,
        train=split(train),
        test=split(test),
        image_shape=shape,
        fingerprint=fingerprint,
    )


def _rows(
    tree: ClassTree, labels: np.ndarray, everything: bool, val_fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the training and of the test images: int64 (n,) each."""
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
