"""Learning-rate schedules by epochs, the warm-up, and the schedule of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tinyalex.errors import ConfigError
from tinyalex.runs.config import ResolvedConfig
from tinyalex.training.cosine import Cosine, OneCycle
from tinyalex.training.schedule import Schedule, check, tidy

__all__ = [
    "Cosine",
    "Exponential",
    "OneCycle",
    "Plateau",
    "Polynomial",
    "Schedule",
    "Steps",
    "WarmUp",
    "make",
    "of_run",
    "scaled",
    "warm_up",
]


class Steps(Schedule):
    """Multiply the learning rate by ``factor`` after each of the given numbers of epochs.

    As in Caffe's ``multistep`` and cuda-convnet's runs; PyTorch's ``MultiStepLR``.

    Examples
    --------
    >>> from tinyalex.training import Steps
    >>> Steps(0.1, epochs=[2, 3]).curve(epochs=4)
    [0.1, 0.1, 0.01, 0.001]
    """

    def __init__(self, lr: float, epochs: Sequence[int], factor: float = 0.1) -> None:
        super().__init__(lr)
        if isinstance(epochs, str) or not isinstance(epochs, Iterable):
            raise ConfigError(f"schedule: epochs must be a list (got {epochs!r})", "epochs=[3]")
        self.epochs = sorted(check("epochs", epoch, above=0) for epoch in epochs)
        self.factor = check("factor", factor, above=0)

    def next_lr(self, test_error: float) -> float:
        passed = sum(self.epoch >= e for e in self.epochs)
        return tidy(self.first_lr * self.factor**passed)


class Exponential(Schedule):
    """Multiply the learning rate by ``factor`` after every epoch; PyTorch's ``ExponentialLR``.

    Examples
    --------
    >>> from tinyalex.training import Exponential
    >>> Exponential(0.8, factor=0.5).curve(epochs=3)
    [0.8, 0.4, 0.2]
    """

    def __init__(self, lr: float, factor: float) -> None:
        super().__init__(lr)
        self.factor = check("factor", factor, above=0)

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

    Notes
    -----
    A `Trainer` without validation data gives it the training error. PyTorch's
    ``ReduceLROnPlateau(patience=patience - 1, threshold=0)`` does the same, without the limit.

    Examples
    --------
    >>> from tinyalex.training import Plateau
    >>> schedule = Plateau(0.01, patience=1)
    >>> for error in (0.5, 0.5, 0.4):
    ...     schedule.epoch_end(error)
    ...     print(schedule.lr)
    0.01
    0.001
    0.001
    """

    def __init__(self, lr: float, factor: float = 0.1, patience: int = 3, drops: int = 3) -> None:
        super().__init__(lr)
        self.factor = check("factor", factor, above=0)
        self.patience, self.drops = check("patience", patience, at_least=1), drops
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
    """Multiply the learning rate by the share of epochs that are left, to a power.

    As You, Gitman and Ginsburg 2017 (LARS, arXiv 1708.03888) have it; PyTorch's ``PolynomialLR``.

    Examples
    --------
    >>> from tinyalex.training import Polynomial
    >>> Polynomial(0.8, epochs=4, power=2).curve(epochs=4)
    [0.8, 0.45, 0.2, 0.05]
    """

    def __init__(self, lr: float, epochs: int, power: float = 1.0) -> None:
        super().__init__(lr)
        self.epochs = check("epochs", epochs, at_least=1)
        self.power = check("power", power, at_least=0)

    def next_lr(self, test_error: float) -> float:
        left = max(1, self.epochs - self.epoch)  # not 0 after the last: a run may be prolonged
        return tidy(self.first_lr * (left / self.epochs) ** self.power)


class WarmUp(Schedule):
    """Another schedule, whose learning rate is reduced at the beginning.

    Parameters
    ----------
    epochs : float
        Epochs in which the factor on the learning rate rises by equal amounts, step by step, to 1.
    schedule : Schedule
        It begins at the same time, and not after the warm-up.
    start : float
        The factor before the first step.

    Notes
    -----
    Goyal et al. 2017 (arXiv 1706.02677), section 2.2.

    Examples
    --------
    >>> from tinyalex.training import Steps, WarmUp
    >>> schedule = WarmUp(1, Steps(0.8, epochs=[2]))
    >>> [round(lr, 3) for lr in schedule.curve(epochs=3, steps_per_epoch=2)]
    [0.4, 0.8, 0.8, 0.8, 0.08, 0.08]
    """

    def __init__(self, epochs: float, schedule: Schedule, start: float = 0.0) -> None:
        self.epochs = check("epochs", epochs, at_least=0)
        self.start = check("start", start, at_least=0)
        if not isinstance(schedule, Schedule):
            raise ConfigError(
                f"WarmUp: what comes after it must be a Schedule (got {schedule!r})",
                "WarmUp(1, Cosine(0.1, epochs=20))",
            )
        self.schedule, self.first_lr = schedule, schedule.first_lr
        self._follow()

    def _follow(self) -> None:
        self.lr, self.epoch = self.schedule.lr, self.schedule.epoch

    def epoch_end(self, test_error: float) -> None:
        self.schedule.epoch_end(test_error)
        self._follow()

    def rates(self, step: int, steps_per_epoch: int) -> tuple[float, float]:
        lr, first_lr = self.schedule.rates(step, steps_per_epoch)
        steps = round(self.epochs * steps_per_epoch)
        factor = warm_up(self.epoch * steps_per_epoch + step, steps, self.start)
        return lr * factor, first_lr * factor

    def state_dict(self) -> dict[str, Any]:
        return self.schedule.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.schedule.load_state_dict(state)
        self._follow()

    def keeps(self) -> tuple[str, ...]:
        return self.schedule.keeps()


_KINDS: dict[Any, Callable[..., Schedule]] = {
    "constant": Schedule,
    "steps": Steps,
    "plateau": Plateau,
    "exponential": Exponential,
    "polynomial": Polynomial,
    "cosine": Cosine,
    "one-cycle": OneCycle,
}


def of_run(config: ResolvedConfig) -> Schedule:
    """The schedule of a run: its recipe's, with the run's warm-up.

    Where a larger batch has scaled the learning rate, the warm-up begins at the unscaled one.
    """
    recipe, lr = config.recipe, config.scaled_lr
    schedule = make(recipe.schedule, lr, config.epochs, recipe.epochs)
    start = config.lr / lr if config.lr < lr else 0.0
    return WarmUp(config.warmup, schedule, start) if config.warmup else schedule


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
    if kind in ("polynomial", "cosine", "one-cycle"):
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
