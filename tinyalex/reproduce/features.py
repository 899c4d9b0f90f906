"""Before 2012: gradients and textures counted by hand, and a linear classifier on top."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from tinyalex.data import Dataset, Split
from tinyalex.errors import ConfigError

CELLS = 4  # a side, over which textures are counted
COST = 0.01  # of the linear classifier; searched on a fifth of CIFAR-10's training images

Host = np.ndarray[Any, Any]


def describe(images: Host) -> Host:
    """Features of images: oriented gradients and local binary patterns.

    Parameters
    ----------
    images : uint8 (N, H, W, C)
        At least 16 pixels wide and high.

    Returns
    -------
    float32 (N, D)

    Raises
    ------
    ConfigError
        scikit-image is not installed.

    Notes
    -----
    Dalal and Triggs, Histograms of oriented gradients for human detection (2005); Ojala et al.,
    Multiresolution gray-scale and rotation invariant texture classification (2002).
    """
    try:
        features: Any = importlib.import_module("skimage.feature")
    except ImportError as error:
        raise ConfigError(
            "features made by hand need scikit-image", 'pip install "tinyalex[lessons]"'
        ) from error
    N, H, W, C = images.shape
    cell = max(4, H // 8)
    found = []
    for image in images:
        grey = image.mean(axis=2)
        gradients = features.hog(
            image if C == 3 else grey,
            orientations=9,
            pixels_per_cell=(cell, cell),
            cells_per_block=(2, 2),
            channel_axis=2 if C == 3 else None,
        )
        patterns = features.local_binary_pattern(grey.astype(np.uint8), 8, 1, "uniform")
        found.append(np.concatenate([gradients, _counts(patterns.astype(int)).ravel()]))
    return np.asarray(found, np.float32)


def linear_error(dataset: Dataset, seed: int) -> float:
    """Test error of a linear support vector machine on the features."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    machine = make_pipeline(
        StandardScaler(), LinearSVC(C=COST, dual=False, random_state=seed, max_iter=2000)
    )
    machine.fit(_all(dataset.train), dataset.train.labels)
    return float((machine.predict(_all(dataset.test)) != dataset.test.labels).mean())


def _all(split: Split) -> Host:
    pieces = np.array_split(np.arange(len(split)), max(1, len(split) // 1000))
    return np.concatenate([describe(split.images(piece)) for piece in pieces])


def _counts(patterns: Host) -> Host:
    """Share of each of the ten patterns in each cell: (CELLS, CELLS, 10)."""
    H, W = patterns.shape
    rows = np.arange(H) * CELLS // H
    columns = np.arange(W) * CELLS // W
    counts = np.zeros((CELLS, CELLS, 10))
    np.add.at(counts, (rows[:, None], columns[None, :], patterns), 1)
    shares: Host = counts / counts.sum(axis=2, keepdims=True)
    return shares
