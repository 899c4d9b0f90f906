"""Arguments and results of a student's functions: plain types, copies, comparison by value."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tinyalex.learn.grader.inside.wire import Other, described
from tinyalex.learn.grader.verdict import AnswerError, Outcome

NUMBERS = (bool, int, float, complex)


def plain(result: Any, function: str, returns: str) -> Any:
    """Check that a result has the type that the stub declares; return it.

    Parameters
    ----------
    result : the return value, as `inside.wire` has brought it
    function : str
        Name of the function.
    returns : str
        The stub's return annotation as text, or "".

    Raises
    ------
    AnswerError
        The result does not fit the annotation.
    """
    kind = returns.replace(" ", "")
    if kind and kind != "None" and result is None:
        error = AnswerError(Outcome.RETURN, f"{function} returns None, not {returns}")
        error.hint = "Does the function end with a return statement?"
        raise error
    items = _items(kind)
    if items:
        if type(result) is list and len(result) == len(items):
            error = AnswerError(Outcome.RETURN, f"{function} returns a list; the stub says a tuple")
            error.hint = "Separate the values by commas, without brackets: return a, b"
            raise error
        if type(result) is not tuple or len(result) != len(items):
            have = f"{len(result)} values" if type(result) is tuple else described(result)
            what = f"{function} must return {len(items)} values, but returns {have}"
            raise AnswerError(Outcome.RETURN, what)
        for i, (value, item) in enumerate(zip(result, items, strict=True)):
            plain(value, f"{function} [{i}]", item)
        return result
    is_array, is_number = isinstance(result, np.ndarray), _is_number(result)
    narrow = isinstance(result, np.floating) and result.itemsize < 8
    wrong = (
        (_is_array_kind(kind) and not is_array)
        or (kind in ("float", "int") and not is_number and not (is_array and result.ndim == 0))
        or (kind == "float" and narrow)
    )
    if wrong:
        what = f"{function} must return {returns}, but returns {described(result)}"
        raise AnswerError(Outcome.RETURN, what)
    if other := _other(result):
        raise AnswerError(Outcome.RETURN, f"{function} returns {other}, not numbers")
    return result


def _other(value: Any) -> str:
    """The first part of a value that is no number, array or text; empty if there is none."""
    if isinstance(value, Other):
        return value.text
    if isinstance(value, dict):
        value = list(value.values())
    return next(filter(None, map(_other, value)), "") if isinstance(value, tuple | list) else ""


def _is_number(value: Any) -> bool:
    return type(value) in NUMBERS or (
        isinstance(value, np.generic) and type(value).__module__ == "numpy"
    )


def _is_array_kind(kind: str) -> bool:
    return kind.endswith("ndarray") or "NDArray" in kind or kind == "Array"


def _items(kind: str) -> list[str]:
    """The annotations inside ``tuple[...]`` if its length is fixed."""
    if not kind.startswith("tuple[") or "..." in kind:
        return []
    items, depth = [""], 0
    for letter in kind[len("tuple[") : -1]:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            items.append("")
        else:
            items[-1] += letter
    return items


def copied(value: Any) -> Any:
    """A copy that shares no memory with the value."""
    if type(value) is np.ndarray:
        return value.copy(order="K")
    return value if value is None or type(value) in (*NUMBERS, str) else copy.deepcopy(value)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal, number by number; NaN equals NaN."""
    if isinstance(a, np.ndarray):
        equal = isinstance(b, np.ndarray) and a.shape == b.shape and a.dtype == b.dtype
        return equal and np.array_equal(a, b, equal_nan=a.dtype.kind in "fcmM")
    if isinstance(a, tuple | list):
        equal = type(a) is type(b) and len(a) == len(b)
        return equal and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        equal = isinstance(b, dict) and a.keys() == b.keys()
        return equal and all(same(a[key], b[key]) for key in a)
    if a is None or isinstance(a, (*NUMBERS, str, np.generic)):
        return type(a) is type(b) and (a == b or (a != a and b != b))
    return True


def size(value: Any) -> int:
    """Number of numbers in a value."""
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, tuple | list):
        return sum(map(size, value))
    return sum(map(size, value.values())) if isinstance(value, dict) else 1
