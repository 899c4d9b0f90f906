"""Prepare a data set: from a source of images to a packed folder, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL

from tinyalex.data.packed import Index, Layout, finish, finished_shards
from tinyalex.data.prepare import main_guard
from tinyalex.data.prepare.convert import Form
from tinyalex.data.prepare.destination import check_space, start_or_resume
from tinyalex.data.prepare.find import find_source
from tinyalex.data.prepare.shard import (
    AGAIN,
    NAMED,
    Task,
    make_shard,
    make_shard_in_process,
    start_process,
)
from tinyalex.data.prepare.source import Source
from tinyalex.data.read_ahead import usable_cores
from tinyalex.errors import ConfigError, DataError
from tinyalex.lock import locked
from tinyalex.processes import SPAWN, Pool, held_ctrl_c

ORDERS = ("random", "archive")
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """Numbers of images: in all, done before this run, done by now, and rejected by now."""

    total: int
    before: int
    done: int
    bad: int


Listen = Callable[[Progress], None]


@dataclass(frozen=True)
class _Shard:
    split: str
    number: int
    rows: np.ndarray


def prepare(
    src: str | Path,
    dst: str | Path,
    form: Form | None = None,
    *,
    synsets: Path | None = None,
    val_labels: Path | None = None,
    val_fraction: float = 0.2,
    seed: int = 0,
    order: str = "random",
    shard_mb: int = 512,
    workers: int | None = None,
    max_bad: int | None = None,
    listen: Listen | None = None,
) -> Index:
    """Prepare a data set, or resume an earlier call that was stopped.

    Parameters
    ----------
    src : str or Path
        Folder of the official archives, class folders, or WebDataset shards; see `find_source`.
    dst : Path
        A new folder, or one that an earlier call with the same options has begun.
    form : Form, optional
        How an image becomes a record; by default raw pixels, 256 x 256.
    synsets, val_labels, val_fraction
        See `find_source`.
    seed : int
        Seed of the random order and of the held-out share.
    order : ``"random"`` or ``"archive"``
        Which training images share a shard: a random sample, or neighbours in the source.
        Validation images keep the source's order.
    shard_mb : int
        Approximate size of a shard, in megabytes of pixels.
    workers : int, optional
        Number of processes; by default one per core. The data set does not depend on it.
    max_bad : int, optional
        Stop if more images than this cannot be used. By default 0.1 %, but at least 10.
    listen : callable, optional
        Called with a `Progress` a few times per second.

    Returns
    -------
    Index
        The finished data set's index.

    Raises
    ------
    DataError
        The source is damaged, DST holds something else, the disk is full, or too many images
        cannot be used.
    ConfigError
        An option has a value that is not allowed.
    """
    main_guard.refuse()
    form = Form() if form is None else form
    src, dst = str(src), Path(dst)
    workers = usable_cores() if workers is None else workers
    for what, number in (("workers", workers), ("shard-mb", shard_mb)):
        if number < 1:
            raise ConfigError(f"{what} must be at least 1 (got {number})")
    if not 0 <= seed < 1 << 64:
        raise ConfigError(f"seed must be from 0 to 2^64 - 1 (got {seed})", "--seed 0")
    if max_bad is not None and max_bad < 0:
        raise ConfigError(f"max-bad must be at least 0 (got {max_bad})")
    if order not in ORDERS:
        raise ConfigError(f"order must be random or archive (got {order!r})", "random")
    source = find_source(src, synsets, val_labels, val_fraction, seed)
    if source.kind == "class folders" and dst.resolve().is_relative_to(Path(src).resolve()):
        raise DataError(f"{dst}: is inside the source {src}", "a DST outside of it")
    pixels = form.size**2 * 3 if form.image_shape else 256 * 256 * 3
    records = max(1, shard_mb * 10**6 // pixels)
    options = form.options() | {
        "seed": seed,
        "order": order,
        "shard_mb": shard_mb,
        "source": source.kind,
        "source_sha256": source.fingerprint(),
        "pillow": PIL.__version__,
    }
    layout = Layout(form.kind, form.image_shape, source.classes, source.class_names, options)
    with locked(dst, "data prepare", DataError, "another DST"):
        index = start_or_resume(dst, layout)
        if index is not None:
            return index
        shards = list(_plan(source, records, order, seed))
        _Run(dst, source, form, layout, shards, max_bad, listen).work(workers)
        counts = {split: sum(shard.split == split for shard in shards) for split in source.splits}
        return finish(dst, layout, counts, source.rejected + source.aside)


def _plan(source: Source, records: int, order: str, seed: int) -> Iterator[_Shard]:
    """Distribute the images of each split over shards of nearly equal size.

    Within a shard they are read in the source's order, so that a disk's head moves one way.
    """
    for split, items in source.splits.items():
        rows = np.arange(len(items))
        if split == "train" and order == "random":
            rows = np.random.default_rng(seed).permutation(len(items))
        for number, shard in enumerate(np.array_split(rows, -(-len(items) // records))):
            yield _Shard(split, number, np.sort(shard))


class _Run:
    """Makes the shards that are not finished yet."""

    def __init__(
        self,
        dst: Path,
        source: Source,
        form: Form,
        layout: Layout,
        shards: list[_Shard],
        max_bad: int | None,
        listen: Listen | None,
    ) -> None:
        self.dst, self.source, self.form = dst, source, form
        self.layout, self.shards, self.listen = layout, shards, listen
        self.total = sum(map(len, source.splits.values()))
        self.max_bad = max(10, self.total // 1000) if max_bad is None else max_bad
        self.named = [f"{row.name}: {row.reason}" for row in source.rejected[:NAMED]]
        reports = finished_shards(dst, layout)
        check_space(dst, source, form, sum(report.bytes for report in reports.values()))
        # One row per shard: images done, images rejected. Worker processes write here too.
        self.shared = SPAWN.RawArray("q", 2 * len(shards))
        self.counts = np.frombuffer(self.shared, np.int64).reshape(-1, 2)
        self.todo = []
        for i, shard in enumerate(shards):
            report = reports.get((shard.split, shard.number))
            if report is None:
                self.todo.append(i)
            else:
                self.counts[i] = len(shard.rows), report.rejected
        self.before = int(self.counts[:, 0].sum())

    def work(self, workers: int) -> None:
        """Make the missing shards; raises DataError."""
        self._check()
        workers = min(workers, len(self.todo))
        if workers <= 1:
            self._in_this_process()
        else:
            self._in_processes(workers)

    def _in_this_process(self) -> None:
        for i in self.todo:

            def tick(done: int, bad: int, row: int = i) -> bool:
                self.counts[row] = done, bad
                return self._report()

            self.named += make_shard(self._task(i), tick)
            self._check()

    def _in_processes(self, workers: int) -> None:
        stop = SPAWN.RawValue("b", 0)
        waiting, running = self.todo[::-1], set[Future[list[str]]]()
        with held_ctrl_c() as pressed, main_guard.watched() as is_unguarded:
            pool = Pool(workers, start_process, (stop, self.shared))
            try:
                while (waiting or running) and not pressed():
                    # Only a few tasks ahead: each holds the list of its images.
                    while waiting and len(running) < workers + 2:
                        task = self._task(waiting.pop())
                        running.add(pool.submit(make_shard_in_process, task))
                    ended, running = wait(running, POLL_SECONDS, FIRST_COMPLETED)
                    for future in ended:
                        self.named += future.result()
                    if self._report():
                        stop.value = 1
                        waiting.clear()
            except BrokenProcessPool as error:
                if is_unguarded():
                    raise main_guard.error() from None
                raise DataError(
                    "a worker process was ended from outside, perhaps for lack of memory",
                    f"--jobs {max(1, workers // 2)}; {AGAIN}",
                ) from error
            finally:
                stop.value = 1
                pool.shutdown()
        self._check()

    def _task(self, i: int) -> Task:
        shard = self.shards[i]
        items = self.source.splits[shard.split].take(shard.rows)
        return Task(self.dst, shard.split, shard.number, i, self.layout, self.form, items)

    def _bad(self) -> int:
        return int(self.counts[:, 1].sum()) + len(self.source.rejected)

    def _report(self) -> bool:
        """Report the progress to the listener; True if too many images are rejected."""
        bad = self._bad()
        if self.listen is not None:
            self.listen(Progress(self.total, self.before, int(self.counts[:, 0].sum()), bad))
        return bad > self.max_bad

    def _check(self) -> None:
        """Report the progress; raises DataError if too many images are rejected."""
        if self._report():
            named = "; ".join(self.named[:NAMED]) or "named when their shards were made"
            raise DataError(
                f"{self._bad():,} images cannot be used, {self.max_bad:,} are allowed ({named})",
                f"look at them; --max-bad N allows more, and {AGAIN}",
            )
