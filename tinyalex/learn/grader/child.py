"""The process in which a student's file runs: ``python -m tinyalex.learn.grader.child``.

The job comes as a line of JSON on standard input. Messages go to a copy of standard output that is
made before any of the student's code runs; standard output itself then goes to the null device.
Each message begins with a token that only the job contains. Standard input stays open while the
parent runs: when it closes, this process ends.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from tinyalex.learn.exercises import get
from tinyalex.learn.grader import guardian
from tinyalex.learn.grader.examine import Progress, examine, stopped
from tinyalex.learn.grader.spec import Exercise
from tinyalex.learn.grader.verdict import AnswerError, Outcome

LARGEST_FILE = 64 << 20  # bytes that the student's code may write into one file


def main() -> None:
    job = json.loads(sys.stdin.readline())
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    token = job.pop("token")
    lock = threading.Lock()

    def send(kind: str, content: Any = None) -> None:
        with lock:
            out.write(f"{token} {json.dumps({'kind': kind, 'content': content})}\n")
            out.flush()

    exercise = find(job["exercise"])
    guardian.end_with_parent(os.dup(0), job["seconds"])
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 (open to the end)
    if job["memory"]:
        limit_memory(job["memory"])
    send("ready")
    progress = Progress()
    watch(exercise, progress, job["seconds"], send)
    verdict = examine(
        exercise,
        Path(job["file"]),
        seed=job["seed"],
        reference=Path(job["reference"]) if job["reference"] else None,
        progress=progress,
        announce=lambda now: send("progress", _summary(now)),
    )
    send("verdict", verdict.to_dict())
    os._exit(0)  # without waiting for the student's threads and exit handlers


def _summary(now: Progress) -> list[Any]:
    running = now.running
    return [now.held, running.name if running else "", running.says if running else ""]


def find(name: str) -> Exercise:
    """An exercise by name, or as ``module:NAME``."""
    module, colon, attribute = name.partition(":")
    if not colon:
        return get(name)
    exercise = getattr(importlib.import_module(module), attribute)
    assert isinstance(exercise, Exercise)
    return exercise


def limit_memory(more: int) -> None:
    """Allow this many bytes in addition to what the process already has; Linux only."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    with contextlib.suppress(ValueError, OSError):  # a lower limit is already set
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def watch(exercise: Exercise, progress: Progress, seconds: float, send: Any) -> None:
    """End when the time is up, with a verdict; if this thread cannot run, the parent ends us."""
    main_thread = threading.get_ident()

    def time_is_up() -> None:
        code = progress.answer.line_now(main_thread) if progress.answer is not None else ()
        what = f"it had not finished after {seconds:g} s: an endless loop?"
        error = AnswerError(Outcome.TIME, what, code)
        send("verdict", stopped(exercise, progress, error).to_dict())
        os._exit(0)

    timer = threading.Timer(seconds, time_is_up)
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main()
