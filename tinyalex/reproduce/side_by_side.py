"""Several runs at a time, each in a process of its own.

A small net on small batches keeps one core busy and two cores waiting for each other: two such
runs side by side, with a thread each, take less time than one after the other with two. Results
do not depend on it, since a run's numbers do not depend on its threads.
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

RUN, STOP, LEAVE = range(3)  # LEAVE: the pool is broken, nobody waits for a result

_told: Any = None  # in a process of the pool: what the parent says
_busy = False  # in a process of the pool: whether a training is in hand


def train_side_by_side(
    train: Train, items: Sequence[Item], jobs: int, ended: Callable[[int], None]
) -> None:
    """Train runs ``jobs`` at a time.

    Parameters
    ----------
    train : callable
        Trains one of them; every process gets a pickled copy.
    items : sequence of (Arm, seed, epochs)
        No two of the same run.
    jobs : int
    ended : callable
        Is told how many have ended, whenever one does.

    Raises
    ------
    Interrupted
        A signal came; all runs are kept.
    RunError
        A process was ended from outside.
    TinyalexError
        What stopped one of the runs; the others were then stopped too, and are kept.
    """
    told = SPAWN.RawValue("b", RUN)
    pool = Pool(min(jobs, len(items)), _start, (told,), POLL_SECONDS, _pass_on)
    try:
        with StopSignal() as stopped:
            futures = [pool.submit(_train, train, *item) for item in items]
            _until_all_ended(futures, told, stopped, ended)
        _raise_first(futures, stopped.number)
    except BrokenProcessPool as error:
        told.value = LEAVE  # from Python 3.12 on such a pool tells idle processes nothing
        raise RunError(
            "a process was ended from outside, for lack of memory perhaps",
            f"--jobs {max(1, jobs // 2)}; {AGAIN}",
        ) from error
    finally:
        told.value = max(told.value, STOP)
        pool.shutdown()


def _until_all_ended(
    futures: list[Future[Path]], told: Any, stopped: StopSignal, ended: Callable[[int], None]
) -> None:
    """Wait; after a signal, or the first failure, the others are told to stop."""
    running = set(futures)
    while running:
        done, running = wait(running, POLL_SECONDS, FIRST_COMPLETED)
        if stopped() or any(future.exception() is not None for future in done):
            told.value = STOP
        elif done:
            ended(len(futures) - len(running))


def _raise_first(futures: list[Future[Path]], number: int | None) -> None:
    """Raise what went wrong rather than that others were stopped because of it.

    ``number`` is the signal that this process got, if any; it told the others by one of its own.
    """
    failed = [error for future in futures if (error := future.exception()) is not None]
    if failed:
        for error in failed:
            if isinstance(error, Interrupted) and number is not None:
                error.exit_code = 128 + number
        raise min(failed, key=lambda error: isinstance(error, Interrupted))


# --- in a process of its own ----------------------------------------------------------------


def _start(told: Any) -> None:
    """Listen to the parent."""
    global _told
    _told = told
    # A training has its own handler; outside it, the flag is looked at.
    signal.signal(signal.SIGTERM, lambda number, frame: None)


def _pass_on() -> None:
    """Stop the training in hand when the parent says so."""
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
