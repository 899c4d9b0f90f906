"""Crops of a split, read a few batches ahead by several threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from tinyalex.data.dataset import Split

MOST_A_PIECE = 64  # images that a worker reads before it looks for the next piece
AHEAD = 2  # batches, so that workers have something to do at a batch's end


@dataclass(frozen=True)
class Wanted:
    """A crop of each image of a batch; see `Split.crops`."""

    indices: np.ndarray  # int64 (n,)
    tops: np.ndarray  # int64 (n,)
    lefts: np.ndarray  # int64 (n,)
    crop: tuple[int, int]  # CH, CW


@dataclass(frozen=True)
class _Batch:
    images: np.ndarray
    pieces: list[Future[np.ndarray]]


def read_ahead(
    split: Split, batches: Iterable[Wanted], workers: int
) -> Generator[np.ndarray, None, None]:
    """Yield the crops of each batch in order: uint8 (n, CH, CW, C).

    Raises
    ------
    DataError
        An image is damaged; raised where its batch would come.

    Notes
    -----
    Each batch is cut into pieces that the workers take in turn, so the result does not depend
    on their number. Besides the batch that was yielded last, `AHEAD` batches are in memory, or
    more small ones where those would not give each worker two pieces.

    Threads, not processes: NumPy's copies and libjpeg-turbo let go of Python's lock, and nothing
    is copied between processes.
    """
    with ThreadPoolExecutor(workers, thread_name_prefix="tinyalex-read") as pool:
        waiting: deque[_Batch] = deque()
        to_come = iter(batches)

        def fill() -> None:
            while len(waiting) < AHEAD or _too_little(waiting, workers):
                if (wanted := next(to_come, None)) is None:
                    return
                waiting.append(_begin(split, wanted, workers, pool))

        try:
            fill()
            while waiting:
                batch = waiting.popleft()
                for piece in batch.pieces:
                    piece.result()
                fill()
                yield batch.images
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _too_little(waiting: deque[_Batch], workers: int) -> bool:
    """Whether workers may soon have nothing to do, for batches of few images."""
    return sum(len(batch.pieces) for batch in waiting) < 2 * workers


def _begin(split: Split, wanted: Wanted, workers: int, pool: ThreadPoolExecutor) -> _Batch:
    n = len(wanted.indices)
    step = max(1, min(MOST_A_PIECE, -(-n // workers)))
    images = np.empty((n, *wanted.crop, split.image_shape[2]), np.uint8)
    places = [slice(first, first + step) for first in range(0, n, step)]
    pieces = [
        pool.submit(
            split.crops,
            wanted.indices[at],
            wanted.tops[at],
            wanted.lefts[at],
            wanted.crop,
            images[at],
        )
        for at in places
    ]
    return _Batch(images, pieces)


def usable_cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
