"""Judges a student's file in a separate process, with limits on time and memory."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from tinyalex.learn.grader.spec import Exercise
from tinyalex.learn.grader.verdict import Outcome, Verdict
from tinyalex.learn.places import PACKAGE

MAX_LINE = 1 << 22  # bytes of a message
POLL = 0.05  # s
START = 120.0  # s for the child to import the grader, on a busy machine
GRACE = 3.0  # s for the child to report a time limit itself
# The only environment variables that the child gets: no keys, no settings of Python.
KEPT = {"HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PATHEXT", "SYSTEMROOT", "TEMP"}
KEPT |= {"TMP", "TMPDIR", "USERPROFILE", "APPDATA", "CUDA_HOME", "CUDA_PATH"}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_running: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Limits:
    """Limits for one file.

    Attributes
    ----------
    seconds : float
        Wall-clock time, from the moment when the student's file is read.
    memory_mb : int
        MiB in addition to the memory of the grader itself.
    """

    seconds: float = 30.0
    memory_mb: int = 2048


def grade(
    path: Path,
    exercise: Exercise,
    *,
    seed: int = 0,
    limits: Limits | None = None,
    name: str = "",
    reference: Path | None = None,
) -> Verdict:
    """Judge a file; returns a verdict, whatever the file does.

    Parameters
    ----------
    path : Path
        The student's file.
    exercise : Exercise
    seed : int
        Seed of the inputs; the same seed gives the same verdict.
    limits : Limits, optional
    name : str
        ``module:NAME`` of an exercise that does not belong to the package.
    reference : Path, optional
        Reference solution of such an exercise.
    """
    limits = limits or Limits()
    job = {
        "exercise": name or exercise.name,
        "file": str(path.resolve()),
        "reference": str(reference.resolve()) if reference else "",
        "seed": seed,
        "seconds": limits.seconds,
        "memory": 0 if memory_must_be_polled() else limits.memory_mb << 20,
        "token": secrets.token_hex(16),
    }
    with tempfile.TemporaryDirectory(prefix="exercise-", ignore_cleanup_errors=True) as folder:
        empty = Path(folder) / "work"
        empty.mkdir()
        with (Path(folder) / "errors").open("w+b") as errors:
            verdict = _run(job, empty, errors, Verdict.of(exercise, Outcome.GRADER), limits)
            if verdict.outcome is Outcome.GRADER:
                errors.seek(0)
                last = errors.read()[-2000:].decode("utf-8", "replace").strip().splitlines()[-1:]
                verdict = replace(verdict, what=f"{verdict.what}{''.join(f': {x}' for x in last)}")
    return verdict


def stop_all() -> None:
    """End all children of this process, when a run is interrupted."""
    for process in list(_running):
        _kill(process)


def _run(job: dict[str, Any], folder: Path, errors: Any, start: Verdict, limits: Limits) -> Verdict:
    token = job["token"]
    group: dict[str, Any] = (
        {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        if os.name == "nt"
        else {"start_new_session": True}
    )
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tinyalex.learn.grader.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=folder,
        env=_environment(folder),
        **group,
    )
    _running.add(process)
    assert process.stdin is not None and process.stdout is not None
    try:
        with contextlib.suppress(OSError):  # it has ended already: see _follow
            process.stdin.write(json.dumps(job).encode() + b"\n")
            process.stdin.flush()  # keep it open: the child ends when it closes
        messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        reader = threading.Thread(target=_read, args=(process.stdout, token, messages), daemon=True)
        reader.start()
        return _follow(process, messages, start, limits)
    finally:
        _kill(process)
        with contextlib.suppress(OSError):
            process.stdin.close()
        _running.discard(process)


def _follow(
    process: subprocess.Popen[bytes],
    messages: queue.Queue[dict[str, Any] | None],
    verdict: Verdict,
    limits: Limits,
) -> Verdict:
    """Wait for the verdict, the end of the process, or a limit."""
    ready, deadline = False, time.monotonic() + START
    polls = memory_must_be_polled()
    memory_limit = 0
    while True:
        try:
            message = messages.get(timeout=POLL)
        except queue.Empty:
            ended = process.poll() is not None
            late = time.monotonic() > deadline
            if polls and ready and not ended:
                now = memory_of(process.pid)
                memory_limit = memory_limit or now + (limits.memory_mb << 20)
                if now > memory_limit:
                    what = f"it used more than {limits.memory_mb:,} MiB"
                    return replace(verdict, outcome=Outcome.MEMORY, what=what)
            if late and not ready:
                return replace(verdict, what=f"it did not start within {START:.0f} s")
            if late:
                what = f"it had not finished after {limits.seconds:g} s: it is in compiled code"
                return replace(verdict, outcome=Outcome.TIME, what=what)
            if not ended:
                continue
            message = None
            with contextlib.suppress(queue.Empty):  # its last message may still be on its way
                message = messages.get(timeout=GRACE)
        if message is None:  # the last one
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=GRACE)
            return _ended_silently(verdict, process.poll(), ready)
        if message["kind"] == "ready":
            ready, deadline = True, time.monotonic() + limits.seconds + GRACE
        elif message["kind"] == "progress":
            held, running, says = message["content"]
            verdict = replace(verdict, held=tuple(held), broken=running or "", says=says)
        else:
            return Verdict.from_dict(message["content"])


def memory_must_be_polled() -> bool:
    """Linux enforces the memory limit itself (RLIMIT_AS); macOS and Windows do not."""
    return not sys.platform.startswith("linux")


def memory_of(process: int) -> int:
    """Bytes of memory that a process uses now; 0 if it has ended or the system does not tell."""
    try:
        if sys.platform.startswith("linux"):
            import resource

            pages = Path(f"/proc/{process}/statm").read_text().split()[1]
            return int(pages) * resource.getpagesize()
        if sys.platform == "win32":
            # Prints a line like "python.exe","4711","Console","1","51,240 K".
            command = ["tasklist", "/FI", f"PID eq {process}", "/FO", "CSV", "/NH"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            last = done.stdout.strip().rpartition(',"')[2]
            return int("".join(letter for letter in last if letter.isdecimal()) or 0) << 10
        command = ["ps", "-o", "rss=", "-p", str(process)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return int(done.stdout or 0) << 10
    except (OSError, ValueError):
        return 0


def _ended_silently(verdict: Verdict, code: int | None, ready: bool) -> Verdict:
    """The verdict on a process that ended without sending one."""
    if not ready:
        return replace(verdict, what=f"the grader itself ended with code {code}")
    if code is None:
        what = "it closed its connection to the grader"
        return replace(verdict, outcome=Outcome.ENDED, what=what)
    if code >= 0:
        what = f"the process ended with code {code} before the verdict; does it call os._exit?"
        return replace(verdict, outcome=Outcome.ENDED, what=what)
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    what = f"the process was ended by {name}"
    if name == "SIGKILL":
        what += " (the system does this if there is no memory left)"
    return replace(verdict, outcome=Outcome.CRASHED, what=what)


def _read(pipe: IO[bytes], token: str, messages: queue.Queue[dict[str, Any] | None]) -> None:
    """Pass on the lines that begin with the token; no other line comes from the grader."""
    expected = token.encode() + b" "
    with contextlib.suppress(OSError, ValueError):
        while line := pipe.readline(MAX_LINE):
            if line.startswith(expected):
                messages.put(json.loads(line[len(expected) :]))
    messages.put(None)
    with contextlib.suppress(OSError):
        pipe.close()


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
    paths = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    return kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NUMBA_CACHE_DIR": str(folder),
        "NUMBA_ENABLE_CUDASIM": os.environ.get("NUMBA_ENABLE_CUDASIM", "1"),
        **dict.fromkeys(THREADS, "1"),
    }


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and all processes that it has started."""
    if os.name == "nt":
        if process.poll() is None:
            command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
            subprocess.run(command, capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
