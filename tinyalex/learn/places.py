"""Where the exercises' files lie: in a clone beside the package, in a wheel inside it."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def exercises_folder() -> Path:
    """Folder of the stubs that students start from."""
    beside = PACKAGE.parent / "lessons" / "exercises"
    return beside if beside.is_dir() else PACKAGE / "lessons" / "exercises"


def solutions_folder() -> Path:
    """Folder of the reference solutions."""
    return Path(__file__).resolve().parent / "solutions"
