"""In which order an epoch shows the images."""

from __future__ import annotations

import numpy as np

# Files whose images are mixed with each other: at 512 MB a file, 2 GB that the system's cache
# should hold while they are used.
WINDOW = 4


def epoch_order(N: int, rng: np.random.Generator, shards: np.ndarray | None = None) -> np.ndarray:
    """Draw an order of N images.

    Parameters
    ----------
    N : int
    rng : Generator
    shards : int64 (N,), optional
        The file of each image. Then the files come in any order, `WINDOW` of them at a time,
        and the images of a window in any order. A disk reads a few large files one after the
        other, instead of small pieces of all of them. Without it, any order of all images.

    Returns
    -------
    int64 (N,), each number from 0 to N - 1 once
    """
    if shards is None:
        return rng.permutation(N)
    numbers, which = np.unique(shards, return_inverse=True)
    window = rng.permutation(len(numbers))[which] // WINDOW  # of each image
    shuffled = rng.permutation(N)
    return shuffled[np.argsort(window[shuffled], kind="stable")]
