"""Measure the mean and the colours of training images."""

from __future__ import annotations

import numpy as np

from tinyalex.data.dataset import Split
from tinyalex.data.image_statistics import Statistics
from tinyalex.errors import DataError

CHUNK_BYTES = 8 << 20  # pixels read at a time


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
    return from_sums(total, products, N).cropped(crop)


def from_sums(total: np.ndarray, products: np.ndarray, N: int) -> Statistics:
    """Make statistics from sums over N images.

    Parameters
    ----------
    total : int64 (H, W, C)
        Sum of the images.
    products : int64 or float64 (C, C)
        Sum over all pixels of the products of two channels.
    N : int
    """
    H, W, C = total.shape
    mean_image = total / N
    channel_means = mean_image.mean(axis=(0, 1))
    covariance = products / (N * H * W) - np.outer(channel_means, channel_means)
    values, vectors = np.linalg.eigh(covariance)
    # A component's sign is arbitrary: make the largest entry positive, so that the result is the
    # same on every machine.
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(C)])
    return Statistics(
        mean_image=np.ascontiguousarray(mean_image.transpose(2, 0, 1), np.float32),
        channel_means=channel_means.astype(np.float32),
        eigenvalues=values[::-1].astype(np.float32),
        eigenvectors=np.ascontiguousarray(vectors[:, ::-1], np.float32),
    )
