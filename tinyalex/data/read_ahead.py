"""Crops of a split, read a few batches ahead by several threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from tinyalex.data.dataset import Split

MOST_PER_PIECE = 64  # images that a worker reads before it takes the next piece
AHEAD = 2  # batches, so that workers stay busy at the end of a batch


@dataclass(frozen=True)
class Wanted:
    """A crop of each image of a batch; see `Split.crops`."""

    indices: np.ndarray  # int64 (n,)
    tops: np.ndarray  # int64 (n,)
    lefts: np.ndarray  # int64 (n,)
    crop: tuple[int, int]  # CH, CW


# The images of a batch, which the workers fill piece by piece.
_Batch = tuple[np.ndarray, list[Future[np.ndarray]]]


def read_ahead(
    split: Split, batches: Iterable[Wanted], workers: int
) -> Generator[np.ndarray, None, None]:
    """Yield the crops of each batch in order: uint8 (n, CH, CW, C).

    Raises
    ------
    DataError
        An image is damaged; raised in place of its batch.

    Notes
    -----
    Each batch is cut into pieces that the workers take in turn, so the result does not depend
    on the number of workers. Besides the batch that was yielded last, `AHEAD` batches are in
    memory, or more of them if they are too small to give each worker two pieces.

    Threads, not processes: NumPy's copies and libjpeg-turbo release Python's lock, and nothing
    is copied between processes.
    """
    with ThreadPoolExecutor(workers, thread_name_prefix="tinyalex-read") as pool:
        waiting: deque[_Batch] = deque()
        to_come = iter(batches)

        def fill() -> None:
            while len(waiting) < AHEAD or sum(len(pieces) for _, pieces in waiting) < 2 * workers:
                if (wanted := next(to_come, None)) is None:
                    return
                waiting.append(_begin(split, wanted, workers, pool))

        try:
            fill()
            while waiting:
                images, pieces = waiting.popleft()
                for piece in pieces:
                    piece.result()
                fill()
                yield images
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin(split: Split, wanted: Wanted, workers: int, pool: ThreadPoolExecutor) -> _Batch:
    n = len(wanted.indices)
    step = max(1, min(MOST_PER_PIECE, -(-n // workers)))
    images = np.empty((n, *wanted.crop, split.image_shape[2]), np.uint8)
    pieces = []
    for at in (slice(first, first + step) for first in range(0, n, step)):
        crops = wanted.indices[at], wanted.tops[at], wanted.lefts[at], wanted.crop
        pieces.append(pool.submit(split.crops, *crops, images[at]))
    return images, pieces


def decode_pool() -> ThreadPoolExecutor:
    """One thread per core, to decode images: Pillow releases Python's lock while it decodes."""
    return ThreadPoolExecutor(usable_cores(), thread_name_prefix="tinyalex-decode")


def usable_cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
