"""`tinyalex train` by several workers, for tests: to its end, or while it runs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.group.ranks import processes
from tests.processes import environment

TINYALEX = [sys.executable, "-m", "tinyalex"]
TRAIN = ("train", "--backend", "numpy", "--threads", "1", "--quiet")


def tinyalex(
    folder: Path, *words: object, program: list[str] = TINYALEX
) -> subprocess.CompletedProcess[str]:
    command = [*program, *map(str, words)]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=120
    )


def train(folder: Path, out: str, *words: object) -> bytes:
    """The checkpoint that a training leaves, which must end well."""
    where = () if "--resume" in words else ("--out", out)
    done = tinyalex(folder, *TRAIN, *where, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == f"{out}\n" and done.stderr == ""
    return checkpoint(folder / out)


def checkpoint(run: Path) -> bytes:
    return (run / "checkpoint.safetensors").read_bytes()


@contextlib.contextmanager
def running(folder: Path, workers: int, *words: object) -> Iterator[subprocess.Popen[str]]:
    command = [*TINYALEX, *TRAIN, *map(str, words), "--workers", str(workers)]
    if "--resume" not in words:
        command += ["--out", "run"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pid in processes(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def wait_for_step(run: Path, process: subprocess.Popen[str]) -> None:
    metrics = run / "metrics.jsonl"
    while not (metrics.exists() and '"step"' in metrics.read_text()):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
