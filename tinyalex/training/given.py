"""What a `Trainer` is given: checked, and put together."""

from __future__ import annotations

from collections.abc import Sequence

from tinyalex.data import ArrayLoader, Batches
from tinyalex.data.batches import untransformed
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers import Sequential
from tinyalex.layers.outputs import output_of
from tinyalex.training.listener import Listener
from tinyalex.training.optimizer import SGD
from tinyalex.training.schedule import Schedule


def optimizer_of(
    model: Sequential,
    given: SGD | None,
    lr: float | Schedule | None,
    momentum: float | None,
    weight_decay: float | None,
) -> SGD:
    """The user's own optimizer, or one with the numbers that are given."""
    if given is None:
        rate = lr.first_lr if isinstance(lr, Schedule) else 0.01 if lr is None else lr
        m = 0.9 if momentum is None else momentum
        return SGD(model, rate, m, 5e-4 if weight_decay is None else weight_decay)
    if given.model is not model:
        raise ConfigError("Trainer: the optimizer is of another network", "SGD(net, lr=0.01)")
    if momentum is not None or weight_decay is not None or isinstance(lr, float | int):
        raise ConfigError(
            "Trainer: lr, momentum and weight_decay are the optimizer's own",
            "SGD(net, lr=0.01, momentum=0.9)",
        )
    return given


def listeners_of(callbacks: Sequence[Listener]) -> list[Listener]:
    """The callbacks of a `Trainer`, in a list of its own."""
    for callback in callbacks:
        if not isinstance(callback, Listener):
            raise ConfigError(
                f"Trainer: callbacks must be Listeners (got {type(callback).__name__})",
                "class Mine(Listener): def epoch(self, record): print(record)",
            )
    return list(callbacks)


def classes_of(model: Sequential, batches: Batches) -> int:
    """How many classes the network tells apart; refuses images and labels that do not fit it.

    Raises
    ------
    ShapeError
        It does not take the images, does not put out one number per class, or has no class for
        one of the labels.
    """
    loader = untransformed(batches)
    x, _ = next(epoch := loader.epoch(0))
    epoch.close()
    logits = output_of(model, x[:1], model)
    if logits.ndim != 2:
        raise ShapeError(
            f"Trainer: the network must put out (N, classes) (got {tuple(logits.shape)})",
            "Flatten() and Linear(features, classes) at its end",
        )
    labels = loader.labels if isinstance(loader, ArrayLoader) else loader.split.labels
    classes = int(logits.shape[1])
    if labels.min() < 0 or labels.max() >= classes:
        raise ShapeError(
            f"Trainer: labels must be from 0 to {classes - 1}, as the network has {classes} "
            f"outputs (got {labels.min()} to {labels.max()})",
            "labels - labels.min()"
            if labels.min() < 0
            else f"Linear(features, {labels.max() + 1}) at its end",
        )
    return classes
