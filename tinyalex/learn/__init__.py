"""Helpers for the lessons (data, training runs, pictures), the exercises and their grader.

from tinyalex import learn

x, labels = learn.arrays(learn.dataset().train, 500)
history = learn.fit(net, x, labels, epochs=5, lr=0.02)
learn.draw_lines("curve", {"training": [progress.loss for progress in history]})
"""

from __future__ import annotations

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
