"""Before 2012: hand-crafted features (gradients and textures) and a linear classifier."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyalex.data import Dataset, Split
from tinyalex.errors import ConfigError
from tinyalex.extras import install

CELLS = 4  # per side; texture patterns are counted in each cell
# C of the linear classifier, chosen on held-out training images of CIFAR-10
# (docs/results/reproduced/before2012/cost.txt).
COST = 0.0003

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
        scikit-image is not installed; it comes with the extra ``lessons``.

    Notes
    -----
    Dalal and Triggs, Histograms of oriented gradients for human detection (2005); Ojala et al.,
    Multiresolution gray-scale and rotation invariant texture classification (2002).
    """
    try:
        features: Any = importlib.import_module("skimage.feature")
    except ImportError as error:
        raise ConfigError("hand-crafted features need scikit-image", install("lessons")) from error
    N, H, W, C = images.shape
    cell = max(4, H // 8)
    descriptors = []
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
        descriptors.append(np.concatenate([gradients, _counts(patterns.astype(int)).ravel()]))
    return np.asarray(descriptors, np.float32)


def linear_errors(dataset: Dataset, seed: int, costs: Sequence[float] = (COST,)) -> list[float]:
    """Test errors of linear support vector machines on the features, one for each cost.

    Raises
    ------
    ConfigError
        scikit-learn or scikit-image is not installed.
    """
    try:
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import LinearSVC
    except ImportError as error:
        needed = "hand-crafted features need scikit-learn"
        raise ConfigError(needed, install("lessons")) from error

    scaler = StandardScaler()
    train, test = scaler.fit_transform(_all(dataset.train)), scaler.transform(_all(dataset.test))
    errors = []
    for cost in costs:
        machine = LinearSVC(C=cost, dual=False, random_state=seed, max_iter=2000)
        machine.fit(train, dataset.train.labels)
        errors.append(float((machine.predict(test) != dataset.test.labels).mean()))
    return errors


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
