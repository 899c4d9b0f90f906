"""Schedules that change in every step: half a cosine, and one cycle."""

from __future__ import annotations

import math

from tinyalex.errors import ConfigError
from tinyalex.training.schedule import Schedule, check, tidy


class Cosine(Schedule):
    """The learning rate falls along half a cosine, step by step.

    Parameters
    ----------
    lr : float
        At the beginning.
    epochs : int
        Length of the training.
    final_lr : float
        Approached at the end.

    Notes
    -----
    ``final_lr + (lr - final_lr) * (1 + cos(pi * t / epochs)) / 2`` after t epochs, fractions
    included: Loshchilov and Hutter 2017 (SGDR, arXiv 1608.03983), equation 5, without restarts. It
    is PyTorch's ``CosineAnnealingLR``, called after every step. In epochs after the last one the
    learning rate stays where the last epoch began, so that a run may be prolonged.

    Examples
    --------
    >>> from tinyalex.training import Cosine
    >>> [round(lr, 3) for lr in Cosine(0.1, epochs=2).curve(epochs=2, steps_per_epoch=2)]
    [0.1, 0.085, 0.05, 0.015]
    """

    def __init__(self, lr: float, epochs: int, final_lr: float = 0.0) -> None:
        super().__init__(lr)
        self.epochs = check("epochs", epochs, at_least=1)
        self.final_lr = check("final_lr", final_lr, at_least=0)

    def next_lr(self, test_error: float) -> float:
        return tidy(self._after(min(self.epoch, self.epochs - 1)))

    def step_lr(self, step: int, steps_per_epoch: int) -> float:
        done = self.epoch + step / steps_per_epoch
        return self._after(done) if done < self.epochs else self.lr

    def _after(self, epochs: float) -> float:
        return between(self.first_lr, self.final_lr, epochs / self.epochs)


class OneCycle(Schedule):
    """The learning rate rises to its maximum and then falls to almost nothing, step by step.

    Parameters
    ----------
    lr : float
        The maximum.
    epochs : int
        Length of the training: the cycle.
    rise : float
        Share of the steps before the maximum, from 0 to below 1.
    start, end : float
        The first learning rate is ``lr / start``, the last one that divided by ``end``.

    Notes
    -----
    Smith and Topin 2018 (Super-convergence, arXiv 1708.07120). The curve and the default values are
    those of PyTorch's ``OneCycleLR(cycle_momentum=False)``: two halves of a cosine, where the
    authors have straight lines. The momentum is constant. Afterwards the last learning rate stays.

    Examples
    --------
    >>> from tinyalex.training import OneCycle
    >>> [round(lr, 4) for lr in OneCycle(0.1, epochs=1).curve(epochs=1, steps_per_epoch=5)]
    [0.004, 0.095, 0.0611, 0.0188, 0.0]
    """

    def __init__(
        self, lr: float, epochs: int, rise: float = 0.3, start: float = 25.0, end: float = 1e4
    ) -> None:
        super().__init__(lr)
        self.epochs = check("epochs", epochs, at_least=1)
        self.rise = check("rise", rise, at_least=0)
        if rise >= 1:
            raise ConfigError(f"schedule: rise must be below 1 (got {rise})", "rise=0.3")
        self.lowest = lr / check("start", start, above=0)
        self.last = self.lowest / check("end", end, above=0)
        self.lr = self.next_lr(1.0)

    def next_lr(self, test_error: float) -> float:
        return tidy(self._at(min(self.epoch, self.epochs), self.rise * self.epochs, self.epochs))

    def step_lr(self, step: int, steps_per_epoch: int) -> float:
        if self.epoch >= self.epochs:
            return self.lr
        steps = self.epochs * steps_per_epoch
        return self._at(self.epoch * steps_per_epoch + step, self.rise * steps - 1, steps - 1)

    def _at(self, at: float, top: float, end: float) -> float:
        """At a point of the cycle; ``top`` and ``end`` are on the same scale."""
        if at <= top and top > 0:
            return between(self.lowest, self.first_lr, at / top)
        top = max(top, 0)
        return between(self.first_lr, self.last, (at - top) / (end - top) if end > top else 1.0)


def between(a: float, b: float, t: float) -> float:
    """From ``a`` at t = 0 to ``b`` at t = 1, along half a cosine."""
    return b + (a - b) * (1 + math.cos(math.pi * t)) / 2
