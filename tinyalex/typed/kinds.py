"""Kinds: functions that check a value from JSON. A kind is called with the value and its field.

>>> from tinyalex.typed import fields, whole
>>> fields({"epochs": whole(1, 10)})({"epochs": 11}, "")
Traceback (most recent call last):
tinyalex.typed.kinds.Mismatch: epochs must be a whole number from 1 to 10 (got 11)
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

Kind = Callable[[Any, str], None]  # raises Mismatch

MOST_WHOLE = (1 << 63) - 1
MOST_TEXT = 1 << 20  # characters
MOST_ITEMS = 1 << 24  # of a list or an object


class Mismatch(ValueError):
    """A value has the wrong kind: the field, what was wanted, what was got."""

    def __init__(self, field: str, wanted: str, got: Any) -> None:
        super().__init__(f"{field or 'the value'} must be {wanted} (got {show(got)})")


MISSING = type("Missing", (), {})()


def show(value: Any) -> str:
    """Describe a value, short and printable.

    >>> show([1, 2]), show("a" * 100), show(None)
    ('a list of 2', "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...", 'null')
    """
    if value is MISSING:
        return "nothing"
    if isinstance(value, Mapping):
        return f"an object of {len(value)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) > MOST_WHOLE:
        return "a number of more than 63 bits"
    words = ascii(value[:100]) if isinstance(value, str) else repr(value)
    return words if len(words) <= 48 else f"{words[:45]}..."


def whole(least: int = 0, most: int = MOST_WHOLE) -> Kind:
    """A whole number from ``least`` to ``most``, inclusive."""
    wanted = "a whole number " + (
        f"of at least {least:,}" if most == MOST_WHOLE else f"from {least:,} to {most:,}"
    )

    def check(value: Any, field: str) -> None:
        good = isinstance(value, int) and not isinstance(value, bool)
        if not (good and least <= value <= most):
            raise Mismatch(field, wanted, value)

    return check


def number(
    least: float = -math.inf,
    most: float = math.inf,
    above: float = -math.inf,
    finite: bool = True,
) -> Kind:
    """A number from ``least`` to ``most`` (inclusive) and above ``above``; NaN only if allowed."""
    limits = [f"above {above:g}"] * (above > -math.inf)
    limits += [f"at least {least:g}"] * (least > -math.inf)
    limits += [f"at most {most:g}"] * (most < math.inf)
    wanted = " ".join(["a finite number" if finite else "a number", " and ".join(limits)]).rstrip()

    def check(value: Any, field: str) -> None:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        good = good and abs(value) <= MOST_WHOLE if isinstance(value, int) else good
        if good and not math.isfinite(value):
            good = not finite and (math.isnan(value) or least <= value <= most)
        elif good:
            good = least <= value <= most and value > above
        if not good:
            raise Mismatch(field, wanted, value)

    return check


def text(most: int = MOST_TEXT) -> Kind:
    """Text of at most ``most`` characters."""

    def check(value: Any, field: str) -> None:
        if not isinstance(value, str) or len(value) > most:
            raise Mismatch(field, f"text of at most {most:,} characters", value)

    return check


def flag(value: Any, field: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise Mismatch(field, "true or false", value)


def one_of(*known: str) -> Kind:
    """One of the given words."""

    def check(value: Any, field: str) -> None:
        if not isinstance(value, str) or value not in known:
            raise Mismatch(field, f"one of {', '.join(known)}", value)

    return check


def maybe(kind: Kind) -> Kind:
    """Null, or a value of a kind."""

    def check(value: Any, field: str) -> None:
        if value is not None:
            kind(value, field)

    return check


def list_of(kind: Kind, length: int | None = None, least: int = 0, most: int = MOST_ITEMS) -> Kind:
    """A list of items of one kind; its length is ``length``, or from ``least`` to ``most``."""
    wanted = f"a list of {least:,} to {most:,}" if length is None else f"a list of {length}"

    def check(value: Any, field: str) -> None:
        good = isinstance(value, list | tuple) and least <= len(value) <= most
        if not good or length not in (None, len(value)):
            raise Mismatch(field, wanted, value)
        for i, item in enumerate(value):
            kind(item, f"{field}[{i}]")

    return check


def map_of(kind: Kind) -> Kind:
    """An object with any names and values of one kind."""

    def check(value: Any, field: str) -> None:
        if not isinstance(value, Mapping) or len(value) > MOST_ITEMS:
            raise Mismatch(field, "an object", value)
        for name, item in value.items():
            kind(item, _below(field, name))

    return check


def fields(required: Mapping[str, Kind], optional: Mapping[str, Kind] | None = None) -> Kind:
    """An object with these fields; other fields are not checked."""

    def check(value: Any, field: str) -> None:
        if not isinstance(value, Mapping):
            raise Mismatch(field, "an object", value)
        for name, kind in required.items():
            if name not in value:
                raise Mismatch(_below(field, name), "there", MISSING)
            kind(value[name], _below(field, name))
        for name, kind in (optional or {}).items():
            if name in value:
                kind(value[name], _below(field, name))

    return check


def anything(value: Any, field: str) -> None:
    """Any JSON value."""


def _below(field: str, name: Any) -> str:
    """Dotted name of a field in a field; a name from a file is made short and printable."""
    plain = name if isinstance(name, str) and name.isprintable() else ascii(name)
    plain = plain if len(plain) <= 60 else f"{plain[:57]}..."
    return f"{field}.{plain}" if field else plain


_PLAIN: dict[Any, Callable[..., Kind]] = {
    str: text,
    Path: text,
    int: lambda least=-(1 << 63), most=MOST_WHOLE: whole(least, most),
    float: number,
    bool: lambda: flag,
}


def record(cls: Any, **narrower: Kind) -> Kind:
    """The kind of an object with a dataclass's fields.

    Parameters
    ----------
    cls : dataclass
        A field with a default may be missing.
    **narrower : Kind
        Kinds of fields whose type hint is not enough.
    """
    hints = get_type_hints(cls)
    required: dict[str, Kind] = {}
    optional: dict[str, Kind] = {}
    for field in dataclasses.fields(cls):
        kind = narrower.get(field.name) or bounded(hints[field.name])
        bare = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        (required if bare else optional)[field.name] = kind
    return fields(required, optional)


def bounded(hint: Any, **bounds: float) -> Kind:
    """The kind of a type hint, within bounds (``least``, ``most``, ``above``).

    Known are text, numbers, bool, None and mappings; any other hint allows any value.
    """
    if hint in _PLAIN:
        return _PLAIN[hint](**bounds)
    parts = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in parts if part is not type(None)]
        kind = bounded(rest[0], **bounds) if len(rest) == 1 else anything
        return maybe(kind) if len(rest) < len(parts) else kind
    if get_origin(hint) in (dict, Mapping):
        return map_of(bounded(parts[1]))
    return anything
