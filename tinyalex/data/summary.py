"""What a data set holds: a glance before it is loaded, exact numbers after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.data.cifar import find_cifar
from tinyalex.data.class_folders import read_tree
from tinyalex.data.dataset import Dataset, Split
from tinyalex.data.decode import open_image
from tinyalex.data.measure import statistics
from tinyalex.data.names import NAMES, expand, no_such_data
from tinyalex.data.packed import is_packed, read_index
from tinyalex.data.splits import no_folder
from tinyalex.data.subset import HELD_OUT, MARK, SHARE

# What the colour statistics look at: all of CIFAR-10, or 1024 photographs of 256 x 256.
MOST_PIXELS = 1 << 26


def info(dataset: Dataset) -> dict[str, Any]:
    """Give name, sizes, classes, counts and mean colour, as JSON would hold them.

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
    """
    H, W, _ = dataset.image_shape
    measured = min(len(dataset.train), max(1, MOST_PIXELS // (H * W)))
    found = dataset.statistics
    if found is None:
        found = statistics(dataset.train, limit=measured)
    else:
        measured = len(dataset.train)
    # The variance of a channel: the components' variances, each by its share in the channel.
    variance = (found.eigenvectors**2) @ np.maximum(found.eigenvalues, 0)

    def count(split: Split) -> dict[str, Any]:
        per_class = np.bincount(split.labels, minlength=len(dataset.classes))
        return {"images": len(split), "per_class": per_class.tolist()}

    return {
        "name": dataset.name,
        "image_shape": list(dataset.image_shape),
        "classes": list(dataset.classes),
        "train": count(dataset.train),
        "test": count(dataset.test),
        "mean": [round(float(m), 3) for m in found.channel_means],
        "std": [round(float(s), 3) for s in np.sqrt(variance)],
        "measured": measured,
        "fingerprint": dataset.fingerprint,
    }


_SAMPLE = 64  # files whose size is looked at
_CIFAR_TRAINING = 50_000
_CIFAR_SIDE = 32


@dataclass(frozen=True)
class Glance:
    """What is known of a data set at first sight.

    Attributes
    ----------
    kind : str
        ``"digits"``, ``"CIFAR"``, ``"folder"`` or ``"packed"``.
    images : int
        Training images of a built-in set, all pictures of another; 0 for the digits, where
        nobody asks.
    classes : int
        0 where the kind says it.
    side : int
        The shorter side in pixels: the median of a sample of files.
    """

    kind: str
    images: int
    classes: int
    side: int


def glance(name: str, ours: Path | None = None) -> Glance:
    """Look at a data set without loading it; built-in ones are not looked for.

    Parameters
    ----------
    name : str
        As in `tinyalex.data.load`.
    ours : Path, optional
        A run's folder that is no class.

    Raises
    ------
    DataError, ConfigError
        There is no such data set, or it cannot be read.
    """
    whole, *parts = name.split(MARK)
    if whole in NAMES:
        if whole != "cifar10":
            return Glance("digits", 0, 10, 16)
        return Glance("CIFAR", _training_images(parts), 10, _CIFAR_SIDE)
    if not name or not (path := expand(name)).exists():
        raise no_such_data(name)
    if path.is_dir() and is_packed(path):
        return _packed(path)
    if find_cifar(path) is not None:
        return Glance("CIFAR", _CIFAR_TRAINING, 0, _CIFAR_SIDE)
    return _folder(path, ours)


def _training_images(parts: list[str]) -> int:
    """Training images of parts such as ``held-out`` and ``2000``; wrong ones are told later."""
    images = _CIFAR_TRAINING
    for part in parts:
        if part == HELD_OUT:
            images -= round(SHARE * images)
        elif part.isascii() and part.isdigit() and len(part) < 10:
            images = min(images, int(part))
    return images


def _packed(folder: Path) -> Glance:
    index = read_index(folder)
    layout = index.layout
    images = sum(part.records for part in index.splits.values())
    side = 256 if layout.image_shape is None else min(layout.image_shape[:2])
    return Glance("packed", images, len(layout.classes), side)


def _folder(folder: Path, ours: Path | None) -> Glance:
    if not folder.is_dir():
        raise no_folder(folder)
    tree = read_tree(folder, ours=ours)
    files = [path for part in (tree.train, tree.val) if part is not None for path in part.files]
    sides = []
    for i in np.linspace(0, len(files) - 1, min(_SAMPLE, len(files))).astype(np.int64):
        with open_image(files[i], str(files[i])) as image:
            sides.append(min(image.size))
    return Glance("folder", len(files), len(tree.classes), int(np.median(sides)))
