"""Failures of one of several workers at random moments: all end, one says why, nothing is lost.

At a random moment, one rank is killed, crashes, is stopped, raises, exits, hangs, or gets weights
that are not numbers; or a signal comes to it, or to the command that has started all. Within ten
seconds all must have ended, with a code that is not 0 and one message. Then other workers resume
the run, which must end as if undisturbed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.campaign.jobs import SECONDS, TINYALEX, Broken, check_words, left
from tests.campaign.signals import wait_for_shared
from tests.data.pictures import encode, noise, write
from tests.group.ranks import processes, ranks
from tests.group.threads import on_threads
from tests.processes import environment
from tinyalex import training
from tinyalex.lock import FILE as LOCK
from tinyalex.runs.checkpoint import load_checkpoint

_LIMIT = 10.0  # seconds from the failure to the end of all; a whole run's, where that is slower
_SHARDS = 4
_FAILING = str(Path(__file__).resolve().parents[1] / "group" / "failing.py")
_TRAIN = (
    "train --data ../pictures --model tiny --epochs 2 --batch-size 4 --backend numpy --threads 1 "
    f"--shards {_SHARDS} --checkpoint-every 0.1 --timeout 3 --quiet --out run"
).split()
_MOMENTS = 1 + 2 * (30 + 1)  # load the data; in each of two epochs, 30 steps and a test

_LINE = "error: rank {rank} on " + re.escape(os.uname().nodename)
_KILLED = _LINE + r" was ended by signal {number} \({name}\)"
_STOPPED = "warning: stopped; the run is saved in run"
# What happens, and the messages that may tell so.
INSIDE = {
    "raises": ("raise", _LINE + ": KeyError: 'no such key'"),
    "sys.exit": ("sys.exit", _LINE + ": SystemExit: 4"),
    "exits": ("exit", _LINE + " ended without a word, with exit code 3"),
    "lacks memory": ("memory", _LINE + ": .*memory"),
    "hangs": ("hang", _LINE + "( hangs: no step for| is stopped)"),
    "gets weights that are NaN": (
        "nan",
        f"({_LINE}|error): epoch \\d, step \\d+: the .* loss is nan",
    ),
}
OUTSIDE = {
    "is killed": ("SIGKILL", _KILLED),
    "crashes": ("SIGSEGV", _KILLED),
    "is stopped": ("SIGSTOP", _LINE + " (is|has) stopped"),
    "gets SIGINT": ("SIGINT", f"{_STOPPED}|error: interrupted|{_LINE}"),
    "gets SIGTERM": ("SIGTERM", f"{_STOPPED}|{_KILLED}"),
    "gets SIGHUP": ("SIGHUP", f"{_STOPPED}|{_KILLED}"),
}
LAUNCHER = {
    "gets SIGINT": ("SIGINT", f"{_STOPPED}|error: (.*: )?interrupted|error: stopped by SIGINT"),
    "gets SIGTERM": ("SIGTERM", f"{_STOPPED}|error: stopped by SIGTERM"),
    "gets SIGHUP": ("SIGHUP", f"{_STOPPED}|error: stopped by SIGHUP"),
    "is killed": ("SIGKILL", ""),
}


def campaign(folder: Path, times: int, seed: int) -> Iterator[tuple[str, str]]:
    """Try each failure ``times`` times; yields (what was tried, what came of it)."""
    try:
        import mpi4py  # noqa: F401
    except ImportError:
        yield "all failures", "left out: mpi4py is not installed"
        return
    whole, seconds = _undisturbed(folder)
    for time_of in range(times):
        for who, kinds in (("a rank", INSIDE | OUTSIDE), ("the launcher", LAUNCHER)):
            for kind, (what, message) in kinds.items():
                # A string seeds the same numbers in every process.
                draw = random.Random(f"{seed} {who} {kind} {time_of}")
                place, span = folder / f"{time_of} {who} {kind}", seconds
                while (
                    outcome := _try(place, draw, span, seconds, who, what, message, whole)
                ) is None:
                    span /= 2  # the machine is faster than it was: it had ended before
                yield f"{who} {kind}", outcome


def _undisturbed(folder: Path) -> tuple[dict[str, str], float]:
    place = folder / "whole"
    place.mkdir()
    for i in range(120 + 12):  # small images: their workers start in half of the time of digits
        part = "train" if i < 120 else "val"
        write(folder / "pictures" / part / "ab"[i % 2] / f"{i}.png", encode(noise((16, 16, 3), i)))
    began = time.monotonic()
    done = subprocess.run([*TINYALEX, *_TRAIN, "--workers", "2"], cwd=place, env=environment())
    if done.returncode:
        raise RuntimeError("the run that is not disturbed has failed")
    return _results(place), time.monotonic() - began


def _try(
    folder: Path,
    draw: random.Random,
    span: float,
    seconds: float,
    who: str,
    what: str,
    message: str,
    whole: dict[str, str],
) -> str | None:
    """One trial, in a folder of its own; gives its outcome, None if the run ended before."""
    trial = _Trial(folder, draw, span, seconds)
    try:
        return trial.run(who, what, message, whole)
    except Broken as error:
        return f"BROKEN ({trial.moment}): {error}"
    finally:
        shutil.rmtree(folder)


def _results(folder: Path) -> dict[str, str]:
    """What a run left, without its pictures and the command, which names the workers."""
    return {
        name: re.sub('"command": "[^"]*"', "", what)
        for name, what in left(folder, "run").items()
        if not name.endswith(".png")
    }


class _Trial:
    def __init__(self, folder: Path, draw: random.Random, span: float, seconds: float) -> None:
        folder.mkdir()
        (folder / "tmp").mkdir()
        self.folder, self.draw = folder, draw
        self.workers = draw.choice((2, 2, 2, 4))
        self.rank = draw.randrange(self.workers)
        self.seconds = draw.uniform(0, span)
        self.limit = max(_LIMIT, seconds)
        self.moment = ""

    def run(self, who: str, what: str, message: str, whole: dict[str, str]) -> str | None:
        """Fail, and look at what is left; gives the outcome, None if there was no time to fail."""
        before = set(os.listdir("/dev/shm"))
        inside = not what.startswith("SIG")
        if inside:
            at = self.draw.randint(2 if what == "nan" else 1, _MOMENTS)
            self.moment = f"rank {self.rank} of {self.workers}, moment {at}"
            program = (_FAILING, "launch", str(self.workers), str(self.rank), what, str(at))
            process = self._start(sys.executable, *program, *_TRAIN)
        else:
            self.moment = f"rank {self.rank} of {self.workers}, {self.seconds:.3f} s"
            process = self._start(*TINYALEX, *_TRAIN, "--workers", str(self.workers))
        try:
            met = self._wait(process) if inside else self._send(process, who, what)
            printed = self._end(process)
        finally:
            for pid in processes(self.folder):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if not met:
            return None
        code = process.returncode
        if code == 0 and (inside or not (self.folder / "run" / "summary.json").exists()):
            raise Broken(f"ends with 0: {printed[-600:]}")
        if code:
            self._check_message(printed, what, message, who)
        self._check_nothing_left(before)
        return f"ended, resumed{self._resume(whole)}"

    def _start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment(COLUMNS="200", TMPDIR=str(self.folder / "tmp"), PYTHONFAULTHANDLER="1"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def _wait(self, process: subprocess.Popen[str]) -> bool:
        """Wait until the rank fails."""
        until = time.monotonic() + SECONDS
        while not (self.folder / "failed").exists():
            if process.poll() is not None or time.monotonic() > until:
                raise Broken(f"there was no failure: {process.communicate()[0]}")
            time.sleep(0.02)
        return True

    def _send(self, process: subprocess.Popen[str], who: str, what: str) -> bool:
        """Send a signal; gives whether its time came before the end."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.seconds)
        while process.poll() is None:
            here = ranks(self.folder)
            self.all_there = len(here) == self.workers
            pid = process.pid if who == "the launcher" else here.get(self.rank)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.Signals[what])
                    return True
            time.sleep(0.01)
        return False

    def _end(self, process: subprocess.Popen[str]) -> str:
        """Wait for the end of all processes."""
        began = time.monotonic()
        try:
            printed, _ = process.communicate(timeout=self.limit)
        except subprocess.TimeoutExpired as error:
            for pid in ranks(self.folder).values():
                os.kill(pid, signal.SIGABRT)  # prints where it is
            printed = process.communicate()[0]
            raise Broken(f"hangs for {self.limit:.0f} s: {printed}") from error
        while running := list(processes(self.folder)):
            if time.monotonic() > began + self.limit:
                raise Broken(f"still running: {running}")
            time.sleep(0.05)
        return printed

    def _check_message(self, printed: str, what: str, message: str, who: str) -> None:
        if what not in ("raise", "sys.exit"):  # a bug shows where it is
            check_words(printed)
        lines = printed.splitlines()
        said = [line for line in lines if line.startswith(("error: ", "warning: "))]
        if who == "the launcher" and (what == "SIGKILL" or not self.all_there):
            if said and not re.match(message or "$", said[0]):
                raise Broken(f"does not say why: {printed[-600:]}")
            return  # nobody is there to say anything
        number = int(signal.Signals[what]) if what.startswith("SIG") else 0
        for word, value in (("rank", self.rank), ("number", number), ("name", what)):
            message = message.replace(f"{{{word}}}", str(value))
        if len(said) != 1 or not re.match(message, said[0]):
            raise Broken(f"wanted one message ({message}): {printed[-1200:]}")

    def _check_nothing_left(self, before: set[str]) -> None:
        wait_for_shared(before)
        if stray := set(os.listdir(self.folder / "tmp")):
            raise Broken(f"left in TMPDIR: {sorted(stray)}")
        until = time.monotonic() + self.limit
        while self._is_locked():  # the system may still be ending the process that had it
            if time.monotonic() > until:
                raise Broken("the lock is held")
            time.sleep(0.05)

    def _is_locked(self) -> bool:
        """Whether the run's folder is locked; a lock that nobody holds goes when it is resumed."""
        with contextlib.suppress(FileNotFoundError), (self.folder / "run" / LOCK).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _resume(self, whole: dict[str, str]) -> str:
        """Other workers, here threads, complete the run, or do it where it had not begun."""
        run = self.folder / "run"
        workers = self.draw.choice([n for n in (1, 2, 4) if n != self.workers])
        if not (run / "config.json").exists():
            return ": it had not begun"
        if (run / "checkpoint.safetensors").exists():
            load_checkpoint(run)
        on_threads(workers, lambda group: training.resume(run, group=group))
        got = _results(self.folder)
        if got.keys() != whole.keys():
            raise Broken(f"stray or lost files: {sorted(got.keys() ^ whole.keys())}")
        if other := [name for name in whole if got[name] != whole[name]]:
            raise Broken(f"other contents: {other}")
        return " as if undisturbed"
