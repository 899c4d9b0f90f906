"""Every field of a JSON document, changed in every way that a damaged or foreign file may have."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

DEEP = "[" * 10_000 + "]" * 10_000
_MARK = "<deep>"
REMOVED = object()
VALUES: list[Any] = [
    REMOVED,
    None,
    True,
    -1,
    0,
    -0.5,
    10**6 + 1,
    10**18,
    10**400,
    float("nan"),
    float("inf"),
    "",
    "<b>text</b>",
    [],
    [1, "a", None],
    {},
    {"kind": {"kind": 1}},
    _MARK,
]


def edits(document: Any) -> Iterator[tuple[str, str]]:
    """Yield (what was changed, the document's JSON) for every field and list length."""
    for path in _paths(document):
        for value in VALUES:
            yield f"{path} = {str(value)[:30]}", edited(document, path, value)


def sample(document: Any, count: int) -> list[tuple[str, str]]:
    """Some of the `edits`, always the same ones."""
    every = list(edits(document))
    return random.Random(0).sample(every, min(count, len(every)))


def edited(document: Any, path: tuple[Any, ...], value: Any) -> str:
    """The document's JSON with one field changed, or removed."""
    if not path:
        return _json(None if value is REMOVED else value)
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    if value is REMOVED:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return _json(changed)


def _json(document: Any) -> str:
    return json.dumps(document).replace(json.dumps(_MARK), DEEP)


def _paths(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(document, dict):
        for key in document:
            yield from _paths(document[key], (*at, key))
    elif isinstance(document, list):
        for i in range(min(len(document), 2)):  # the others are like these
            yield from _paths(document[i], (*at, i))
