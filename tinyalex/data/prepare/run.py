"""Preparing a data set: from a source of pictures to a packed folder, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from tinyalex.data.packed import Index, Layout, finish, finished_shards
from tinyalex.data.prepare import main_guard
from tinyalex.data.prepare.convert import Form
from tinyalex.data.prepare.destination import begin, check_space, inside
from tinyalex.data.prepare.find import find_source
from tinyalex.data.prepare.shard import (
    AGAIN,
    NAMED,
    Outcome,
    Task,
    make_shard,
    make_shard_in_process,
    start_process,
)
from tinyalex.data.prepare.source import Items, Source
from tinyalex.data.reading import usable_cores
from tinyalex.errors import ConfigError, DataError
from tinyalex.lock import locked
from tinyalex.processes import SPAWN, Pool, held_ctrl_c

ORDERS = ("random", "archive")
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """How far it is: pictures in all, done before this run, done, and rejected."""

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
    """Prepare a data set, or go on where an earlier call ended.

    Parameters
    ----------
    src : str or Path
        The official archives' folder, class folders, or WebDataset shards; see `find_source`.
    dst : Path
        A new folder, or one that an earlier call with the same options has begun.
    form : Form, optional
        What becomes of a picture.
    order : ``"random"`` or ``"archive"``
        Which training pictures share a shard: a random sample, or neighbours in the source.
        Validation pictures stay in the source's order.
    shard_mb : int
        About how many megabytes of pixels go to a shard.
    workers : int, optional
        Processes; all cores by default. The data set is the same for any number.
    max_bad : int, optional
        More pictures that cannot be used than this end the work. By default one in a thousand,
        10 at least.
    listen : callable, optional
        Gets a `Progress` a few times a second.

    Raises
    ------
    DataError
        The source is damaged, DST holds something else, the disk is full, or too many pictures
        cannot be used.
    ConfigError
        An option is not allowed.
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
    if source.kind == "class folders" and inside(dst, Path(src)):
        raise DataError(f"{dst}: lies in the source {src}", "a DST outside of it")
    pixels = form.size**2 * 3 if form.image_shape else 256 * 256 * 3
    records = max(1, shard_mb * 10**6 // pixels)
    layout = _layout(source, form, seed=seed, order=order, shard_mb=shard_mb)
    with locked(dst, "data prepare", DataError, "another DST"):
        index = begin(dst, layout)
        if index is not None:
            return index
        shards = list(_plan(source, records, order, seed))
        _Run(dst, source, form, layout, shards, max_bad, listen).work(workers)
        counts = {split: sum(shard.split == split for shard in shards) for split in source.splits}
        return finish(dst, layout, counts, source.rejected + source.aside)


def _layout(source: Source, form: Form, **others: Any) -> Layout:
    options = form.options() | others
    options |= {
        "source": source.kind,
        "source_sha256": source.fingerprint(),
        "pillow": PIL.__version__,
    }
    return Layout(form.kind, form.image_shape, source.classes, source.class_names, options)


def _plan(source: Source, records: int, order: str, seed: int) -> Iterator[_Shard]:
    """Deal the pictures of each split to shards of nearly equal size.

    Within a shard they are read in the source's order, so that a disk's head moves one way.
    """
    for split, items in source.splits.items():
        rows = np.arange(len(items))
        if split == "train" and order == "random":
            rows = np.random.default_rng(seed).permutation(len(items))
        for number, part in enumerate(np.array_split(rows, -(-len(items) // records))):
            yield _Shard(split, number, np.sort(part))


class _Run:
    """The work on the shards that are not finished yet."""

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
        self.layout, self.shards = layout, shards
        total = sum(map(len, source.splits.values()))
        self.max_bad = max(10, total // 1000) if max_bad is None else max_bad
        self.listen = listen
        reports = finished_shards(dst, layout)
        self.todo = [i for i, s in enumerate(shards) if (s.split, s.number) not in reports]
        check_space(dst, source, form, sum(report.bytes for report in reports.values()))
        # Done and rejected, a pair of numbers a shard; shards of before count as done.
        self.before = [[0, 0] for _ in shards]
        for i, shard in enumerate(shards):
            report = reports.get((shard.split, shard.number))
            if report is not None:
                self.before[i] = [len(shard.rows), report.rejected]
        self.total = total
        self.named = [f"{row.name}: {row.reason}" for row in source.rejected[:NAMED]]

    def work(self, workers: int) -> None:
        """Make the missing shards; raises DataError."""
        counters = [number for pair in self.before for number in pair]
        self._look(counters)
        workers = min(workers, len(self.todo))
        if workers <= 1:
            self._in_this_process(counters)
        else:
            self._in_processes(workers)

    def _in_this_process(self, counters: list[int]) -> None:
        for i in self.todo:

            def tick(done: int, bad: int, at: int = 2 * i) -> bool:
                counters[at : at + 2] = [done, bad]
                return self._look(counters, stop=False)

            self._note(make_shard(self._task(i), tick))
            self._look(counters)

    def _in_processes(self, workers: int) -> None:
        stop = SPAWN.RawValue("b", 0)
        counters = SPAWN.RawArray("q", [number for pair in self.before for number in pair])
        waiting, running = list(reversed(self.todo)), set[Future[Outcome]]()
        with held_ctrl_c() as pressed, main_guard.watched() as is_unguarded:
            pool = Pool(workers, start_process, (stop, counters))
            try:
                while (waiting or running) and not pressed():
                    # Only as many tasks as are wanted soon: each holds its pictures' places.
                    while waiting and len(running) < workers + 2:
                        task = self._task(waiting.pop())
                        running.add(pool.submit(make_shard_in_process, task))
                    ended, running = wait(running, POLL_SECONDS, FIRST_COMPLETED)
                    for future in ended:
                        self._note(future.result())
                    if self._look(counters, stop=False):
                        stop.value = 1
                        waiting.clear()
            except BrokenProcessPool as error:
                if is_unguarded():
                    raise main_guard.error() from None
                raise DataError(
                    "a worker process was ended from outside, for lack of memory perhaps",
                    f"--workers {max(1, workers // 2)}; {AGAIN}",
                ) from error
            finally:
                stop.value = 1
                pool.shutdown()
        self._look(counters)

    def _task(self, i: int) -> Task:
        shard = self.shards[i]
        items: Items = self.source.splits[shard.split]
        return Task(
            dst=self.dst,
            split=shard.split,
            number=shard.number,
            slot=i,
            layout=self.layout,
            form=self.form,
            items=items.take(shard.rows),
        )

    def _note(self, outcome: Outcome) -> None:
        self.named = (self.named + outcome.rejected)[:NAMED]

    def _look(self, counters: Any, stop: bool = True) -> bool:
        """Tell the listener how far it is; whether too much is bad (or, then, an error)."""
        numbers = list(counters)
        bad = sum(numbers[1::2]) + len(self.source.rejected)
        if self.listen is not None:
            before = sum(pair[0] for pair in self.before)
            self.listen(Progress(self.total, before, sum(numbers[::2]), bad))
        if bad > self.max_bad and stop:
            few = "; ".join(self.named) or "named when their shards were made"
            raise DataError(
                f"{bad:,} pictures cannot be used, {self.max_bad:,} are allowed ({few})",
                f"look at them; --max-bad N allows more, and {AGAIN}",
            )
        return bool(bad > self.max_bad)
