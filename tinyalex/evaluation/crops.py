"""Class probabilities of images, from one centre view or from several."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex import data
from tinyalex.runs.load import Run
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
    found = Rows(len(split))
    for p, _ in batches:
        found.add(run.backend.to_host(p))
    return found.all()


class Rows:
    """Rows that come in batches, put into one array: a list of batches would hold them twice.

    Of 10,000 classes and as many images the probabilities have 400 MB.

    Parameters
    ----------
    count : int
        Rows of all batches together.
    """

    def __init__(self, count: int) -> None:
        self._count, self._filled = count, 0
        self._found: np.ndarray[Any, Any] = np.empty((0, 0), np.float32)

    def add(self, batch: np.ndarray[Any, Any]) -> None:
        """Append a batch (n, ...), which is copied."""
        if not self._filled:
            self._found = np.empty((self._count, *batch.shape[1:]), batch.dtype)
        self._found[self._filled : self._filled + len(batch)] = batch
        self._filled += len(batch)

    def all(self) -> np.ndarray[Any, Any]:
        """The rows that came, of the first batch's dtype."""
        return self._found[: self._filled]
