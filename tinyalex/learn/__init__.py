"""Helpers for the lessons (data, training runs, pictures), the exercises and their grader.

from tinyalex import learn

x, labels = learn.arrays(learn.dataset().train, 500)
history = learn.fit(net, x, labels, epochs=5, lr=0.02)
learn.show(figure, "curves")
"""

from __future__ import annotations

from tinyalex.learn.fitting import Progress, arrays, dataset, error, fit
from tinyalex.learn.pictures import show
from tinyalex.learn.runs import run_config, trained

__all__ = ["Progress", "arrays", "dataset", "error", "fit", "run_config", "show", "trained"]
