"""Class probabilities of images, from one centre view or from several."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex import data
from tinyalex.training import Run
from tinyalex.training.views import softmax, view_probabilities

__all__ = ["probabilities", "softmax"]


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
        the ten softmax outputs, not of the logits (paper, section 4.1). 9: corners, edges and
        centre, not mirrored, as in cuda-convnet's tests. A network trained on whole images gets
        its views from an image enlarged by reflection; see `data.ten_views`, `data.nine_views`.

    Returns
    -------
    float32 (N, classes), rows that sum to 1

    Raises
    ------
    ConfigError
        ``crops`` is not 1, 9 or 10.
    """
    batches = view_probabilities(
        run.model, run.backend, run.config.recipe, run.statistics, split, crops, batch_size
    )
    return np.concatenate([run.backend.to_host(p) for p, _ in batches])
