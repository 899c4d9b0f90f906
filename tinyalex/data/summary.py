"""What a data set holds: `glance` before it is loaded, `statistics` and `info` afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.data.cifar import find_cifar
from tinyalex.data.class_folders import read_tree
from tinyalex.data.dataset import Dataset, Split
from tinyalex.data.decode import open_image
from tinyalex.data.image_statistics import Statistics
from tinyalex.data.names import NAMES, expand, no_such_data
from tinyalex.data.packed import is_packed, read_index
from tinyalex.data.splits import no_folder
from tinyalex.data.subset import HELD_OUT, MARK, SHARE
from tinyalex.errors import DataError

CHUNK_BYTES = 8 << 20  # of pixels that are read at a time
# `info` measures colours on all of CIFAR-10, or on 1024 photographs of 256 x 256.
MOST_PIXELS = 1 << 26
_SAMPLE = 64  # files whose size is read
_CIFAR_TRAINING = 50_000
_CIFAR_SIDE = 32


@dataclass(frozen=True)
class Glance:
    """What is known of a data set without loading it.

    Attributes
    ----------
    kind : str
        ``"digits"``, ``"CIFAR"``, ``"folder"`` or ``"packed"``.
    images : int
        Training images of CIFAR, all images of a folder or of packed data; 0 for the digits,
        where nobody asks.
    classes : int
        0 for CIFAR given by a path, which may be CIFAR-10 or CIFAR-100.
    side : int
        The shorter side in pixels: the median of a sample of files.

    Examples
    --------
    >>> glance("digits")
    Glance(kind='digits', images=0, classes=10, side=16)
    """

    kind: str
    images: int
    classes: int
    side: int


def glance(name: str, run_folder: Path | None = None) -> Glance:
    """Look at a data set without loading it; built-in sets need not be there.

    Parameters
    ----------
    name : str
        As in `tinyalex.data.load`.
    run_folder : Path, optional
        A run's folder, which is not a class.

    Raises
    ------
    DataError, ConfigError
        There is no such data set, or it cannot be read.

    Examples
    --------
    >>> glance("cifar10@held-out@2000").images  # without looking for the files
    2000
    """
    whole, *parts = name.split(MARK)
    if whole in NAMES:
        if whole != "cifar10":
            return Glance("digits", 0, 10, 16)
        return Glance("CIFAR", _training_images(parts), 10, _CIFAR_SIDE)
    if not name or not (path := expand(name)).exists():
        raise no_such_data(name)
    if path.is_dir() and is_packed(path):
        index = read_index(path)
        shape = index.layout.image_shape
        images = sum(split.records for split in index.splits.values())
        side = 256 if shape is None else min(shape[:2])
        return Glance("packed", images, len(index.layout.classes), side)
    if find_cifar(path) is not None:
        return Glance("CIFAR", _CIFAR_TRAINING, 0, _CIFAR_SIDE)
    if not path.is_dir():
        raise no_folder(path)
    tree = read_tree(path, run_folder=run_folder)
    files = [file for part in (tree.train, tree.val) if part is not None for file in part.files]
    sides = []
    for i in np.linspace(0, len(files) - 1, min(_SAMPLE, len(files))).astype(np.int64):
        with open_image(files[i], str(files[i])) as image:
            sides.append(min(image.size))
    return Glance("folder", len(files), len(tree.classes), int(np.median(sides)))


def _training_images(parts: list[str]) -> int:
    """Training images left by ``held-out`` and ``2000``; wrong parts are refused on loading."""
    images = _CIFAR_TRAINING
    for part in parts:
        if part == HELD_OUT:
            images -= round(SHARE * images)
        elif part.isascii() and part.isdigit() and len(part) < 10:
            images = min(images, int(part))
    return images


def statistics(split: Split, crop: int | None = None, *, limit: int | None = None) -> Statistics:
    """Measure the mean and the colour covariance of a split.

    Parameters
    ----------
    split : Split
    crop : int, optional
        Keep only the centre of the mean image, of this side in pixels, as the authors' code
        does: the same mean is subtracted from every crop.
    limit : int, optional
        Measure at most this many images, evenly spaced.

    Raises
    ------
    DataError
        The split is empty, or an image is damaged.
    ConfigError
        The crop is larger than the images.

    Notes
    -----
    Sums of integers are exact in float64 up to 2**53, more than ImageNet's training set needs; so
    the result does not depend on the order or the number of threads.

    Examples
    --------
    >>> images = np.array([[[0, 200, 100]], [[40, 100, 100]]], np.uint8).reshape(2, 1, 1, 3)
    >>> statistics(Split(images.__getitem__, np.zeros(2), (1, 1, 3))).channel_means
    array([ 20., 150., 100.], dtype=float32)
    """
    H, W, C = split.image_shape
    if not len(split):
        raise DataError("statistics: the split is empty")
    N = len(split) if limit is None else min(limit, len(split))
    chosen = np.arange(N) * len(split) // N
    total = np.zeros((H, W, C), np.int64)
    products = np.zeros((C, C))
    step = max(1, CHUNK_BYTES // (H * W * C))
    for first in range(0, N, step):
        images = split.images(chosen[first : first + step])
        total += images.sum(axis=0, dtype=np.int64)
        pixels = images.reshape(-1, C).astype(np.float64)
        products += pixels.T @ pixels
    return Statistics.from_sums(total, products, N).cropped(crop)


def info(dataset: Dataset) -> dict[str, Any]:
    """Name, sizes, classes, counts and mean colour of a data set, as JSON holds them.

    Returns
    -------
    dict
        ``name``, ``image_shape`` [H, W, C], ``classes``, ``fingerprint``; ``train`` and
        ``test`` with ``images`` and ``per_class``; ``mean`` and ``std`` of each channel of the
        training images (0 to 255), measured on ``measured`` of them, evenly spaced.

    Raises
    ------
    DataError
        One of the measured images is damaged.

    Examples
    --------
    >>> from tinyalex import data
    >>> about = info(data.load("digits@100"))
    >>> about["train"]["images"], about["train"]["per_class"][:3], about["image_shape"]
    (100, [10, 10, 10], [16, 16, 1])
    """
    H, W, _ = dataset.image_shape
    measured, stats = len(dataset.train), dataset.statistics
    if stats is None:
        measured = min(measured, max(1, MOST_PIXELS // (H * W)))
        stats = statistics(dataset.train, limit=measured)
    # A channel's variance is the sum of the components' variances, each times its share.
    variance = (stats.eigenvectors**2) @ np.maximum(stats.eigenvalues, 0)

    def count(split: Split) -> dict[str, Any]:
        per_class = np.bincount(split.labels, minlength=len(dataset.classes))
        return {"images": len(split), "per_class": per_class.tolist()}

    return {
        "name": dataset.name,
        "image_shape": list(dataset.image_shape),
        "classes": list(dataset.classes),
        "train": count(dataset.train),
        "test": count(dataset.test),
        "mean": [round(float(m), 3) for m in stats.channel_means],
        "std": [round(float(s), 3) for s in np.sqrt(variance)],
        "measured": measured,
        "fingerprint": dataset.fingerprint,
    }
