"""Reasons to doubt a test error: labels in another order, or the mean of other images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyalex import data
from tinyalex.errors import ConfigError, RunError
from tinyalex.evaluation.search import search_part
from tinyalex.runs.guards import (
    class_order_warning,
    mean_warning,
    near_chance_warning,
    sample_means,
)
from tinyalex.runs.load import Run
from tinyalex.runs.summary import read_summary

HostArray = np.ndarray[Any, Any]

_SHOWN = 3  # classes named in a warning
_FEWEST_RIGHT = 10  # images that an exchange of classes must explain


def doubts(run: Run, dataset: data.Dataset, p: HostArray) -> list[str]:
    """Warnings about a run's probabilities ``p`` (N, classes) of a data set's test images."""
    where, labels = str(run.folder), dataset.test.labels
    predicted = p.argmax(axis=1)
    warnings = [class_order_warning(run.classes, where)]
    # A mean that training measured is right, whatever it looks like.
    if run.preprocessing.mean is not None and "imported" in run.config.facts:
        warnings.append(mean_warning(run.statistics, sample_means(dataset.test), where))
    if order := other_order(labels, predicted, run.classes):
        warnings.append(f"{where}: {order}")
    elif chance := near_chance_warning(
        float((predicted != labels).mean()), _train_error(run), p.shape[1], len(labels)
    ):
        warnings.append(f"{where}: {chance}")
    return [text for text in warnings if text]


def other_order(labels: HostArray, predicted: HostArray, classes: Sequence[str]) -> str | None:
    """Warn if the predictions (N,) fit the labels (N,) much better with classes exchanged.

    Half of the images tell which class is predicted for which: the most frequent pairs, each class
    once. The other half measures the fit, so that a chance fit does not count.
    """
    C = len(classes)
    try:
        first = search_part(labels, 0.5)
    except ConfigError:  # a single image
        return None
    pairs, counts = np.unique(labels[first] * C + predicted[first], return_counts=True)
    called = np.full(C, -1)
    taken = np.zeros(C, dtype=bool)
    for pair in pairs[np.argsort(-counts, kind="stable")]:
        true, said = divmod(int(pair), C)
        if called[true] < 0 and not taken[said]:
            called[true], taken[said] = said, True
    named = float((predicted[~first] == labels[~first]).mean())
    exchanged = called[labels[~first]] == predicted[~first]
    share = float(exchanged.mean())
    if exchanged.sum() < _FEWEST_RIGHT or share < 2 * named or share - named < 0.15:
        return None
    others = [i for i in np.unique(labels) if called[i] not in (i, -1)][:_SHOWN]
    examples = ", ".join(f"{classes[i]} is called {classes[called[i]]}" for i in others)
    return (
        f"the labels look numbered in another order: {named:.1%} of the predictions are right as "
        f"the classes are named, {share:.1%} with classes exchanged ({examples}, ...). Are the "
        "weights' classes, or the labels, numbered by the development kit's own ids, and the other "
        "by sorted synsets?"
    )


def _train_error(run: Run) -> float | None:
    """The training error in the run's summary.json, if it has one."""
    try:
        return read_summary(run.folder).get("train_error")
    except RunError:
        return None
