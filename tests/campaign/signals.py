"""Signals at random moments: nothing hangs, nothing is left, and the result is the same."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.campaign.jobs import (
    JOBS,
    SECONDS,
    Broken,
    Job,
    check_words,
    left,
    make_inputs,
    run,
    start,
)

_GRACE = 5.0  # seconds for processes that a command started to notice that it is gone
_SHARED = Path("/dev/shm")

WAYS = ("KILL", "TERM", "INT", "INT twice", "HUP", "STOP and CONT")


def campaign(folder: Path, times: int, seed: int) -> Iterator[tuple[str, str]]:
    """Disturb each job ``times`` times in each way; yields (what was tried, what came of it)."""
    make_inputs(folder / "inputs")
    for job in JOBS:
        whole, seconds = _undisturbed(folder, job)
        for time_of in range(times):
            for way in WAYS:
                if job.after is None and way == "STOP and CONT":
                    continue  # nothing to compare: it ends by its own limit
                # A string seeds the same numbers in every process.
                moment = random.Random(f"{seed} {job.name} {way} {time_of}").uniform(0, seconds)
                tried = f"{job.name}, {way}"
                try:
                    yield (
                        tried,
                        _disturb(folder / "trial", folder / "inputs", job, way, moment, whole),
                    )
                except Broken as error:
                    yield tried, f"BROKEN after {moment:.3f} s: {error}"


def _undisturbed(folder: Path, job: Job) -> tuple[dict[str, str], float]:
    place = folder / "whole"
    _lay_out(place, folder / "inputs")
    began = time.monotonic()
    if job.after is None:
        return {}, 4.0  # within the student's ten seconds
    run(place, *job.arguments)
    return left(place, job.out), time.monotonic() - began


def _lay_out(place: Path, inputs: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(inputs, place)


def _disturb(
    place: Path, inputs: Path, job: Job, way: str, moment: float, whole: dict[str, str]
) -> str:
    """One trial, in a folder of its own; gives its outcome."""
    _lay_out(place, inputs)
    shared = set(_names(_SHARED))
    process = start(place, *job.arguments)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(moment)
    was_over = process.poll() is not None
    numbers = _send(process, way)
    try:
        printed, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        raise Broken(f"hangs after {way}") from error
    check_words(printed)
    allowed = {0, *(128 + n for n in numbers), *(-n for n in numbers)}
    if process.returncode not in allowed and not (was_over or job.after is None):
        raise Broken(f"ends with {process.returncode}, wanted {sorted(allowed)}: {printed[-600:]}")
    _wait_for_orphans(process.pid)
    wait_for_shared(shared)
    if job.after is None:
        return "ended, nothing left"
    if process.returncode != 0:
        run(place, *job.after(place, job))
    _compare(left(place, job.out), whole)
    return "as if undisturbed"


def _send(process: subprocess.Popen[str], way: str) -> tuple[int, ...]:
    """Disturb a process as a terminal (all of its processes) or ``kill`` (itself) would."""

    def send(number: int, everybody: bool) -> None:
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if everybody else os.kill)(process.pid, number)

    if way == "STOP and CONT":
        send(signal.SIGSTOP, True)
        time.sleep(0.3)
        send(signal.SIGCONT, True)
        return ()
    number = signal.Signals[f"SIG{way.split()[0]}"]
    send(number, number in (signal.SIGINT, signal.SIGHUP))
    if way.endswith("twice"):
        time.sleep(0.1)
        send(number, True)
    return (number,)


def _wait_for_orphans(session: int) -> None:
    until = time.monotonic() + _GRACE
    while running := list(_in_session(session)):
        if time.monotonic() > until:
            os.killpg(session, signal.SIGKILL)
            raise Broken(f"still running: {running}")
        time.sleep(0.02)


def wait_for_shared(before: set[str]) -> None:
    """Wait until the shared memory is as before.

    Pieces of shared memory that other programs are about to open, or to remove, are not ours.
    """
    until = time.monotonic() + _GRACE
    more = set(_names(_SHARED)) - before
    while more := {name for name in more & set(_names(_SHARED)) if not _is_used(name)}:
        if time.monotonic() > until:
            raise Broken(f"left in {_SHARED}: {sorted(more)}")
        time.sleep(0.02)


def _in_session(session: int) -> Iterator[str]:
    """Processes of a session that are alive, by their command lines."""
    for path in Path("/proc").iterdir():
        if not path.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            state, _, _, its_session = (path / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(its_session) == session and state != "Z":
                yield (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def _is_used(name: str) -> bool:
    """Whether a process that is alive, somebody else's, holds a piece of shared memory."""
    for path in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            if f"{_SHARED}/{name}" in path.read_text(errors="replace"):
                return True
    return False


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _compare(got: dict[str, str], wanted: dict[str, str]) -> None:
    if stray := set(got) - set(wanted):
        raise Broken(f"stray files: {sorted(stray)}")
    if lost := set(wanted) - set(got):
        raise Broken(f"lost files: {sorted(lost)}")
    if other := [name for name in wanted if got[name] != wanted[name]]:
        raise Broken(f"other contents: {other}")
