"""Checking everything that a packed data set holds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinyalex.data.file_access import AccessError
from tinyalex.data.packed import format as layout_of
from tinyalex.data.packed.decoders import pillow
from tinyalex.data.packed.entries import read_bytes
from tinyalex.data.packed.format import Index
from tinyalex.data.packed.index import AGAIN, read_index
from tinyalex.data.packed.reader import read_statistics
from tinyalex.data.packed.records import Records
from tinyalex.data.read_ahead import usable_cores
from tinyalex.errors import ConfigError, DataError

_PIECE = 64  # records that a thread checks before it looks for more
_MOST_TABLE = 1 << 30  # bytes of rejected.tsv

Progress = Callable[[int, int], None]  # records done, records in all


@dataclass
class Verdict:
    """What `verify` found.

    Attributes
    ----------
    records, bytes : int
        What was looked at.
    bad : int
        Damaged records and index files.
    problems : list of str
        The first of them, each with its name.
    """

    records: int = 0
    bytes: int = 0
    bad: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, problem: DataError, limit: int) -> None:
        """Count a problem, and keep its text if there are not too many."""
        self.bad += 1
        if len(self.problems) < limit:
            self.problems.append(problem.message)


def verify(
    folder: Path, progress: Progress | None = None, limit: int = 20, workers: int | None = None
) -> Verdict:
    """Check sizes, checksums, hashes of the index files, counts, and that each JPEG decodes.

    Parameters
    ----------
    folder : Path
    progress : callable, optional
        Told now and then how many records are done.
    limit : int
        Problems that are named.
    workers : int, optional
        Threads; one a core by default.

    Raises
    ------
    DataError
        The index, a table of records or a shard's size is wrong, so that records cannot be
        looked at one by one.
    AccessError
        The operating system does not let a file be read, which says nothing of the data.
    """
    if workers is not None and workers < 1:
        raise ConfigError(f"--workers must be at least 1 (got {workers})", "--workers 1")
    folder = Path(folder)
    index = read_index(folder)
    verdict = Verdict()
    decoder = pillow if index.layout.kind == "jpeg" else None
    splits = [Records(folder, split, index, None, decoder) for split in index.splits]
    texts: list[Callable[[], Any]] = [
        *(records.names for records in splits),
        lambda: read_statistics(folder, index),
        lambda: _check_rejected(folder, index),
    ]
    for read in texts:
        try:
            read()
        except AccessError:
            raise
        except DataError as error:
            verdict.add(error, limit)
    total = sum(len(records.entries) for records in splits)
    for records in splits:
        for checked, problems in _in_order(records, workers or usable_cores()):
            verdict.records += checked
            for problem in problems:
                verdict.add(problem, limit)
            if progress is not None:
                progress(verdict.records, total)
        verdict.bytes += sum(index.splits[records.name].shard_bytes)
    return verdict


def _check_rejected(folder: Path, index: Index) -> None:
    """Refuse a ``rejected.tsv`` that is damaged, or has other counts than the index."""
    path = folder / layout_of.REJECTED
    table = read_bytes(path, _MOST_TABLE, index.rejected_sha256).decode(errors="replace")
    splits = [line.split("\t")[0] for line in table.split("\n")[1:-1]]
    found = {split: splits.count(split) for split in index.rejected}
    if found != index.rejected:
        raise DataError(f"{path}: counts {found}, {index.rejected} in {layout_of.INDEX}", AGAIN)


def _in_order(records: Records, workers: int) -> Iterator[tuple[int, list[DataError]]]:
    """Check all records of a split, a few pieces ahead of the one that is given."""
    N = len(records.entries)
    with ThreadPoolExecutor(workers, thread_name_prefix="tinyalex-verify") as pool:
        waiting: deque[Future[tuple[int, list[DataError]]]] = deque()
        try:
            for first in range(0, N, _PIECE):
                rows = range(first, min(first + _PIECE, N))
                waiting.append(pool.submit(_check, records, rows))
                if len(waiting) > 4 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _check(records: Records, rows: range) -> tuple[int, list[DataError]]:
    problems = []
    for row in rows:
        try:
            records.check(row)
        except AccessError:
            raise  # it says nothing of the data
        except DataError as error:
            problems.append(error)
    return len(rows), problems


def describe(folder: Path) -> dict[str, Any]:
    """Say what a packed data set is, from its index alone.

    Returns
    -------
    dict
        ``kind``, ``image_shape``, ``options``, ``rejected``; ``splits`` with ``records``,
        ``shards`` and ``bytes`` of each.
    """
    index = read_index(Path(folder))
    return {
        "kind": index.layout.kind,
        "image_shape": index.layout.image_shape,
        "options": index.layout.options,
        "rejected": index.rejected,
        "splits": {
            name: {
                "records": part.records,
                "shards": len(part.shard_records),
                "bytes": sum(part.shard_bytes),
            }
            for name, part in index.splits.items()
        },
    }
