"""The state in a checkpoint: checked before a run resumes from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinyalex.errors import CheckpointError
from tinyalex.recipes.checks import LR, MOST_EPOCHS
from tinyalex.runs.fields import EPOCH, SECONDS
from tinyalex.typed import Kind, Mismatch, fields, flag, list_of, map_of, number, parse_json, whole

_HINT = "an older copy of the run, or a new one"
_ANY = number(finite=False)
_SUMS = fields({"images": whole(), "loss": _ANY, "wrong": fields({"1": number(0)})})
_SEEN = whole(0, MOST_EPOCHS)


def _window(value: Any, field: str) -> None:
    """The sums since the last line; a list where a batch has several shards."""
    (list_of(_SUMS) if isinstance(value, list) else _SUMS)(value, field)


def _last_epoch(value: Any, field: str) -> None:
    """The record of the last epoch; empty in the first epoch."""
    if value != {}:
        EPOCH(value, field)


_FIELDS: dict[str, Kind] = {
    "epoch": _SEEN,
    "step": whole(),
    "schedule": fields(
        {"lr": LR, "epoch": _SEEN},
        {"best": number(0, finite=False), "waited": _SEEN, "dropped": _SEEN},
    ),
    "dropout": map_of(whole()),
    "window": _window,
    "so_far": _SUMS,
    "stall": fields(
        {"steps": whole(), "loss": _ANY, "warned": flag},
        {"right": _ANY, "farthest": _ANY, "waited": flag},
    ),
    "last_epoch": _last_epoch,
    "images_trained": whole(),
}
# Fields that older states lack, or newer ones.
_LATER: dict[str, Kind] = {
    "steps_per_epoch": whole(1),
    "told_of_chance": flag,
    "last_rates": list_of(LR, 2),
    "metrics_lines": whole(),
    "metrics_bytes": whole(),
    "train_seconds": SECONDS,
    "wall_seconds": SECONDS,
}
# What the file of a `Trainer` has besides some of these.
_OF_TRAINER: dict[str, Kind] = {
    "history": list_of(
        fields(
            {"epoch": whole(1, MOST_EPOCHS), "train_loss": number(), "train_error": number(0, 1)},
            {"test_loss": number(), "test_error": number(0, 1), "lr": LR},
        ),
        most=MOST_EPOCHS,
    ),
}
_POSITION = ("epoch", "step", "schedule", "dropout", "window", "so_far", "images_trained")
_METRICS = fields({"metrics_lines": whole()})
_KNOWN = fields({}, {**_FIELDS, **_LATER, **_OF_TRAINER})
_TRAINERS = fields({name: _FIELDS[name] for name in _POSITION} | _OF_TRAINER, _LATER)
_COMPLETE = fields(_FIELDS, _LATER)


def parse_state(content: str, where: str) -> dict[str, Any]:
    """Read the state in a checkpoint's header; imported weights have no position."""
    state: dict[str, Any] = parse_json(
        content, _KNOWN, f"{where}: its state", CheckpointError, hint=_HINT, finite=False
    )
    return state


def check_complete(state: Mapping[str, Any], where: str) -> None:
    """Raise CheckpointError if training cannot resume: fields are missing or contradictory."""

    def agree(value: Any, field: str) -> None:
        _COMPLETE(value, field)
        if "metrics_bytes" not in value:
            _METRICS(value, field)
        _no_more("step", value["step"], value.get("steps_per_epoch"))
        for name in ("schedule", "last_epoch"):
            if value[name] and value[name]["epoch"] != value["epoch"]:
                wanted = f"{value['epoch']}, as the state's own epoch"
                raise Mismatch(f"{name}.epoch", wanted, value[name]["epoch"])

    _check(agree, state, where)


def check_trainer(state: Mapping[str, Any], of_schedule: tuple[str, ...], where: str) -> None:
    """Raise CheckpointError if a `Trainer` with this schedule cannot continue from a state."""

    def fit(value: Any, field: str) -> None:
        _TRAINERS(value, field)
        fields({name: _ANY for name in of_schedule})(value["schedule"], "schedule")

    _check(fit, state, where)


def check_fits(
    state: Mapping[str, Any], steps_per_epoch: int, of_schedule: tuple[str, ...], where: str
) -> None:
    """Raise CheckpointError if a complete state belongs to other data or to another schedule."""

    def fit(value: Any, field: str) -> None:
        recorded = value.get("steps_per_epoch", steps_per_epoch)
        if recorded != steps_per_epoch:
            raise Mismatch("steps_per_epoch", f"{steps_per_epoch}, as the data have", recorded)
        _no_more("step", value["step"], steps_per_epoch)
        fields({name: _ANY for name in of_schedule})(value["schedule"], "schedule")

    _check(fit, state, where)


def _no_more(field: str, value: int, most: int | None) -> None:
    if most is not None and value > most:
        raise Mismatch(field, f"at most {most}, the steps of an epoch", value)


def _check(kind: Kind, state: Mapping[str, Any], where: str) -> None:
    try:
        kind(state, "")
    except Mismatch as error:
        raise CheckpointError(f"{where}: its state: {error}", _HINT) from None
