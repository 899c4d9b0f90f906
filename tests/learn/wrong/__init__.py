"""Wrong answers: one module per exercise, and for each answer the property that must reject it."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """A wrong answer, made from the reference solution.

    Attributes
    ----------
    name : the mistake
    old, new : text that occurs exactly once in the solution, and its replacement
    caught_by : name of the property that must reject the answer
    """

    name: str
    old: str
    new: str
    caught_by: str


def all_wrong() -> list[tuple[str, Wrong]]:
    """(module, wrong answer) pairs; a module has the name of its exercise, without the number."""
    modules = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "judging")
    return [
        (name, wrong)
        for name in modules
        for wrong in importlib.import_module(f"{__name__}.{name}").WRONG
    ]
