"""Learning-rate schedules. A schedule gets each epoch's test error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinyalex.errors import ConfigError


class Schedule:
    """A constant learning rate, ``lr``; the base of the other schedules."""

    def __init__(self, lr: float) -> None:
        self.first_lr = lr
        self.lr = lr
        self.epoch = 0  # epochs done

    def epoch_end(self, test_error: float) -> None:
        """Set the next epoch's learning rate, after an epoch with this test error (0 to 1)."""
        self.epoch += 1
        self.lr = self.next_lr(test_error)

    def next_lr(self, test_error: float) -> float:
        """The next epoch's learning rate."""
        return self.first_lr

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must keep, as plain numbers."""
        return {k: v for k, v in vars(self).items() if k in self.keeps()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where `state_dict` was taken."""
        for key in self.keeps():
            setattr(self, key, state[key])

    def keeps(self) -> tuple[str, ...]:
        """Names of the attributes that change."""
        return ("lr", "epoch")


class Steps(Schedule):
    """Multiply the learning rate by ``factor`` after each of the given numbers of epochs."""

    def __init__(self, lr: float, epochs: Sequence[int], factor: float) -> None:
        super().__init__(lr)
        self.epochs = sorted(epochs)
        self.factor = factor

    def next_lr(self, test_error: float) -> float:
        passed = sum(self.epoch >= e for e in self.epochs)
        return tidy(self.first_lr * self.factor**passed)


class Exponential(Schedule):
    """Multiply the learning rate by ``factor`` after every epoch."""

    def __init__(self, lr: float, factor: float) -> None:
        super().__init__(lr)
        self.factor = factor

    def next_lr(self, test_error: float) -> float:
        return tidy(self.first_lr * self.factor**self.epoch)


class Plateau(Schedule):
    """Multiply the learning rate by ``factor`` when the test error no longer falls.

    Paper, section 5: from 0.01, divided by 10 three times.

    Parameters
    ----------
    lr, factor : float
    patience : int
        Epochs in a row without a new best error, before a drop. It approximates the authors'
        manual choice.
    drops : int
        Number of drops, at most.
    """

    def __init__(self, lr: float, factor: float, patience: int, drops: int) -> None:
        super().__init__(lr)
        self.factor, self.patience, self.drops = factor, patience, drops
        self.best = float("inf")
        self.waited = 0
        self.dropped = 0

    def next_lr(self, test_error: float) -> float:
        if test_error < self.best:
            self.best, self.waited = test_error, 0
            return self.lr
        self.waited += 1
        if self.waited < self.patience or self.dropped == self.drops:
            return self.lr
        self.dropped += 1
        self.waited = 0
        return tidy(self.first_lr * self.factor**self.dropped)

    def keeps(self) -> tuple[str, ...]:
        return ("lr", "epoch", "best", "waited", "dropped")


class Polynomial(Schedule):
    """Multiply the learning rate by the share of epochs that are left, to a power."""

    def __init__(self, lr: float, epochs: int, power: float) -> None:
        super().__init__(lr)
        self.epochs, self.power = epochs, power

    def next_lr(self, test_error: float) -> float:
        left = max(1, self.epochs - self.epoch)  # not 0 after the last: a run may be prolonged
        return tidy(self.first_lr * (left / self.epochs) ** self.power)


_KINDS: dict[Any, Callable[..., Schedule]] = {
    "constant": Schedule,
    "steps": Steps,
    "plateau": Plateau,
    "exponential": Exponential,
    "polynomial": Polynomial,
}


def make(
    schedule: Mapping[str, Any], lr: float, epochs: int, recipe_epochs: int | None = None
) -> Schedule:
    """Make the schedule of a recipe.

    Parameters
    ----------
    schedule : mapping
        As in `Recipe.schedule`.
    lr : float
        Initial learning rate.
    epochs : int
        Length of the run.
    recipe_epochs : int, optional
        Length of the recipe: in a shorter or longer run, steps come proportionally earlier or
        later.

    Raises
    ------
    ConfigError
        The kind is unknown.
    """
    options = dict(schedule)
    kind = options.pop("kind", None)
    if kind not in _KINDS:
        raise ConfigError(f"unknown schedule {kind!r}", f"one of {', '.join(_KINDS)}")
    if kind == "steps":
        options["epochs"] = scaled(options["epochs"], epochs, recipe_epochs)
    if kind == "polynomial":
        options["epochs"] = epochs
    return _KINDS[kind](lr, **options)


def scaled(at: Sequence[int], epochs: int, recipe_epochs: int | None) -> list[int]:
    """A recipe's epochs, scaled to a run of another length; at least 1.

    >>> scaled([8], epochs=5, recipe_epochs=10)
    [4]
    """
    if recipe_epochs is None or recipe_epochs == epochs:
        return list(at)
    return [max(1, round(e * epochs / recipe_epochs)) for e in at]


def warm_up(step: int, steps: int, start: float) -> float:
    """The factor on the learning rate in a step (from 0) of a run that warms up for ``steps``.

    It rises by equal amounts from ``start`` to 1, and stays there (Goyal et al. 2017, section 2.2:
    from the learning rate of the small batch).

    >>> [warm_up(step, steps=3, start=0.25) for step in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """
    return 1.0 if step >= steps else start + (1 - start) * (step + 1) / steps


def tidy(lr: float) -> float:
    """Round to 12 digits: 0.02 * 0.1 * 0.1 is 0.0002, not 0.00020000000000000004."""
    return float(f"{lr:.12g}")
