"""What the Tab key offers: names of models, recipes, data sets, lessons, runs and so on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Offer = Callable[[str], list[str]]

_MOST = 200  # offers; a folder may have thousands of entries


def models(typed: str) -> list[str]:
    """Names of models that begin like what is typed."""
    from tinyalex import models

    return _beginning(typed, models.names())


def recipes(typed: str) -> list[str]:
    """Names of recipes."""
    from tinyalex import recipes

    return _beginning(typed, recipes.names())


def data(typed: str) -> list[str]:
    """Names of data sets, and folders."""
    from tinyalex.data.names import NAMES

    return [*_beginning(typed, NAMES), *_paths(typed, Path.is_dir)]


def downloads(typed: str) -> list[str]:
    """Names of data sets that can be downloaded."""
    return _beginning(typed, ["cifar10"])


def published(typed: str) -> list[str]:
    """Names of published weights, and paths."""
    from tinyalex.weights.fetch import PUBLISHED

    return [*_beginning(typed, PUBLISHED), *_paths(typed)]


def lessons(typed: str) -> list[str]:
    """Names of lessons."""
    from tinyalex.learn import lesson_file

    return _beginning(typed, [lesson.name for lesson in lesson_file.all_lessons()])


def exercises(typed: str) -> list[str]:
    """Names of exercises."""
    from tinyalex.learn.exercises import all_exercises

    return _beginning(typed, [exercise.name for exercise in all_exercises()])


def experiments(typed: str) -> list[str]:
    """Names of experiments."""
    from tinyalex import reproduce

    return _beginning(typed, reproduce.names())


def runs(typed: str) -> list[str]:
    """Folders of runs, and folders that may have runs in them.

    The first ones are in what is typed; where nothing is typed, the runs in ``runs/`` are offered.
    """
    found = _paths(typed, Path.is_dir)
    return [*found, *_paths("runs/", _is_run)] if not typed else found


def runs_and_images(typed: str) -> list[str]:
    """Folders of runs, then any file."""
    return list(dict.fromkeys([*runs(typed), *_paths(typed)]))


def _is_run(path: Path) -> bool:
    return (path / "config.json").is_file()


def _paths(typed: str, wanted: Callable[[Path], Any] = Path.exists) -> list[str]:
    """Paths that begin like what is typed, folders with a slash."""
    folder, _, start = typed.rpartition("/")
    place = Path(f"{folder}/" if "/" in typed else ".")
    try:
        names = sorted(entry.name for entry in os.scandir(place))
    except OSError:
        return []
    front = f"{folder}/" if "/" in typed else ""
    found = [name for name in names if name.startswith(start) and (start or name[0] != ".")]
    kept = [name for name in found[: 10 * _MOST] if wanted(place / name) and name.isprintable()]
    return [
        f"{front}{name}" + ("/" if (place / name).is_dir() and not _is_run(place / name) else "")
        for name in kept[:_MOST]
    ]


def _beginning(typed: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(typed)]
