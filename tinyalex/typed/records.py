"""The kind of a dataclass: each field's from its type hint, unless a narrower one is given."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from tinyalex.typed.kinds import (
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

_PLAIN: dict[Any, Kind] = {
    str: text(),
    Path: text(),
    int: whole(-(1 << 63)),
    float: number(),
    bool: flag,
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
        kind = narrower.get(field.name) or of_hint(hints[field.name])
        bare = field.default is MISSING and field.default_factory is MISSING
        (required if bare else optional)[field.name] = kind
    return fields(required, optional)


def of_hint(hint: Any) -> Kind:
    """The kind that a type hint says: text, numbers, flags, None, mappings; else anything."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    parts = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in parts if part is not type(None)]
        kind = of_hint(rest[0]) if len(rest) == 1 else anything
        return maybe(kind) if len(rest) < len(parts) else kind
    if get_origin(hint) in (dict, Mapping):
        return map_of(of_hint(parts[1]))
    return anything
