"""The kind of a dataclass, from its fields' type hints or from narrower kinds."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from tinyalex.typed.kinds import (
    MOST_WHOLE,
    Kind,
    anything,
    fields,
    flag,
    map_of,
    maybe,
    number,
    text,
    whole,
)

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
    for field in fields_of(cls):
        kind = narrower.get(field.name) or bounded(hints[field.name])
        bare = field.default is MISSING and field.default_factory is MISSING
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
