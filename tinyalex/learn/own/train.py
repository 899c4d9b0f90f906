"""Trains a network with a student's operations, by the same loop as every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from tinyalex import backends, training
from tinyalex.backends import Backend
from tinyalex.learn.own.answers import OwnError
from tinyalex.learn.own.gradients import check_gradients
from tinyalex.learn.own.operations import OwnOperations
from tinyalex.learn.own.parts import Part, parts_of
from tinyalex.learn.own.record import read_parts, write_record
from tinyalex.models import build
from tinyalex.recipes import Recipe
from tinyalex.training import Listener, RunConfig

# Half of the recipe's: the digits' error is at most 2 % by then, in half of the time.
DIGITS_EPOCHS = 20


@dataclass(frozen=True)
class Plan:
    """What will be trained, and with whose operations.

    Attributes
    ----------
    config : RunConfig
    parts : list of Part
    backend : Backend
        The NumPy backend with the student's operations, on one thread: the student's Python code
        holds the interpreter's lock.
    """

    config: RunConfig
    operations: OwnOperations
    parts: list[Part]
    backend: Backend


def plan(operations: OwnOperations, out: Path | None = None, **settings: Any) -> Plan:
    """Find out which parts of a run's network are the student's.

    Parameters
    ----------
    operations : OwnOperations
    out : Path, optional
        The run's folder. Default: a new one, ``runs/own-MODEL-DATA-seedN``.
    **settings
        Of `RunConfig`. The default of ``epochs`` is half of the recipe's for the digits.
    """
    config = RunConfig(**settings)
    resolved = config.resolved()
    if config.epochs is None and config.data == "digits":
        config = replace(config, epochs=DIGITS_EPOCHS)
    if out is None:
        default = config.default_folder()
        out = _free(default.with_name(f"own-{default.name}"))
    config = replace(config, out=out, model=resolved.model, backend="numpy", threads=1)
    backend = operations.backend(backends.get("numpy", threads=1))
    parts = _parts(resolved.model, resolved.recipe, operations)
    return Plan(config, operations, parts, backend)


def one_thread() -> Any:
    """A context in which BLAS has one thread: a student's matrix products are small."""
    return threadpool_limits(1, user_api="blas")


def _parts(model: str, recipe: Recipe, operations: OwnOperations) -> list[Part]:
    layers = [layer for _, layer in build(model).named_layers()]
    return parts_of(layers, operations, "colour" if recipe.colour else "")


def _free(folder: Path) -> Path:
    """The folder's name with the first number that no run has."""
    names = [folder, *(folder.with_name(f"{folder.name}-{i}") for i in range(2, 10_000))]
    return next(name for name in names if not name.exists())


def check(chosen: Plan) -> None:
    """Check the gradients of the whole network; see `check_gradients`."""
    model = chosen.config.resolved().model
    with one_thread():
        check_gradients(model, chosen.operations)


def train(chosen: Plan, listener: Listener) -> dict[str, Any]:
    """Train; returns the run's summary.

    Raises
    ------
    OwnError
        A function of the student raises, or returns something unusable. The run's last good
        checkpoint is kept.
    TinyalexError
        As `tinyalex.training.train`.
    """
    out = chosen.config.resolved().out
    write_record(out, chosen.parts, chosen.operations.answers)
    return _kept(out, lambda: training.train(chosen.config, listener, backend=chosen.backend))


def resume(run: Path, operations: OwnOperations, listener: Listener) -> dict[str, Any]:
    """Continue a run of `train` with the answers as they are now; otherwise as `train`.

    Parts that are no longer the student's count no more, and new ones do not count yet.
    """
    config = training.read_config(run)
    before = {part.operation for part in read_parts(run) if part.is_own}
    parts = [
        part if part.operation in before else replace(part, exercises=())
        for part in _parts(config.model, config.recipe, operations)
    ]
    write_record(run, parts, operations.answers)
    backend = operations.backend(backends.get("numpy", threads=1))
    return _kept(run, lambda: training.resume(run, listener, own_backend=backend))


def _kept(out: Path, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        with one_thread():
            return work()
    except OwnError as error:
        raise OwnError(
            f"{error.message}\nThe last good checkpoint is kept in {out}", error.hint
        ) from None
