"""Helpers for the lessons (data, training runs, pictures), the exercises and their grader.

from tinyalex import learn

x, labels = learn.arrays(learn.dataset().train, 500)
history = learn.fit(net, x, labels, epochs=5, lr=0.02)
learn.draw_lines("curve", {"training": [progress.loss for progress in history]})

What is named here is imported when it is first used: the grader needs none of it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinyalex.learn.drawing import draw_bars, draw_images, draw_lines, draw_matrix, draw_paths
    from tinyalex.learn.fitting import Progress, arrays, dataset, error, fit
    from tinyalex.learn.pictures import show
    from tinyalex.learn.runs import run_config, trained

__all__ = [
    "Progress",
    "arrays",
    "dataset",
    "draw_bars",
    "draw_images",
    "draw_lines",
    "draw_matrix",
    "draw_paths",
    "error",
    "fit",
    "run_config",
    "show",
    "trained",
]

_MODULES = {
    "drawing": ("draw_bars", "draw_images", "draw_lines", "draw_matrix", "draw_paths"),
    "fitting": ("Progress", "arrays", "dataset", "error", "fit"),
    "pictures": ("show",),
    "runs": ("run_config", "trained"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
