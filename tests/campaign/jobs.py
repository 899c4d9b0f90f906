"""The commands that the campaign disturbs, what they work on, and what they must leave."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.processes import environment

TINYALEX = (sys.executable, "-m", "tinyalex")
SECONDS = 180  # a command that takes longer hangs
ENDLESS = "import numpy as np\n\ndef relu(x):\n    while True:\n        pass\n"
# Times differ from run to run; all else must not.
CLOCKS = ("seconds", "wall_seconds", "train_seconds", "images_per_second", "gpu_memory_mib")


class Broken(Exception):
    """A promise that did not hold."""


@dataclass(frozen=True)
class Job:
    """A command, how to complete it once it was disturbed, and what it leaves.

    Attributes
    ----------
    name : str
    arguments : tuple of str
        Of ``tinyalex``, in a folder that holds what `make_inputs` makes.
    after : callable
        Gives the arguments that complete it, for the folder in which it was disturbed; None for
        a job that is over with its process.
    out : str
        The folder that it writes.
    """

    name: str
    arguments: tuple[str, ...]
    after: Callable[[Path, Job], tuple[str, ...]] | None
    out: str


def again(folder: Path, job: Job) -> tuple[str, ...]:
    """The same command."""
    return job.arguments


def resume(folder: Path, job: Job) -> tuple[str, ...]:
    """The same run, from its checkpoint if there is one."""
    begun = (folder / job.out / "config.json").exists()
    return ("train", "--resume", job.out, "--quiet") if begun else job.arguments


_TRAIN = ("train", "--model", "tiny", "--backend", "numpy", "--checkpoint-every", "0.1", "--quiet")
REPRODUCE = (
    "reproduce",
    "lrsweep",
    "--data",
    "pictures",
    "--epochs",
    "1",
    "--seeds",
    "1",
    "--jobs",
    "2",
    "--backend",
    "numpy",
    "--threads",
    "1",
    "--quiet",
)
JOBS = (
    Job("train", (*_TRAIN, "--data", "pictures", "--epochs", "4", "--out", "run"), resume, "run"),
    Job(
        "packed train with workers",
        (*_TRAIN, "--epochs", "6", "--out", "run", "--data", "packed", "--loader-threads", "2"),
        resume,
        "run",
    ),
    Job(
        "prepare",
        ("data", "prepare", "pictures", "made", "--size", "32", "--workers", "2", "--quiet"),
        again,
        "made",
    ),
    Job("reproduce", REPRODUCE, again, "reproduced"),
    Job("exercise check", ("exercise", "check", "06_relu.py"), None, "."),
)


def make_inputs(folder: Path) -> None:
    """Pictures in class folders, the same packed, and a student's endless loop."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for part, count in (("train", 40), ("val", 6)):
        for label in range(3):
            place = folder / "pictures" / part / f"class{label}"
            place.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 90, (36, 40, 3)) + 60 * np.eye(3, dtype=int)[label]
                Image.fromarray(pixels.astype(np.uint8)).save(place / f"{i}.png")
    (folder / "06_relu.py").write_text(ENDLESS)
    run(folder, "data", "prepare", "pictures", "packed", "--size", "32", "--quiet")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a command in a session of its own."""
    return subprocess.Popen(
        [*TINYALEX, *arguments],
        cwd=folder,
        env=environment(COLUMNS="200"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def run(folder: Path, *arguments: str, expect: tuple[int, ...] = (0,)) -> str:
    """Run a command to its end; gives what it printed."""
    process = start(folder, *arguments)
    try:
        printed, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise Broken(f"hangs: {' '.join(arguments)}") from error
    check_words(printed)
    if process.returncode not in expect:
        raise Broken(f"{' '.join(arguments)} ends with {process.returncode}: {printed[-600:]}")
    return printed


def check_words(printed: str) -> None:
    """Refuse a traceback that comes from our files; Python's own start may be interrupted.

    It is over with the first line of ``tinyalex/__main__.py``, which prepares for Ctrl-C.
    """
    frames = printed.partition("Traceback")[2].replace(f"tinyalex{os.sep}__main__.py", "")
    if f"tinyalex{os.sep}" in frames:
        raise Broken(f"a traceback: {printed[-1200:]}")


def left(folder: Path, out: str) -> dict[str, str]:
    """What a finished job left: a hash for each file, without clocks and pictures' bytes."""
    found = {}
    for path in sorted((folder / out).rglob("*")):
        if path.is_file():
            found[str(path.relative_to(folder))] = _content(path)
    return found


def _content(path: Path) -> str:
    if path.suffix in (".png", ".md") or path.name in ("config.json", "checkpoint.json"):
        return ""  # drawn, or told, from the others
    if path.suffix == ".jsonl":
        lines = path.read_text().split("\n")[:-1]  # without one that is being written
        return json.dumps([_without_clocks(json.loads(line)) for line in lines])
    if path.suffix == ".json":
        return json.dumps(_without_clocks(json.loads(path.read_text())))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _without_clocks(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_clocks(v) for k, v in value.items() if k not in CLOCKS}
    return [_without_clocks(v) for v in value] if isinstance(value, list) else value
