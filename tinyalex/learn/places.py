"""Folders of the lessons and exercises: next to the package in a clone, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

from tinyalex.errors import ConfigError
from tinyalex.extras import install

PACKAGE = Path(__file__).resolve().parents[1]


def lessons_folder() -> Path:
    """The folder with ``00_linear_classifier.py`` and so on.

    Raises
    ------
    ConfigError
        This installation has no lessons.
    """
    root = PACKAGE.parent
    is_clone = (root / "pyproject.toml").is_file()  # site-packages has none
    places = [root / "lessons"] if is_clone else []
    places.append(PACKAGE / "lessons")
    for folder in places:
        if folder.is_dir():
            return folder
    looked = " or ".join(str(folder) for folder in places)
    raise ConfigError(f"no lessons at {looked}", f"install tinyalex again: {install()}")


def exercises_folder() -> Path:
    """The folder with the exercises' stubs, ``01_conv_loops.py`` and so on.

    Raises
    ------
    ConfigError
        This installation has no exercises.
    """
    folder = lessons_folder() / "exercises"
    if not folder.is_dir():
        raise ConfigError(f"no exercises at {folder}", f"install tinyalex again: {install()}")
    return folder


def solutions_folder() -> Path:
    """The folder of the reference solutions."""
    return PACKAGE / "learn" / "solutions"
