"""Reading ahead: order, errors, the bound on memory, the end of threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.pictures import Host, noise
from tinyalex import backends, data
from tinyalex.data.read_ahead import AHEAD, Wanted, read_ahead
from tinyalex.errors import DataError

NUMPY = backends.get("numpy", threads=1)
IMAGES = noise((200, 4, 5, 3))


class Source:
    """A split of files that records which rows are read, and can be made to wait or fail."""

    def __init__(self, bad: int = -1) -> None:
        self.rows: list[int] = []
        self.open = threading.Event()
        self.open.set()
        self.bad = bad
        self.split = data.Split(
            IMAGES.__getitem__, np.zeros(200, np.int64), (4, 5, 3), cut=self.cut
        )

    def cut(self, rows: Host, tops: Host, lefts: Host, crop: tuple[int, int], out: Host) -> None:
        self.open.wait(10)
        for i, row in enumerate(rows.tolist()):
            self.rows.append(row)
            if row == self.bad:
                raise DataError(f"record {row} is damaged")
            top, left = tops[i], lefts[i]
            out[i] = IMAGES[row, top : top + crop[0], left : left + crop[1]]


def wanted(batch: int, N: int = 200) -> Iterator[Wanted]:
    for first in range(0, N, batch):
        indices = np.arange(first, min(first + batch, N))
        yield Wanted(indices, indices % 3, indices % 4, (2, 2))


@given(st.integers(1, 70), st.integers(1, 9))
def test_batches_come_in_order_whatever_the_number_of_workers(batch: int, workers: int) -> None:
    found = np.concatenate(list(read_ahead(Source().split, wanted(batch), workers)))
    for i, image in enumerate(found):
        np.testing.assert_array_equal(image, IMAGES[i, i % 3 : i % 3 + 2, i % 4 : i % 4 + 2])
    assert len(found) == 200


@pytest.mark.parametrize(("batch", "workers", "most"), [(20, 2, AHEAD), (20, 4, AHEAD), (1, 4, 8)])
def test_few_batches_are_read_ahead(batch: int, workers: int, most: int) -> None:
    """Only a few batches, or a few pieces per worker, are in memory."""
    source = Source()
    batches = read_ahead(source.split, wanted(batch), workers)
    for taken in range(1, 6):
        next(batches)
        time.sleep(0.02)
        assert len(source.rows) <= (taken + most) * batch
    batches.close()


def test_workers_read_while_a_batch_is_used() -> None:
    source = Source()
    batches = read_ahead(source.split, wanted(20), 2)
    next(batches)
    deadline = time.monotonic() + 5
    while len(source.rows) < 60 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(source.rows) == 60  # the two batches ahead, too
    batches.close()


def test_a_damaged_image_is_an_error_after_the_batches_before_it() -> None:
    batches = read_ahead(Source(bad=45).split, wanted(20), 3)
    next(batches)
    next(batches)
    with pytest.raises(DataError, match="record 45"):
        next(batches)


def threads() -> int:
    return sum(t.name.startswith("tinyalex-read") for t in threading.enumerate())


def test_closing_ends_the_workers_without_reading_the_rest() -> None:
    before, source = threads(), Source()
    batches = read_ahead(source.split, wanted(20), 2)
    next(batches)
    assert threads() > before
    batches.close()
    assert threads() == before
    assert len(source.rows) <= 60


def test_closing_a_loader_ends_the_workers() -> None:
    before = threads()
    loader = data.Loader(Source().split, NUMPY, 10, workers=3)
    next(loader.epoch(0))
    assert threads() > before
    loader.close()
    assert threads() == before


def test_an_error_in_an_epoch_ends_the_workers() -> None:
    before = threads()
    loader = data.Loader(Source(bad=45).split, NUMPY, 10, workers=3)
    with pytest.raises(DataError, match="record 45"):
        list(loader.epoch(0))
    assert threads() == before
