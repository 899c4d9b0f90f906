"""What a data set is: labelled images, in a training split and a test split."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinyalex.data.image_statistics import Statistics
from tinyalex.errors import DataError

Reader = Callable[[np.ndarray], np.ndarray]
# Called with rows, tops, lefts, (CH, CW) and the result: uint8 (n, CH, CW, C).
Cutter = Callable[[np.ndarray, np.ndarray, np.ndarray, tuple[int, int], np.ndarray], None]


class Split:
    """Labelled images that are read when they are needed.

    Parameters
    ----------
    read : callable
        Gives the images of rows from 0 to N - 1: int64 (n,) -> uint8 (n, H, W, C).
    labels : int64 (N,)
        Class numbers from 0.
    image_shape : (H, W, C)
    cut : callable, optional
        Reads crops in the calling thread, which makes reading by several threads worthwhile.
    shards : int64 (N,), optional
        Number of the file that holds each image, for shuffling by files.
    read_into : callable, optional
        Like `read`, but writes the images into its second argument.

    Notes
    -----
    `images` and `crops` may be called from several threads.

    Examples
    --------
    >>> images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)  # four images of one pixel
    >>> split = Split(images.__getitem__, np.array([0, 0, 1, 1]), image_shape=(1, 1, 1))
    >>> len(split), split.images(np.array([2, 0])).ravel()
    (4, array([2, 0], dtype=uint8))
    >>> split.subset(np.array([3])).labels
    array([1])
    """

    def __init__(
        self,
        read: Reader,
        labels: np.ndarray,
        image_shape: tuple[int, int, int],
        cut: Cutter | None = None,
        shards: np.ndarray | None = None,
        read_into: Callable[[np.ndarray, np.ndarray], object] | None = None,
    ) -> None:
        self.labels = np.asarray(labels, dtype=np.int64)
        self.image_shape = image_shape
        self.shards = shards
        self._read, self._read_into, self._cut = read, read_into, cut
        self._rows = np.arange(len(self.labels))

    def __len__(self) -> int:
        return len(self.labels)

    def images(self, indices: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Read images.

        Parameters
        ----------
        indices : int64 (n,)
        out : uint8 (n, H, W, C), optional
            Where the result goes.

        Returns
        -------
        uint8 (n, H, W, C)

        Raises
        ------
        DataError
            An image file is damaged or missing.
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
        """Whether several threads read faster than one: the images are in files, not arrays."""
        return self._cut is not None

    def crops(
        self,
        indices: np.ndarray,
        tops: np.ndarray,
        lefts: np.ndarray,
        crop: tuple[int, int],
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Read a crop of each image, in the calling thread.

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
            corners = zip(self._read(rows), tops.tolist(), lefts.tolist(), strict=True)
            for i, (image, top, left) in enumerate(corners):
                out[i] = image[top : top + CH, left : left + CW]
        return out

    def subset(self, indices: np.ndarray) -> Split:
        """A split that holds only the images at ``indices``, int64 (n,), in that order."""
        subset = copy.copy(self)
        subset.labels, subset._rows = self.labels[indices], self._rows[indices]
        subset.shards = None if self.shards is None else self.shards[indices]
        return subset

    def relabelled(self, new_labels: np.ndarray) -> Split:
        """A split of the same images with the label ``new_labels[i]`` instead of ``i``."""
        split = copy.copy(self)
        split.labels = new_labels[self.labels]
        return split


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
        SHA-256 of the content: of pixels and labels if they are in memory, of the files' names
        and sizes for a folder, of all checksums for packed data.
    statistics : Statistics, optional
        Statistics of the training images, if they are already known.

    Examples
    --------
    >>> from tinyalex import data
    >>> dataset = data.load("digits")
    >>> dataset.classes[:3], dataset.image_shape, len(dataset.train)
    (['0', '1', '2'], (16, 16, 1), 1437)
    """

    name: str
    classes: list[str]
    train: Split
    test: Split
    image_shape: tuple[int, int, int]
    fingerprint: str
    statistics: Statistics | None = None


def array_split(images: np.ndarray, labels: np.ndarray, classes: int, where: str) -> Split:
    """Make a split of images in memory, after checking them.

    Parameters
    ----------
    images : uint8 (N, H, W, C), C is 1 or 3
    labels : integers (N,) from 0 to classes - 1
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
            "images.transpose(0, 2, 3, 1) turns NCHW into NHWC; pixels are integers from 0 to 255",
        )
    check_labels(labels, len(images), classes, where)
    shape = images.shape[1], images.shape[2], images.shape[3]

    def read_into(rows: np.ndarray, out: np.ndarray) -> None:
        # Without "clip", NumPy checks the rows and needs a copy for that; ours are in range.
        np.take(images, rows, axis=0, out=out, mode="clip")

    return Split(images.__getitem__, labels, shape, read_into=read_into)


def check_labels(labels: np.ndarray, n: int, classes: int, where: str) -> None:
    """Check that ``labels`` are ``n`` class numbers from 0 to ``classes`` - 1.

    Raises
    ------
    DataError
        They are not; ``where`` names the data in the message.

    Examples
    --------
    >>> check_labels(np.array([0, 1, 1]), 3, classes=2, where="mine")
    >>> check_labels(np.array([0, 1, 2]), 3, classes=2, where="mine")
    Traceback (most recent call last):
        ...
    tinyalex.errors.DataError: mine: label 2 of image 2 is not in 0 to 1
    Try: check that the file is complete and that class numbers start at 0
    """
    if labels.ndim != 1 or len(labels) != n or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"{where}: labels must be integers, one per image ({n} images, "
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
        Share for validation, above 0 and below 1.
    seed : int

    Returns
    -------
    train, validation : int64 (n,)
        Sorted indices. A class of at least two images is in both; the only image of a class is
        in ``train``.

    Raises
    ------
    DataError
        The fraction is not between 0 and 1, or no class has two images.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    >>> train, validation = stratified_split(labels, fraction=0.2, seed=0)
    >>> labels[train], labels[validation]
    (array([0, 0, 0, 0, 1, 1, 1, 1]), array([0, 1]))
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
            "more images per class, or separate train/ and val/ folders",
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
    name : str
    classes : sequence of str
        Name of each class number.
    train, test : (images, labels)
        uint8 (N, H, W, C) with 1 or 3 channels, and integers (N,).
    fingerprint : str
        Identifies the content, usually a SHA-256.

    Raises
    ------
    DataError
        A shape, a dtype or a label is wrong, or a split is empty.

    Examples
    --------
    >>> images, labels = np.zeros((4, 8, 8, 3), np.uint8), np.array([0, 1, 0, 1])
    >>> mine = from_arrays("mine", ["cat", "dog"], (images, labels), (images[:2], labels[:2]), "v1")
    >>> mine.image_shape, len(mine.train), len(mine.test)
    ((8, 8, 3), 4, 2)
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
