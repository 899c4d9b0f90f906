"""The exercises: a module each, which says what the student writes and how it is judged."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from tinyalex.errors import ConfigError, unknown
from tinyalex.learn.grader.spec import Exercise


@functools.cache
def all_exercises() -> tuple[Exercise, ...]:
    """Every exercise, in the order of their numbers."""
    return tuple(sorted(map(_load, _modules()), key=lambda exercise: exercise.name))


def get(name: str) -> Exercise:
    """Find an exercise by its name, its number, or a part of its name that no other has.

    Parameters
    ----------
    name : str
        ``"02_im2col"``, ``"02"``, ``"im2col"`` or ``"grouped"``.

    Raises
    ------
    ConfigError
        No exercise, or more than one, is called so.
    """
    number, _, rest = name.partition("_")
    if number.isdecimal() and rest in _modules() and _load(rest).name == name:
        return _load(rest)  # without loading all the others
    known = {exercise.name: exercise for exercise in all_exercises()}
    whole = [one for one in known if name in (one, *one.split("_", 1))]
    matches = whole or [one for one in known if name and name.lower() in one]
    if len(matches) > 1:
        raise ConfigError(
            f"exercise {name!r} could be any of {', '.join(matches)}", f"{matches[0]!r}"
        )
    if not matches:
        raise unknown("exercise", name, known)
    return known[matches[0]]


def _modules() -> list[str]:
    """Names of the modules beside this one."""
    return [module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_"]


def _load(module: str) -> Exercise:
    exercise = importlib.import_module(f"{__name__}.{module}").EXERCISE
    if not isinstance(exercise, Exercise):
        raise TypeError(f"{__name__}.{module}.EXERCISE is not an Exercise")
    return exercise
