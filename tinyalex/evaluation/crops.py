"""Class probabilities of images, from one centre view or from the paper's ten."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex import data
from tinyalex.backends import Array
from tinyalex.errors import ConfigError
from tinyalex.training import Run

VIEWS = {1: "center", 10: "ten"}


def probabilities(
    run: Run, split: data.Split, crops: int = 1, batch_size: int = 128
) -> np.ndarray[Any, Any]:
    """What a run's network thinks of every image.

    Parameters
    ----------
    run : Run
    split : data.Split
    crops : int
        1: the centre. 10: the four corners and the centre, and their mirror images; the mean of
        the ten softmax outputs, not of the logits (paper, section 4.1). A network trained on
        whole images gets its ten views from an image enlarged by reflection; see
        `data.ten_views`.

    Returns
    -------
    float32 (N, classes), rows that sum to 1

    Raises
    ------
    ConfigError
        ``crops`` is neither 1 nor 10.
    """
    if crops not in VIEWS:
        raise ConfigError(f"crops must be 1 or 10 (got {crops})", "--crops 10")
    recipe, xp = run.config.recipe, run.backend.xp
    loader = data.Loader(
        split,
        run.backend,
        batch_size,
        crop=recipe.crop,
        mean=run.statistics.mean(recipe.mean),
        scale=recipe.scale,
        training=False,
        views=VIEWS[crops],
    )
    rows = []
    for x, _ in loader.epoch(0):
        if crops == 1:
            mean = softmax(xp, run.model.forward(x))
        else:
            mean = sum(softmax(xp, run.model.forward(view)) for view in x) / crops
        rows.append(run.backend.to_host(mean))
    return np.concatenate(rows)


def softmax(xp: Any, logits: Array) -> Array:
    """Probabilities (N, classes) of logits (N, classes)."""
    e = xp.exp(logits - xp.max(logits, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)
