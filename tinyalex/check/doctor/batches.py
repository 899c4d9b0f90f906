"""Batches that come while the network computes are those that come before it does."""

from __future__ import annotations

import numpy as np

from tinyalex.backends import Array, Backend
from tinyalex.check.doctor.compare import Case, Results
from tinyalex.data.dataset import array_split
from tinyalex.data.loader import Loader

IMAGES, SIDE, CROP, BATCH, WORK = 60, 40, 32, 8, 10


def _loader(b: Backend) -> Loader:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES, SIDE, SIDE, 3), np.uint8)
    split = array_split(images, np.arange(IMAGES) % 10, 10, "doctor")
    mean = np.full((3, CROP, CROP), 128, np.float32)
    return Loader(split, b, BATCH, crop=CROP, mirror=True, mean=mean, scale=1 / 64)


def _use(b: Backend, x: Array, labels: Array) -> tuple[Array, Array, Array]:
    """Work with a batch, so that a GPU is still busy when the next ones come; then copy it.

    The batch itself is let go, and its memory is free for another one.
    """
    y = flat = x.reshape(x.shape[0], -1)
    products = b.xp.matmul(flat, flat.T) / float(4 * CROP * CROP)  # near the unit matrix
    for _ in range(WORK):
        y = b.xp.matmul(products, y)
    return x * 1, labels * 1, b.xp.sum(y, axis=1)


def batches(b: Backend, dtype: str) -> Results:
    """Two epochs' batches, and how many arrays differ from those that came on one stream.

    On a host both ways are the same.
    """
    before = b.overlap
    found: list[list[Array]] = []
    try:
        for b.overlap in (True, False):
            loader = _loader(b)
            used = [_use(b, x, labels) for e in range(2) for x, labels in loader.epoch(e)]
            # Brought to the host after all was queued: nothing waited while batches came.
            found.append([b.to_host(a) for batch in used for a in batch])
    finally:
        b.overlap = before
    beside, plain = found
    unlike = sum(not np.allclose(x, y, rtol=1e-3) for x, y in zip(beside, plain, strict=True))
    x, labels = np.concatenate(beside[0::3]), np.concatenate(beside[1::3])
    return x, labels.astype(np.float32), np.array([unlike], np.float32)


BATCHES = [Case("batches on a second stream", (BATCH, SIDE, SIDE, 3), batches, 1e-6)]
