"""What a data set is: labelled images, in a training part and a test part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinyalex.data.image_statistics import Statistics
from tinyalex.errors import DataError

Reader = Callable[[np.ndarray], np.ndarray]
# Rows, tops, lefts, (CH, CW), and where the crops go: uint8 (n, CH, CW, C).
Cutter = Callable[[np.ndarray, np.ndarray, np.ndarray, tuple[int, int], np.ndarray], None]


class Split:
    """Labelled images that are read when they are asked for.

    Parameters
    ----------
    read : callable
        Gives the images of some row numbers: int64 (n,) -> uint8 (n, H, W, C).
    labels : int64 (N,)
        Class numbers from 0.
    image_shape : (H, W, C)
    rows : int64 (N,), optional
        Row number of each image for `read`; 0 to N - 1 by default.
    cut : callable, optional
        Reads crops of some rows in the calling thread. A split that has it is worth reading by
        several threads at once.
    shards : int64 (N,), optional
        The file that each image lies in, for shuffling by files.
    read_into : callable, optional
        Like `read`, into an array that is its second argument.

    Notes
    -----
    `images` and `crops` may be called from several threads.
    """

    def __init__(
        self,
        read: Reader,
        labels: np.ndarray,
        image_shape: tuple[int, int, int],
        rows: np.ndarray | None = None,
        cut: Cutter | None = None,
        shards: np.ndarray | None = None,
        read_into: Callable[[np.ndarray, np.ndarray], object] | None = None,
    ) -> None:
        self.labels = np.asarray(labels, dtype=np.int64)
        self.image_shape = image_shape
        self.shards = shards
        self._read, self._read_into, self._cut = read, read_into, cut
        self._rows = np.arange(len(self.labels)) if rows is None else rows

    def __len__(self) -> int:
        return len(self.labels)

    def images(self, indices: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Give the images at ``indices``: uint8 (n, H, W, C), in ``out`` if that is given.

        Raises
        ------
        DataError
            An image file is damaged or has gone.
        """
        rows = self._rows[indices]
        if out is None:
            return self._read(rows)
        if self._read_into is None:
            out[...] = self._read(rows)
        else:
            self._read_into(rows, out)
        return out

    @property
    def concurrent(self) -> bool:
        """Whether several threads at once read faster than one: files, not arrays."""
        return self._cut is not None

    def crops(
        self,
        indices: np.ndarray,
        tops: np.ndarray,
        lefts: np.ndarray,
        crop: tuple[int, int],
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Give a crop of each image at ``indices``, in the calling thread.

        Parameters
        ----------
        indices, tops, lefts : int64 (n,)
        crop : (CH, CW)
        out : uint8 (n, CH, CW, C), optional
            Where the result goes; C-contiguous.

        Returns
        -------
        uint8 (n, CH, CW, C)

        Raises
        ------
        DataError
            As `images`.
        """
        CH, CW = crop
        if out is None:
            out = np.empty((len(indices), CH, CW, self.image_shape[2]), np.uint8)
        rows = self._rows[indices]
        if self._cut is not None:
            self._cut(rows, tops, lefts, crop, out)
        else:
            places = zip(self._read(rows), tops.tolist(), lefts.tolist(), strict=True)
            for i, (image, top, left) in enumerate(places):
                out[i] = image[top : top + CH, left : left + CW]
        return out

    def subset(self, indices: np.ndarray) -> Split:
        """Give a split that holds only the images at ``indices``, in that order."""
        return Split(
            self._read,
            self.labels[indices],
            self.image_shape,
            self._rows[indices],
            self._cut,
            None if self.shards is None else self.shards[indices],
            self._read_into,
        )

    def relabelled(self, place: np.ndarray) -> Split:
        """Give a split of the same images whose label ``i`` has become ``place[i]``."""
        part = self.subset(np.arange(len(self)))
        part.labels = place[self.labels]
        return part


@dataclass(frozen=True)
class Dataset:
    """A training and a test split with the same classes and image shape.

    Attributes
    ----------
    name : str
    classes : list of str
        Name of each class number.
    train, test : Split
    image_shape : (H, W, C)
    fingerprint : str
        SHA-256 of what the data set holds: of the pixels and labels where they are in memory,
        of the files' names and sizes for a folder, of all checksums for packed data.
    statistics : Statistics, optional
        Of the training images, where they are known beforehand.
    """

    name: str
    classes: list[str]
    train: Split
    test: Split
    image_shape: tuple[int, int, int]
    fingerprint: str
    statistics: Statistics | None = None


def array_split(images: np.ndarray, labels: np.ndarray, classes: int, where: str) -> Split:
    """Make a split of images in memory, after a check.

    Parameters
    ----------
    images : uint8 (N, H, W, C), C 1 or 3
    labels : whole numbers (N,) in [0, classes)
    where : str
        Name of the data, for messages.

    Raises
    ------
    DataError
        A shape, a dtype or a label is wrong.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise DataError(
            f"{where}: images must be uint8 (N, H, W, C) with 1 or 3 channels "
            f"(got {images.dtype} {images.shape})",
            "images.transpose(0, 2, 3, 1) makes NCHW to NHWC; pixels are whole numbers 0 to 255",
        )
    check_labels(labels, len(images), classes, where)
    shape = images.shape[1], images.shape[2], images.shape[3]

    def read_into(rows: np.ndarray, out: np.ndarray) -> None:
        # NumPy goes through a copy where it has to check rows while it writes; ours are in range.
        np.take(images, rows, axis=0, out=out, mode="clip")

    return Split(images.__getitem__, labels, shape, read_into=read_into)


def check_labels(labels: np.ndarray, n: int, classes: int, where: str) -> None:
    """Refuse labels that are not one class number an image."""
    if labels.ndim != 1 or len(labels) != n or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"{where}: labels must be whole numbers, one an image ({n} images, "
            f"labels {labels.dtype} {labels.shape})"
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        raise DataError(
            f"{where}: label {labels[wrong[0]]} of image {wrong[0]} is not in 0 to {classes - 1}",
            "check that the file is complete and that class numbers start at 0",
        )


def stratified_split(
    labels: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the same share of every class for validation.

    Parameters
    ----------
    labels : int64 (N,)
    fraction : float
        Share for validation, between 0 and 1.
    seed : int

    Returns
    -------
    train, validation : int64, sorted indices. A class with two images or more is in both; the
        only image of a class is in the first.

    Raises
    ------
    DataError
        The fraction is not between 0 and 1, or no class has two images.
    """
    if not 0 < fraction < 1:
        raise DataError(f"val_fraction must be between 0 and 1 (got {fraction})", "0.2")
    train, validation = [], []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        np.random.default_rng((seed, int(label))).shuffle(members)
        n = 0 if len(members) < 2 else min(max(round(len(members) * fraction), 1), len(members) - 1)
        validation.append(members[:n])
        train.append(members[n:])
    held_out = np.sort(np.concatenate(validation))
    if not len(held_out):
        raise DataError(
            "no class has two images, so none can be held out for validation",
            "more images a class, or separate train/ and val/ folders",
        )
    return np.sort(np.concatenate(train)), held_out


def from_arrays(
    name: str,
    classes: Sequence[str],
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    fingerprint: str,
) -> Dataset:
    """Make a data set of images in memory.

    Parameters
    ----------
    train, test : (images, labels)
        uint8 (N, H, W, C) with 1 or 3 channels, and whole numbers (N,).
    fingerprint : str
        What identifies the content, a SHA-256 as a rule.

    Raises
    ------
    DataError
        A shape, a dtype or a label is wrong, or a split is empty.
    """
    splits = []
    for part, (images, labels) in (("train", train), ("test", test)):
        if not len(images):
            raise DataError(f"{name}: the {part} split is empty")
        splits.append(array_split(images, labels, len(classes), f"{name} {part}"))
    if splits[0].image_shape != splits[1].image_shape:
        raise DataError(
            f"{name}: training images are {splits[0].image_shape}, "
            f"test images {splits[1].image_shape}"
        )
    return Dataset(name, list(classes), splits[0], splits[1], splits[0].image_shape, fingerprint)
