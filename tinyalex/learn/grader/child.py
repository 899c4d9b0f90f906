"""The process in which a student's file runs: ``python -m tinyalex.learn.grader.child``.

The job comes over standard input as a line of JSON. Verdicts go over a copy of standard output
that is taken before any of the student's code runs; standard output itself then leads nowhere.
Each line begins with a token that only the job names. Standard input stays open as long as the
parent lives: its end is this process's end.
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
from tinyalex.learn.grader.verdict import Outcome, Told

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
        announce=lambda now: send("progress", _in_short(now)),
    )
    send("verdict", verdict.to_dict())
    os._exit(0)  # whatever threads and exit handlers the student's code has left behind


def _in_short(now: Progress) -> list[Any]:
    running = now.running
    return [now.held, running.name if running else "", running.says if running else ""]


def find(name: str) -> Exercise:
    """An exercise by its name, or as ``module:NAME``."""
    module, colon, attribute = name.partition(":")
    if not colon:
        return get(name)
    exercise = getattr(importlib.import_module(module), attribute)
    assert isinstance(exercise, Exercise)
    return exercise


def limit_memory(more: int) -> None:
    """Allow so many bytes beside what this process already has; Linux only."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    with contextlib.suppress(ValueError, OSError):  # a lower limit is already there
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def watch(exercise: Exercise, progress: Progress, seconds: float, send: Any) -> None:
    """When the time is up, say what was running, and end; the parent ends us if this cannot."""
    main_thread = threading.get_ident()

    def time_is_up() -> None:
        code = progress.answer.line_now(main_thread) if progress.answer is not None else ()
        told = Told(Outcome.TIME, f"it was not done after {seconds:g} s: a loop without end?", code)
        send("verdict", stopped(exercise, progress, told).to_dict())
        os._exit(0)

    timer = threading.Timer(seconds, time_is_up)
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main()
