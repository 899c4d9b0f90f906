"""Wrong answers, a module an exercise: what students write, and what must catch it."""

from __future__ import annotations

import importlib
import pkgutil

from tests.learn.wrong.wrong import Wrong

__all__ = ["Wrong", "all_wrong"]


def all_wrong() -> list[tuple[str, Wrong]]:
    """(module, wrong answer) pairs; the module is called as its exercise, without the number."""
    modules = [
        module.name
        for module in pkgutil.iter_modules(__path__)
        if module.name not in ("judging", "wrong")
    ]
    return [
        (name, wrong)
        for name in sorted(modules)
        for wrong in importlib.import_module(f"{__name__}.{name}").WRONG
    ]
