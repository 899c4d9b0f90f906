"""Check that batches copied while the network computes equal batches copied before it does."""

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
    """Compute with a batch, so that a GPU is still busy when the next batches come; copy it.

    The batch itself is dropped, so that its memory can be reused.
    """
    y = flat = x.reshape(x.shape[0], -1)
    products = b.xp.matmul(flat, flat.T) / float(4 * CROP * CROP)  # close to the identity matrix
    for _ in range(WORK):
        y = b.xp.matmul(products, y)
    return x * 1, labels * 1, b.xp.sum(y, axis=1)


def batches(b: Backend, dtype: str) -> Results:
    """Return two epochs' batches, and how many arrays differ from those copied on one stream.

    On a CPU, both are the same code.
    """
    before = b.overlap
    runs: list[list[Array]] = []
    try:
        for b.overlap in (True, False):
            loader = _loader(b)
            used = [_use(b, x, labels) for e in range(2) for x, labels in loader.epoch(e)]
            # Copied to the host after everything was queued: until then, nothing waited.
            runs.append([b.to_host(a) for batch in used for a in batch])
    finally:
        b.overlap = before
    overlapped, plain = runs
    pairs = zip(overlapped, plain, strict=True)
    different = sum(not np.allclose(x, y, rtol=1e-3) for x, y in pairs)
    x, labels = np.concatenate(overlapped[0::3]), np.concatenate(overlapped[1::3])
    return x, labels.astype(np.float32), np.array([different], np.float32)


BATCHES = [Case("batches on a second stream", (BATCH, SIDE, SIDE, 3), batches, 1e-6)]
