"""What a data set holds, in a few numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.data.dataset import Dataset, Split
from tinyalex.data.measure import statistics

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
