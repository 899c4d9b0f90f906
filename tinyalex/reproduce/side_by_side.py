"""Several runs at a time, each in a process of its own.

A small net on small batches keeps one core busy and two cores waiting for each other: two such
runs side by side, with a thread each, take less time than one after the other with two. Results
do not depend on it, since a run's numbers do not depend on its threads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import Any

from tinyalex.data.prepare.work import deaf_children
from tinyalex.errors import RunError
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
    # "spawn": a fork would copy threads' locks, and is not to be had everywhere.
    context = multiprocessing.get_context("spawn")
    told = context.RawValue("b", RUN)  # not an Event: a process that dies while it waits blocks one
    with deaf_children():  # this starts Python's process that counts semaphores
        pool = ProcessPoolExecutor(min(jobs, len(items)), context, _start, (told,))
    try:
        with StopSignal() as stopped:
            futures = []
            for item in items:
                with deaf_children():  # this may start a process
                    futures.append(pool.submit(_train, train, *item))
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
        pool.shutdown(wait=True, cancel_futures=True)


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
    """Listen to the parent, not to the terminal."""
    global _told
    _told = told
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A training has its own handler; outside it, the flag is looked at.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    threading.Thread(target=_pass_on, daemon=True).start()


def _pass_on() -> None:
    """Stop the training in hand when the parent says so, and end when the parent does."""
    parent = parent_process()
    assert parent is not None
    while not connection.wait([parent.sentinel], POLL_SECONDS):
        if _told.value == LEAVE and not _busy:
            os._exit(1)
        if _told.value != RUN:
            signal.raise_signal(signal.SIGTERM)
    os._exit(1)  # killed: nobody is left to train for


def _train(train: Train, arm: Arm, seed: int, epochs: int | None) -> Path:
    global _busy
    if _told.value != RUN:
        raise Interrupted(f"{arm.name}, seed {seed}: not begun", AGAIN)
    _busy = True
    try:
        return train(arm, seed, epochs)
    finally:
        _busy = False
