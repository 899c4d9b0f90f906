"""The exercises, one module each: what the student writes, and how it is judged."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from tinyalex.errors import ConfigError, unknown
from tinyalex.learn.grader.spec import Exercise


@functools.cache
def all_exercises() -> tuple[Exercise, ...]:
    """All exercises, ordered by number."""
    return tuple(sorted(map(_load, _modules()), key=lambda exercise: exercise.name))


def get(name: str) -> Exercise:
    """Find an exercise by its name, its number, or a unique part of its name.

    Parameters
    ----------
    name : str
        ``"02_im2col"``, ``"02"``, ``"im2col"`` or ``"grouped"``.

    Raises
    ------
    ConfigError
        No exercise has this name, or more than one.
    """
    number, _, rest = name.partition("_")
    if number.isdecimal() and rest in _modules() and _load(rest).name == name:
        return _load(rest)  # without loading all the others
    known = {exercise.name: exercise for exercise in all_exercises()}
    exact = [full for full in known if name in (full, *full.split("_", 1))]
    matches = exact or [full for full in known if name and name.lower() in full]
    if len(matches) > 1:
        raise ConfigError(
            f"exercise {name!r} could be any of {', '.join(matches)}", f"{matches[0]!r}"
        )
    if not matches:
        raise unknown("exercise", name, known)
    return known[matches[0]]


def _modules() -> list[str]:
    """Names of the modules in this folder."""
    return [module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_"]


def _load(module: str) -> Exercise:
    exercise = importlib.import_module(f"{__name__}.{module}").EXERCISE
    if not isinstance(exercise, Exercise):
        raise TypeError(f"{__name__}.{module}.EXERCISE is not an Exercise")
    return exercise
