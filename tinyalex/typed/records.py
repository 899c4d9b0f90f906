"""The kind of a dataclass: each field's from its type hint, unless a narrower one is given."""

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
    """The kind of an object that holds a dataclass's fields.

    Parameters
    ----------
    cls : dataclass
        A field that has a default may be missing. A field that is added to the class is checked
        from then on.
    **narrower : Kind
        By field name: what its type hint does not say.
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
    """The kind that a type hint says, within bounds (``least``, ``most``, ``above``).

    Text, numbers, flags, None and mappings; what else a hint says may be anything.
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
