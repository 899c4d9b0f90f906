"""Which values the numbers of a recipe may have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tinyalex.errors import ConfigError, unknown
from tinyalex.typed import (
    Kind,
    Mismatch,
    anything,
    fields,
    flag,
    list_of,
    map_of,
    maybe,
    number,
    text,
    whole,
)

MOST_EPOCHS = 1_000_000
MOST_BATCH = 10_000_000
_MOST_SIDE = 16_384  # pixels

EPOCHS = whole(1, MOST_EPOCHS)
LR = number(above=0)
NAME = text(65_536)
SIDE = whole(1, _MOST_SIDE)

_SCHEDULES = {
    "constant": set(),
    "steps": {"epochs", "factor"},
    "plateau": {"factor", "patience", "drops"},
    "exponential": {"factor"},
    "polynomial": {"power"},
    "cosine": set(),
    "one-cycle": set(),
}
_CHOICES: dict[str, tuple[Any, ...]] = {
    "mean": ("image", "channel", "none"),
    "colour": (None, "eigenvalue", "std"),
    "dropout": ("inverted", "paper"),
    "crop_at": ("random", "center"),
}


def _scale(value: Any, field: str) -> None:
    """A factor on pixels, or one per channel."""
    factor = number(above=0)
    several = isinstance(value, list | tuple)
    (list_of(factor, least=1, most=3) if several else factor)(value, field)


def _row(*kinds: Kind) -> Kind:
    """A list with one item of each kind."""

    def check(value: Any, field: str) -> None:
        list_of(anything, len(kinds))(value, field)
        for i, (kind, item) in enumerate(zip(kinds, value, strict=True)):
            kind(item, f"{field}[{i}]")

    return check


def _rule(value: Any, field: str) -> None:
    """A rule of initial weights: its name, and its number if it has one."""
    list_of(anything, least=1, most=2)(value, field)
    text(100)(value[0], f"{field}[0]")
    if len(value) == 2:
        number(0 if value[0] == "normal" else -1e6, 1e6)(value[1], f"{field}[1]")


KINDS: dict[str, Kind] = {
    "name": NAME,
    "model": text(),
    "epochs": EPOCHS,
    "batch_size": whole(1, MOST_BATCH),
    "lr": LR,
    "image_size": SIDE,
    "momentum": number(0),
    "weight_decay": number(0),
    "multipliers": list_of(_row(text(), number(), number())),
    "steady": list_of(text()),
    "schedule": fields(
        {"kind": text(100)},
        {
            "factor": number(above=0, most=1e6),
            "power": number(0, 100),
            "patience": EPOCHS,
            "drops": whole(0, MOST_EPOCHS),
            "epochs": list_of(whole(0, MOST_EPOCHS), most=10_000),
        },
    ),
    "warmup": number(0, MOST_EPOCHS),
    "lars": number(0),
    "init": map_of(_rule),
    "crop": maybe(SIDE),
    "crop_at": text(),
    "mirror": flag,
    "mean": text(),
    "scale": _scale,
    "colour": maybe(text()),
    "colour_sigma": number(),
    "colour_scale": number(),
    "label_smoothing": number(),
    "dropout": text(),
    "colour_until": maybe(whole(0, MOST_EPOCHS)),
    "frozen": list_of(_row(text(), whole(0, MOST_EPOCHS))),
    "sources": map_of(text()),
}
SET = "set "  # begins the source of a number that was replaced for a run
CHANGEABLE = [name for name in KINDS if name not in ("name", "model", "sources")]


def check_changes(changes: Mapping[str, Any]) -> None:
    """Raise ConfigError if a recipe has no such numbers, or a value is of the wrong kind."""
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise unknown("number of a recipe", name, CHANGEABLE)
        try:
            KINDS[name](value, name)
        except Mismatch as error:
            raise ConfigError(f"recipe: {error}", "`tinyalex recipe NAME` shows values") from None


def check(recipe: Mapping[str, Any]) -> None:
    """Raise ConfigError if a recipe's numbers, by name, cannot work."""
    for name in ("epochs", "batch_size", "image_size"):
        _positive_int(recipe, name)
    if recipe["crop"] is not None:
        _positive_int(recipe, "crop")
    for name in ("lr", "colour_scale"):
        _number(name, recipe[name], above=0.0)
    scale = recipe["scale"]
    for factor in scale if isinstance(scale, tuple) else (scale,):
        _number("scale", factor, above=0.0)
    if isinstance(scale, tuple) and len(scale) not in (1, 3):
        raise ConfigError(f"recipe: scale must be 1 or 3 numbers (got {len(scale)})")
    not_negative = ("weight_decay", "colour_sigma", "momentum", "warmup", "lars")
    for name in (*not_negative, "label_smoothing"):
        _number(name, recipe[name], at_least=0.0)
    for name, instead in (("momentum", "0.9"), ("label_smoothing", "0.1")):
        if recipe[name] >= 1:
            raise ConfigError(f"recipe: {name} must be below 1 (got {recipe[name]})", instead)
    for name, known in _CHOICES.items():
        if recipe[name] not in known:
            listing = ", ".join(str(k) for k in known)
            raise ConfigError(f"recipe: {name} must be one of {listing} (got {recipe[name]!r})")
    _check_schedule(recipe["schedule"])


def _positive_int(recipe: Mapping[str, Any], name: str) -> None:
    value = recipe[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"recipe: {name} must be a whole number of at least 1 (got {value!r})")


def _number(name: str, value: Any, above: float = -math.inf, at_least: float = -math.inf) -> None:
    good = isinstance(value, int | float) and math.isfinite(value)
    if not (good and value > above and value >= at_least):
        limit = f"above {above:g}" if above > -math.inf else f"of at least {at_least:g}"
        raise ConfigError(f"recipe: {name} must be a number {limit} (got {value!r})")


def _check_schedule(schedule: Mapping[str, Any]) -> None:
    kind = schedule.get("kind")
    if kind not in _SCHEDULES:
        raise ConfigError(
            f"recipe: schedule kind must be one of {', '.join(_SCHEDULES)} (got {kind!r})"
        )
    if set(schedule) - {"kind"} != _SCHEDULES[kind]:
        wanted = ", ".join(sorted(_SCHEDULES[kind])) or "nothing else"
        got = ", ".join(sorted(set(schedule) - {"kind"})) or "nothing"
        raise ConfigError(f"recipe: a {kind} schedule needs {wanted} (got {got})")
