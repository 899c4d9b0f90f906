"""Calls a student's function, and says what is wrong with it in one message."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np

from tinyalex.learn.own.answers import OwnAnswer, OwnError

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]


class OwnFunction:
    """A student's function, called as the stub says: with float64 arrays.

    Parameters
    ----------
    answer : OwnAnswer
    name : str
        Of the function.
    """

    def __init__(self, answer: OwnAnswer, name: str) -> None:
        self.answer, self.name = answer, name
        self.function = answer.function(name)

    def __call__(self, *args: Any) -> Any:
        """What it returns.

        Raises
        ------
        OwnError
            It raises an exception.
        """
        given = [_float64(arg) for arg in args]
        try:
            return self.function(*given)
        except Exception as error:
            what = f"raises {type(error).__name__}: {' '.join(str(error).split())[:300]}"
            raise self.broken(what.rstrip(": "), args, self._line_of(error)) from None

    def array(self, like: Array, shape: Sequence[int], *args: Any) -> Array:
        """Its result: an array of this shape, in the dtype of ``like``.

        Raises
        ------
        OwnError
            As `__call__`; or the result is no such array, or NaN where all arguments are finite.
        """
        return self.checked(self(*args), like, tuple(shape), args)

    def arrays(self, like: Array, shapes: Sequence[Sequence[int]], *args: Any) -> list[Array]:
        """Its results, several arrays; otherwise as `array`."""
        results = self.several(len(shapes), *args)
        return [
            self.checked(result, like, tuple(shape), args, f" as result {i + 1}")
            for i, (result, shape) in enumerate(zip(results, shapes, strict=True))
        ]

    def several(self, count: int, *args: Any) -> tuple[Any, ...]:
        """Its results, a tuple of ``count``."""
        results = self(*args)
        if not (isinstance(results, tuple) and len(results) == count):
            raise self.broken(f"must return a tuple of {count}", args)
        return results

    def checked(
        self, result: Any, like: Array, shape: Shape, args: Sequence[Any], which: str = ""
    ) -> Array:
        """The result of a call as `array` gives it."""
        if not isinstance(result, np.ndarray) or result.dtype.kind not in "fiub":
            kind = getattr(result, "dtype", type(result).__name__)
            raise self.broken(f"returns {kind}{which}, not an array of numbers", args)
        if result.shape != shape:
            raise self.broken(f"returns an array {result.shape}{which}, not {shape}", args)
        # One sum tells whether a number is not finite; only then all are looked at.
        if not np.isfinite(result.sum()) and _all_finite(args):
            bad = int(np.count_nonzero(~np.isfinite(result)))
            if bad:
                raise self.broken(
                    f"returns NaN or infinity{which}, in {bad} of {result.size} numbers, from "
                    "arguments that are all finite",
                    args,
                )
        return np.asarray(result, dtype=like.dtype, order="C")

    def broken(self, what: str, args: Sequence[Any] = (), line: int = 0) -> OwnError:
        """The error that says what the function does, where, and with which arguments."""
        code = getattr(self.function, "__code__", None)
        line = line or (code.co_firstlineno if code is not None else 0)
        place = f"\n  {self.answer.line(line)}" if line else ""
        return OwnError(
            f"{self.answer.path}: your {self.name} {what}{place}\n  called with "
            f"{self._shown(args)}",
            f"tinyalex exercise check {self.answer.path}; or --without {self.answer.exercise}, "
            "which uses the package's own",
        )

    def _shown(self, args: Sequence[Any]) -> str:
        try:
            names = list(inspect.signature(self.function).parameters)
        except (TypeError, ValueError):
            names = []
        names += [f"argument {i + 1}" for i in range(len(names), len(args))]
        shown = []
        for name, arg in zip(names, args, strict=False):
            value = f"float64 {arg.shape}" if _is_float(arg) else _short(arg)
            shown.append(f"{name} {value}")
        return ", ".join(shown)

    def _line_of(self, error: BaseException) -> int:
        """The innermost line of the student's own file in the traceback."""
        number, step = 0, error.__traceback__
        while step is not None:
            if _is_in(step, str(self.answer.path)):
                number = step.tb_lineno
            step = step.tb_next
        return number


def _is_in(step: TracebackType, file: str) -> bool:
    return step.tb_frame.f_code.co_filename == file


def _is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _float64(value: Any) -> Any:
    return value.astype(np.float64, copy=False) if _is_float(value) else value


def _all_finite(args: Sequence[Any]) -> bool:
    return all(bool(np.isfinite(arg).all()) for arg in args if _is_float(arg))


def _short(value: Any) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else repr(value)[:40]
