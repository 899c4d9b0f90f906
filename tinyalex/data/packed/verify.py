"""Check all of a packed data set."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tinyalex.data.file_access import AccessError
from tinyalex.data.packed.decoders import pillow
from tinyalex.data.packed.entries import read_bytes
from tinyalex.data.packed.format import INDEX, REJECTED, Index
from tinyalex.data.packed.index import AGAIN, read_index
from tinyalex.data.packed.reader import read_statistics
from tinyalex.data.packed.records import Records
from tinyalex.data.read_ahead import usable_cores
from tinyalex.errors import ConfigError, DataError

_PIECE = 64  # records that a thread checks before it takes the next piece
_MOST_TABLE = 1 << 30  # bytes of rejected.tsv

Progress = Callable[[int, int], None]  # records checked, all records


@dataclass
class Verdict:
    """What `verify` found.

    Attributes
    ----------
    records, bytes : int
        Number and total size of the records that were checked.
    bad : int
        Number of damaged records and index files.
    problems : list of str
        A message for each of the first damaged ones.
    """

    records: int = 0
    bytes: int = 0
    bad: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, problem: DataError, limit: int) -> None:
        """Count a problem, and keep the messages of the first ``limit`` ones."""
        self.bad += 1
        if len(self.problems) < limit:
            self.problems.append(problem.message)


def verify(
    folder: Path, progress: Progress | None = None, limit: int = 20, workers: int | None = None
) -> Verdict:
    """Check sizes, checksums, counts, hashes of the index files, and that each JPEG decodes.

    Parameters
    ----------
    folder : Path
    progress : callable, optional
        Called from time to time with the number of checked and of all records.
    limit : int
        Problems that are described.
    workers : int, optional
        Threads; by default one per core.

    Raises
    ------
    ConfigError
        ``workers`` is below 1.
    DataError
        The index, a table of records or a shard's size is wrong, so single records cannot be
        checked.
    AccessError
        The operating system does not let a file be read: the data may be right.
    """
    if workers is not None and workers < 1:
        raise ConfigError(f"workers must be at least 1 (got {workers})", "workers=1")
    folder = Path(folder)
    index = read_index(folder)
    verdict = Verdict()
    decoder = pillow if index.layout.kind == "jpeg" else None
    splits = [Records(folder, split, index, None, decoder) for split in index.splits]
    checks: list[Callable[[], Any]] = [
        *(lambda records=records: records.names for records in splits),
        lambda: read_statistics(folder, index),
        lambda: _check_rejected(folder, index),
    ]
    for check in checks:
        try:
            check()
        except AccessError:
            raise
        except DataError as error:
            verdict.add(error, limit)
    total = sum(len(records.entries) for records in splits)
    with ThreadPoolExecutor(workers or usable_cores(), "tinyalex-verify") as pool:
        for records in splits:
            rows = range(len(records.entries))
            pieces = (rows[first : first + _PIECE] for first in rows[::_PIECE])
            for checked, problems in pool.map(partial(_check, records), pieces):
                verdict.records += checked
                for problem in problems:
                    verdict.add(problem, limit)
                if progress is not None:
                    progress(verdict.records, total)
            verdict.bytes += sum(index.splits[records.name].shard_bytes)
    return verdict


def _check_rejected(folder: Path, index: Index) -> None:
    """Refuse a ``rejected.tsv`` that is damaged, or whose counts differ from the index."""
    path = folder / REJECTED
    table = read_bytes(path, _MOST_TABLE, index.rejected_sha256).decode(errors="replace")
    splits = [line.split("\t")[0] for line in table.split("\n")[1:-1]]
    counts = {split: splits.count(split) for split in index.rejected}
    if counts != index.rejected:
        raise DataError(f"{path}: counts {counts}, {index.rejected} in {INDEX}", AGAIN)


def _check(records: Records, rows: range) -> tuple[int, list[DataError]]:
    problems = []
    for row in rows:
        try:
            records.check(row)
        except AccessError:
            raise  # the data may be right
        except DataError as error:
            problems.append(error)
    return len(rows), problems


def describe(folder: Path) -> dict[str, Any]:
    """Describe a packed data set by its index alone.

    Returns
    -------
    dict
        ``kind``, ``image_shape``, ``options``, ``rejected``; ``splits`` with the ``records``,
        ``shards`` and ``bytes`` of each split.

    Raises
    ------
    DataError
        As `read_index`.
    """
    index = read_index(Path(folder))
    return {
        "kind": index.layout.kind,
        "image_shape": index.layout.image_shape,
        "options": index.layout.options,
        "rejected": index.rejected,
        "splits": {
            name: {
                "records": split.records,
                "shards": len(split.shard_records),
                "bytes": sum(split.shard_bytes),
            }
            for name, split in index.splits.items()
        },
    }
