"""A network's probabilities from one centre view of each image, or from several views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tinyalex import data
from tinyalex.backends import Array, Backend
from tinyalex.errors import ConfigError
from tinyalex.models import Model
from tinyalex.recipes import Recipe
from tinyalex.training.metrics import topk_wrong

VIEWS = {1: "center", 9: "nine", 10: "ten"}


def view_probabilities(
    model: Model,
    backend: Backend,
    recipe: Recipe,
    statistics: data.Statistics,
    split: data.Split,
    crops: int,
    batch_size: int,
) -> Iterator[tuple[Array, Array]]:
    """Yield (probabilities (n, classes), labels (n,)) a batch, on the backend.

    ``model`` must be in test mode. The mean is of the views' softmax outputs, not of their
    logits (paper, section 4.1).

    Raises
    ------
    ConfigError
        ``crops`` is not 1, 9 or 10.
    """
    check_crops(crops)
    loader = data.Loader(
        split,
        backend,
        batch_size,
        crop=recipe.crop,
        mean=statistics.mean(recipe.mean),
        scale=recipe.scale,
        training=False,
        views=VIEWS[crops],
    )
    batches = loader.epoch(0)
    try:
        for x, labels in batches:
            if crops == 1:
                yield softmax(backend.xp, model.forward(x)), labels
            else:
                total = sum(softmax(backend.xp, model.forward(view)) for view in x)
                yield total / crops, labels
    finally:
        batches.close()  # ends the thread that prepares batches


def check_crops(crops: int) -> None:
    """Refuse a number of views that there is not."""
    if crops not in VIEWS:
        raise ConfigError(f"crops must be 1, 9 or 10 (got {crops})", "--crops 10")


def ten_crop_errors(
    model: Model,
    backend: Backend,
    recipe: Recipe,
    statistics: data.Statistics,
    split: data.Split,
    batch_size: int,
    stop: Callable[[], bool],
) -> dict[str, float] | None:
    """Top-1 and top-5 error (0 to 1) by ten crops; None when ``stop()`` became true before."""
    xp, wrong, seen = backend.xp, {1: 0.0, 5: 0.0}, 0
    was_training = model.training
    model.eval()
    views = view_probabilities(model, backend, recipe, statistics, split, 10, batch_size)
    try:
        for p, labels in views:
            if stop():
                return None
            seen += labels.shape[0]
            for k in wrong:
                wrong[k] += float(topk_wrong(xp, p, labels, min(k, p.shape[1])))
    finally:
        views.close()  # type: ignore[attr-defined]
        model.train(was_training)
    return {f"top{k}_error_ten_crops": count / seen for k, count in wrong.items()}


def takes_ten_crops(recipe: Recipe) -> bool:
    """Whether ten crops show the network what it was trained on: crops, and their mirrors."""
    return recipe.crop is not None and recipe.mirror


def softmax(xp: Any, logits: Array) -> Array:
    """Probabilities (N, classes) of logits (N, classes)."""
    e = xp.exp(logits - xp.max(logits, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)
