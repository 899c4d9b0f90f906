"""The folder of a new run: a free name, or that of an old run, which it replaces."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import chain, count
from pathlib import Path

from tinyalex import lock, notice
from tinyalex.errors import CheckpointError, RunError
from tinyalex.files import temporary_name
from tinyalex.runs import checkpoint, film, metrics, summary

CONFIG = "config.json"

# Everything that commands leave in a run's folder without being told a file's name: patterns.
LEFT_BY_RUNS = (
    CONFIG,
    checkpoint.FILE,
    checkpoint.ECHO,
    metrics.FILE,
    summary.FILE,
    film.FILE,
    "curves.png",
    "filters.png",
    "report.html",
    "explore.html",
    "look-*.html",
    "evaluation*.json",
    "own.json",
)
FOLDERS = ("tensorboard",)
_ASIDE = ".replaced"  # the folder of an old run's files, until the new run has a checkpoint


def holds_a_run(folder: Path) -> bool:
    """Whether something would be lost if a run were written into the folder."""
    return (folder / CONFIG).exists() or (folder / checkpoint.FILE).exists()


def free(folder: Path) -> Iterator[Path]:
    """``folder``, ``folder-2``, ``folder-3`` ...: those without a run that no process uses."""
    numbered = (folder.with_name(f"{folder.name}-{i}") for i in count(2))
    for path in chain([folder], numbered):
        if not holds_a_run(path) and lock.holder(path) is None:
            yield path


def check_only_a_run(folder: Path) -> None:
    """Raise RunError if a folder holds anything that a run does not leave."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            ours = path.name in (_ASIDE, *FOLDERS)
        else:
            known = (*LEFT_BY_RUNS, lock.FILE, temporary_name("*", "*"))
            ours = any(fnmatch(path.name, pattern) for pattern in known)
        if not ours:
            raise RunError(
                f"{folder}: holds {path.name}, which no run leaves: nothing is overwritten",
                "move it away, or another folder with --out",
            )


@contextlib.contextmanager
def replaced(folder: Path) -> Iterator[None]:
    """Set an old run's files aside, for a new run to be written in the ``with`` block.

    They are deleted at its end. If it ends before a checkpoint has a step of the new run (an error
    in a setting may show only in the first step), they are put back.
    """
    forget_replaced(folder)
    _move(_left_in(folder), folder / _ASIDE)
    try:
        yield
    finally:
        if not _has_begun(folder):
            for path in _left_in(folder):
                _remove(path)
            notice.warn(f"{folder} holds the old run again: the new one had not begun")
        forget_replaced(folder)


def forget_replaced(folder: Path) -> None:
    """Delete the files of an old run; if the new one has not begun, put them back.

    A process that is killed at any moment leaves either run complete.
    """
    aside = folder / _ASIDE
    if not aside.is_dir():
        return
    if not _has_begun(folder):
        _move(_left_in(aside)[::-1], folder)
    shutil.rmtree(aside, ignore_errors=True)


def _has_begun(folder: Path) -> bool:
    """Whether there is a checkpoint of any step; the first one is saved before the first step."""
    try:
        state = (checkpoint.read_head(folder) or ("", {}))[1]
    except CheckpointError:
        return False
    return bool(state.get("epoch") or state.get("step"))


def _left_in(folder: Path) -> list[Path]:
    """What a run has left in a folder.

    Where the checkpoint is tells which files count, so it is the first to go, the last back.
    """
    ours = (*LEFT_BY_RUNS, *FOLDERS)
    found = [path for path in folder.iterdir() if any(fnmatch(path.name, each) for each in ours)]
    return sorted(found, key=lambda path: (path.name != checkpoint.FILE, path.name))


def _move(files: list[Path], folder: Path) -> None:
    try:
        for path in files:
            folder.mkdir(exist_ok=True)
            if (folder / path.name).is_dir():  # a file takes another one's place, a folder does not
                shutil.rmtree(folder / path.name)
            path.replace(folder / path.name)
    except OSError as error:
        raise RunError(
            f"{path}: cannot be moved ({error.strerror or error})", "another folder with --out"
        ) from error


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
