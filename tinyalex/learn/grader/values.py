"""Arguments and results of a student's functions: plain types, copies, comparison by value."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tinyalex.learn.grader.verdict import AnswerError, Outcome

NUMBERS = (bool, int, float, complex)


def plain(result: Any, function: str, returns: str) -> Any:
    """Convert a result to plain types, which no class of the student can imitate.

    Parameters
    ----------
    result : the return value
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
        if type(result) is not tuple or len(result) != len(items):
            have = f"{len(result)} values" if type(result) is tuple else _type(result)
            what = f"{function} must return {len(items)} values, but returns {have}"
            raise AnswerError(Outcome.RETURN, what)
        pairs = enumerate(zip(result, items, strict=True))
        return tuple(plain(value, f"{function} [{i}]", item) for i, (value, item) in pairs)
    is_array, is_number = type(result) is np.ndarray, _is_number(result)
    wrong = (
        (_is_array_kind(kind) and not is_array)
        or (kind in ("float", "int") and not is_number and not (is_array and result.ndim == 0))
        or (is_array and result.dtype.hasobject)
    )
    if wrong:
        what = f"{function} must return {returns}, but returns {_type(result)}"
        raise AnswerError(Outcome.RETURN, what)
    return _disarmed(result, function)


def _disarmed(value: Any, function: str) -> Any:
    if type(value) is np.ndarray and not value.dtype.hasobject:
        return value.copy(order="K") if _narrow(value.dtype) else value.astype(np.float64)
    if _is_number(value) and isinstance(value, np.generic) and not _narrow(value.dtype):
        return np.float64(value)
    if value is None or type(value) in (*NUMBERS, str, bytes, slice) or _is_number(value):
        return value
    if type(value) in (tuple, list):
        return type(value)(_disarmed(item, function) for item in value)
    if type(value) is dict:
        return {str(key): _disarmed(item, function) for key, item in value.items()}
    raise AnswerError(Outcome.RETURN, f"{function} returns {_type(value)}, not numbers")


def _narrow(dtype: np.dtype[Any]) -> bool:
    """Not np.longdouble, whose numbers have unused bytes: answers are compared as float64."""
    return dtype.kind != "f" or dtype.itemsize <= 8


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


def _type(value: Any) -> str:
    if type(value) is np.ndarray:
        return f"an array of {value.dtype}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}" if value is not None else "None"


def copied(value: Any) -> Any:
    """A copy that shares no memory with the value."""
    if type(value) is np.ndarray:
        return value.copy(order="K")
    return value if value is None or type(value) in (*NUMBERS, str) else copy.deepcopy(value)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal, number by number; NaN equals NaN.

    Bytes are not compared, because some types have unused ones. Two random generators are always
    the same: the student draws from them.
    """
    if isinstance(a, np.ndarray):
        equal = isinstance(b, np.ndarray) and a.shape == b.shape and a.dtype == b.dtype
        return equal and np.array_equal(a, b, equal_nan=a.dtype.kind in "fcmM")
    if isinstance(a, tuple | list):
        equal = type(a) is type(b) and len(a) == len(b)
        return equal and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        equal = isinstance(b, dict) and a.keys() == b.keys()
        return equal and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.random.Generator):
        return True
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
