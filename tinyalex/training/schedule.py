"""What a learning-rate schedule is: the learning rate of each step, and its state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tinyalex.errors import ConfigError


class Schedule:
    """A constant learning rate; the base of the other schedules, and of your own.

    Parameters
    ----------
    lr : float

    Attributes
    ----------
    lr : the learning rate at the beginning of the current epoch
    first_lr : the one that `SGD`'s steady parameters keep
    epoch : how many epochs are done

    Raises
    ------
    ConfigError
        A number is not allowed.

    Examples
    --------
    A schedule of your own says what the learning rate of the next epoch is:

    >>> from tinyalex.training import Schedule
    >>> class Halving(Schedule):
    ...     def next_lr(self, test_error):
    ...         return self.lr / 2
    >>> Halving(0.8).curve(epochs=4)
    [0.8, 0.4, 0.2, 0.1]
    """

    def __init__(self, lr: float) -> None:
        self.first_lr = check("lr", lr, above=0)
        self.lr = lr
        self.epoch = 0

    def epoch_end(self, test_error: float) -> None:
        """Set the next epoch's learning rate, after an epoch with this test error (0 to 1)."""
        self.epoch += 1
        self.lr = self.next_lr(test_error)

    def next_lr(self, test_error: float) -> float:
        """The next epoch's learning rate; ``epoch`` counts the one that has just ended."""
        return self.first_lr

    def step_lr(self, step: int, steps_per_epoch: int) -> float:
        """The learning rate of a step, from 0, of the current epoch; here the same for all."""
        return self.lr

    def rates(self, step: int, steps_per_epoch: int) -> tuple[float, float]:
        """The learning rate of a step, and that of steady parameters."""
        return self.step_lr(step, steps_per_epoch), self.first_lr

    def curve(self, epochs: int, steps_per_epoch: int = 1) -> list[float]:
        """The learning rate of every step from here on, as if the error fell in each epoch.

        The schedule advances.
        """
        rates = []
        for _ in range(epochs):
            rates += [self.rates(step, steps_per_epoch)[0] for step in range(steps_per_epoch)]
            self.epoch_end(1 / (2 + self.epoch))
        return rates

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


def check(name: str, value: float, above: float = -math.inf, at_least: float = -math.inf) -> float:
    """The number; ConfigError if it is not finite, or too small."""
    number = isinstance(value, int | float) and math.isfinite(value)
    if not (number and value > above and value >= at_least):
        limit = f"above {above:g}" if above > -math.inf else f"of at least {at_least:g}"
        raise ConfigError(f"schedule: {name} must be a number {limit} (got {value!r})")
    return value


def tidy(lr: float) -> float:
    """Round to 12 digits: 0.02 * 0.1 * 0.1 is 0.0002, not 0.00020000000000000004."""
    return float(f"{lr:.12g}")
