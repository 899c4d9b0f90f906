"""Trains several runs at the same time, each in its own process.

With a small net and small batches, two threads mostly wait for each other. Two runs at the same
time with one thread each take less time than one after the other with two threads. The results
are the same, since a run's numbers do not depend on its threads.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from tinyalex.errors import RunError
from tinyalex.processes import SPAWN, Pool
from tinyalex.reproduce.arm import Arm, Interrupted, Item
from tinyalex.training.stop import StopSignal

Train = Callable[[Arm, int, int | None], Path]

POLL_SECONDS = 0.5
AGAIN = "the same command resumes them"

RUN, STOP, LEAVE = range(3)  # LEAVE: the pool is broken, no result is needed

_told: Any = None  # in a worker: the parent's order
_busy = False  # in a worker: whether it is training


def train_side_by_side(
    train: Train, items: Sequence[Item], jobs: int, ended: Callable[[int], None]
) -> None:
    """Train ``jobs`` runs at the same time.

    Parameters
    ----------
    train : callable
        Trains a run; every process gets a pickled copy.
    items : sequence of (Arm, seed, epochs)
        Each run at most once.
    jobs : int
    ended : callable
        Called with the number of finished runs, whenever a run ends.

    Raises
    ------
    Interrupted
        A signal came; all runs are saved.
    RunError
        A process was killed.
    TinyalexError
        A run failed; the others were then stopped, too, and are saved.
    """
    told = SPAWN.RawValue("b", RUN)
    pool = Pool(min(jobs, len(items)), _start, (told,), POLL_SECONDS, _pass_on)
    try:
        with StopSignal() as stopped:
            futures = [pool.submit(_train, train, *item) for item in items]
            _until_all_ended(futures, told, stopped, ended)
        _raise_first(futures, stopped.number)
    except BrokenProcessPool as error:
        told.value = LEAVE  # since Python 3.12 a broken pool does not end its idle processes
        raise RunError(
            "a process was killed, perhaps because memory was full",
            f"jobs={max(1, jobs // 2)}; {AGAIN}",
        ) from error
    finally:
        told.value = max(told.value, STOP)
        pool.shutdown()


def _until_all_ended(
    futures: list[Future[Path]], told: Any, stopped: StopSignal, ended: Callable[[int], None]
) -> None:
    """Wait for all; after a signal or the first failure, tell the others to stop."""
    running = set(futures)
    while running:
        done, running = wait(running, POLL_SECONDS, FIRST_COMPLETED)
        if stopped() or any(future.exception() is not None for future in done):
            told.value = STOP
        elif done:
            ended(len(futures) - len(running))


def _raise_first(futures: list[Future[Path]], number: int | None) -> None:
    """Raise the first failure, not the stops of other runs that it caused.

    ``number`` is the signal that this process got, if any; it sent the workers another one.
    """
    failed = [error for future in futures if (error := future.exception()) is not None]
    if failed:
        for error in failed:
            if isinstance(error, Interrupted) and number is not None:
                error.exit_code = 128 + number
        raise min(failed, key=lambda error: isinstance(error, Interrupted))


# --- in a worker ----------------------------------------------------------------------------


def _start(told: Any) -> None:
    """Keep the parent's order at hand."""
    global _told
    _told = told
    # Training has its own handler; outside training, `_train` reads the order.
    signal.signal(signal.SIGTERM, lambda number, frame: None)


def _pass_on() -> None:
    """Stop training when the parent orders it."""
    if _told.value == LEAVE and not _busy:
        os._exit(1)
    if _told.value != RUN:
        signal.raise_signal(signal.SIGTERM)


def _train(train: Train, arm: Arm, seed: int, epochs: int | None) -> Path:
    global _busy
    if _told.value != RUN:
        raise Interrupted(f"{arm.name}, seed {seed}: not begun", AGAIN)
    _busy = True
    try:
        return train(arm, seed, epochs)
    finally:
        _busy = False
