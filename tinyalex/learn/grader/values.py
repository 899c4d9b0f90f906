"""What a student's functions take and return: in plain types, copied, and compared by value."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tinyalex.learn.grader import showing
from tinyalex.learn.grader.verdict import Outcome, Told

NUMBERS = (bool, int, float, complex)


def plain(result: Any, function: str, returns: str) -> Any:
    """A result in plain types, which no student's class can disguise.

    Parameters
    ----------
    result : what the function gave
    function : str
        Its name.
    returns : str
        What the stub says that it returns: an annotation as text, or "".
    """
    kind = returns.replace(" ", "")
    if kind and kind != "None" and result is None:
        told = Told(Outcome.RETURN, f"{function} returns None, not {returns}")
        told.hint = "is there a return at its end?"
        raise told
    parts = _parts(kind)
    if parts:
        if type(result) is not tuple or len(result) != len(parts):
            have = f"{len(result)} values" if type(result) is tuple else _type(result)
            what = f"{function} must return {len(parts)} values, and returns {have}"
            raise Told(Outcome.RETURN, what)
        values = zip(result, parts, strict=True)
        return tuple(plain(one, f"{function} [{i}]", part) for i, (one, part) in enumerate(values))
    is_array, is_number = type(result) is np.ndarray, _is_number(result)
    wrong = (
        (_is_array_kind(kind) and not is_array)
        or (kind in ("float", "int") and not is_number and not (is_array and result.ndim == 0))
        or (is_array and result.dtype.hasobject)
    )
    if wrong:
        have = _type(result)
        raise Told(Outcome.RETURN, f"{function} must return {returns}, and returns {have}")
    return _disarmed(result, function)


def _disarmed(value: Any, function: str) -> Any:
    if type(value) is np.ndarray and not value.dtype.hasobject:
        return value.copy(order="K") if _narrow(value.dtype) else value.astype(np.float64)
    if _is_number(value) and isinstance(value, np.generic) and not _narrow(value.dtype):
        return np.float64(value)
    if value is None or type(value) in (*NUMBERS, str, bytes, slice) or _is_number(value):
        return value
    if type(value) in (tuple, list):
        return type(value)(_disarmed(one, function) for one in value)
    if type(value) is dict:
        return {str(key): _disarmed(one, function) for key, one in value.items()}
    raise Told(Outcome.RETURN, f"{function} returns {_type(value)}, which has no place here")


def _narrow(dtype: np.dtype[Any]) -> bool:
    """Not np.longdouble: answers are float64, and its numbers have bytes that mean nothing."""
    return dtype.kind != "f" or dtype.itemsize <= 8


def _is_number(value: Any) -> bool:
    return type(value) in NUMBERS or (
        isinstance(value, np.generic) and type(value).__module__ == "numpy"
    )


def _is_array_kind(kind: str) -> bool:
    return kind.endswith("ndarray") or "NDArray" in kind or kind == "Array"


def _parts(kind: str) -> list[str]:
    """Annotations inside ``tuple[...]``, if it is one of fixed length."""
    if not kind.startswith("tuple[") or "..." in kind:
        return []
    parts, depth = [""], 0
    for letter in kind[len("tuple[") : -1]:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _type(value: Any) -> str:
    if type(value) is np.ndarray:
        return f"an array of {value.dtype}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}" if value is not None else "None"


def copied(value: Any) -> Any:
    """A copy that shares nothing with an argument or a result."""
    if type(value) is np.ndarray:
        return value.copy(order="K")
    return value if value is None or type(value) in (*NUMBERS, str) else copy.deepcopy(value)


def same(a: Any, b: Any) -> bool:
    """Whether two values are alike, number by number; a NaN is like another.

    Bytes would not do: some types have unused ones. Random generators are meant to be drawn from.
    """
    if isinstance(a, np.ndarray):
        alike = isinstance(b, np.ndarray) and a.shape == b.shape and a.dtype == b.dtype
        return alike and np.array_equal(a, b, equal_nan=a.dtype.kind in "fcmM")
    if isinstance(a, tuple | list):
        alike = type(a) is type(b) and len(a) == len(b)
        return alike and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        alike = isinstance(b, dict) and a.keys() == b.keys()
        return alike and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.random.Generator):
        return True
    if a is None or isinstance(a, (*NUMBERS, str, np.generic)):
        return type(a) is type(b) and (a == b or (a != a and b != b))
    return True


def size(value: Any) -> int:
    """How many numbers a value holds."""
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, tuple | list):
        return sum(map(size, value))
    return sum(map(size, value.values())) if isinstance(value, dict) else 1


def titled(title: str, value: Any) -> tuple[str, ...]:
    """Lines that show a value under a name."""
    return showing.describe({title: value})
