"""A student's functions as properties call them: on copies, watched, and told as what it is."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable
from types import ModuleType, TracebackType
from typing import Any

import numpy as np

from tinyalex.learn.grader import showing
from tinyalex.learn.grader.guard import Guard
from tinyalex.learn.grader.reading import Signature, show_line
from tinyalex.learn.grader.verdict import Outcome, Told

RECORDED = 6  # calls of a property that are made again afterwards
RECORDED_SIZE = 10_000  # elements of their arguments at most
NUMBERS = (bool, int, float, complex)
Call = tuple[str, tuple[Any, ...], dict[str, Any], Any]


class StudentAnswer:
    """See `spec.Answer`: ``answer.im2col(**arguments)``."""

    def __init__(
        self, module: ModuleType, signatures: dict[str, Signature], guard: Guard, lines: list[str]
    ) -> None:
        self._module, self._guard, self._lines = module, guard, lines
        self._signatures = signatures
        self._recorded: list[Call] = []
        self._callers = {name: self._caller(name) for name in signatures}

    def __getattr__(self, function: str) -> Callable[..., Any]:
        try:
            return self._callers[function]
        except KeyError:
            raise AttributeError(f"the exercise has no function {function!r}") from None

    def forget(self) -> None:
        """Begin a property: no calls are recorded."""
        self._recorded.clear()

    def repeat(self) -> None:
        """Make the recorded calls again, in the other order; each must give the same.

        Raises
        ------
        Told
            One gives something else: the answer keeps something between calls, or draws random
            numbers of its own.
        """
        calls = list(self._recorded)
        found: list[tuple[Call, Any]] = []
        for call in [*reversed(calls), *calls]:
            function, positional, named, result = call
            again = self._callers[function](*positional, **named)
            if not _same(again, result):
                found.append((call, again))
        if not found:
            return
        (function, positional, named, result), again = min(found, key=lambda one: _size(one[0]))
        what = f"{function} gave something else when it was called again with the same arguments"
        told = Told(Outcome.STATE, what)
        told.compare = (*_titled("first call", result), *_titled("later call", again))
        told.arguments = self._named(function, positional, named)
        told.hint = (
            "does it keep something between calls (a global, a default argument that is a list, "
            "an attribute), draw random numbers of its own, or leave parts of np.empty unwritten?"
        )
        raise told

    def _named(
        self, function: str, positional: tuple[Any, ...], named: dict[str, Any]
    ) -> dict[str, Any]:
        """Arguments of a call by their names."""
        return dict(zip(self._signatures[function].arguments, positional, strict=False)) | named

    def _caller(self, name: str) -> Callable[..., Any]:
        signature, guard, recorded = self._signatures[name], self._guard, self._recorded
        function = getattr(self._module, name)

        def call(*positional: Any, **named: Any) -> Any:
            try:
                return watched(positional, named)
            except Told as told:
                told.arguments = self._named(name, positional, named)
                raise

        def watched(positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
            given = [_copy(one) for one in positional]
            given_named = {key: _copy(one) for key, one in named.items()}
            try:
                with guard:
                    result = function(*given, **given_named)
            except BaseException as error:
                guard.check()
                raise self.told(error, name) from None
            guard.check()
            for key, before, after in (
                *zip(signature.arguments, positional, given, strict=False),
                *((key, named[key], given_named[key]) for key in named),
            ):
                if not _same(before, after):
                    told = Told(Outcome.CHANGES, f"{name} changes its argument {key}")
                    told.compare = (*_titled("before", before), *_titled("after", after))
                    told.hint = f"work on a copy: {key} = {key}.copy(); or write into a new array"
                    raise told
            result = _plain(result, name, signature.returns)
            if len(recorded) < RECORDED and _size((positional, named)) <= RECORDED_SIZE:
                kept = tuple(map(_copy, positional)), {k: _copy(x) for k, x in named.items()}
                recorded.append((name, *kept, _copy(result)))
            return result

        return call

    def told(self, error: BaseException, doing: str) -> Told:
        """Say what an error in the student's code is, and in which of their lines it is."""
        code = self.line_of(error.__traceback__)
        if isinstance(error, Told):
            return error
        if isinstance(error, NotImplementedError):
            return Told(Outcome.NOT_WRITTEN, str(error) or f"{doing} is not written yet")
        if isinstance(error, MemoryError):
            return Told(Outcome.MEMORY, f"{doing} needs more memory than the limit", code)
        if isinstance(error, SystemExit | KeyboardInterrupt):
            return Told(Outcome.ENDED, f"{doing} ends the program ({_name(error)})", code)
        text = _name(error)
        if isinstance(error, EOFError):
            text += "; nobody sits at the keyboard here: no input(), please"
        return Told(Outcome.EXCEPTION, f"{doing} raises {text}", code)

    def line_of(self, traceback: TracebackType | None) -> tuple[str, ...]:
        """Last line of the student's own file that a traceback goes through."""
        found = 0
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._module.__file__:
                found = traceback.tb_lineno
            traceback = traceback.tb_next
        return show_line(self._lines, found)

    def line_now(self, thread: int) -> tuple[str, ...]:
        """Line of the student's file that a thread is in."""
        frame = sys._current_frames().get(thread)
        while frame is not None:
            if frame.f_code.co_filename == self._module.__file__:
                return show_line(self._lines, frame.f_lineno)
            frame = frame.f_back
        return ()


def check_signature(module: ModuleType, wanted: Signature) -> None:
    """Raise `Told` unless the function can be called as the stub says."""
    function = getattr(module, wanted.name, None)
    if function is None:
        what = f"it defines no {wanted.name}; the stub has def {wanted.text}"
        raise Told(Outcome.MISSING, what)
    if not callable(function):
        what = f"{wanted.name} is {type(function).__name__}, not a function"
        raise Told(Outcome.MISSING, what)
    try:
        have = inspect.signature(function)
    except (TypeError, ValueError):
        return  # a compiled function that does not say
    names = [
        one.name
        for one in have.parameters.values()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    ]
    star = any(one.kind is one.VAR_POSITIONAL for one in have.parameters.values())
    try:
        have.bind(**dict.fromkeys(wanted.arguments))
        have.bind(**dict.fromkeys(wanted.needed))
        fits = star or tuple(names[: len(wanted.arguments)]) == wanted.arguments
    except TypeError:
        fits = False
    if not fits:
        bare = have.replace(
            parameters=[one.replace(annotation=one.empty) for one in have.parameters.values()],
            return_annotation=have.empty,
        )
        what = f"the stub has def {wanted.text}, the file has def {wanted.name}{bare}"
        raise Told(Outcome.SIGNATURE, what)


def _name(error: BaseException) -> str:
    """``IndexError: list index out of range``, in one line of bearable length."""
    try:
        text = " ".join(str(error).split())[:300]
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _plain(result: Any, function: str, returns: str) -> Any:
    """The result in plain types, which no student's class can disguise."""
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
        return tuple(_plain(one, f"{function} [{i}]", part) for i, (one, part) in enumerate(values))
    is_array, is_number = type(result) is np.ndarray, _is_number(result)
    wrong = (
        (_is_array_kind(kind) and not is_array)
        or (kind in ("float", "int") and not is_number and not (is_array and result.ndim == 0))
        or (is_array and result.dtype.kind == "O")
    )
    if wrong:
        have = f"an array of {result.dtype}" if is_array else _type(result)
        raise Told(Outcome.RETURN, f"{function} must return {returns}, and returns {have}")
    return _disarmed(result, function)


def _disarmed(value: Any, function: str) -> Any:
    if type(value) is np.ndarray and value.dtype.kind != "O":
        return value.copy(order="K")
    if value is None or type(value) in (*NUMBERS, str, bytes, slice) or _is_number(value):
        return value
    if type(value) in (tuple, list):
        return type(value)(_disarmed(one, function) for one in value)
    if type(value) is dict:
        return {str(key): _disarmed(one, function) for key, one in value.items()}
    raise Told(Outcome.RETURN, f"{function} returns {_type(value)}, which has no place here")


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
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}" if value is not None else "None"


def _copy(value: Any) -> Any:
    if type(value) is np.ndarray:
        return value.copy(order="K")
    return value if value is None or type(value) in (*NUMBERS, str) else copy.deepcopy(value)


def _same(a: Any, b: Any) -> bool:
    """Whether two values are alike to the bit. Random generators are meant to be drawn from."""
    if isinstance(a, np.ndarray):
        alike = isinstance(b, np.ndarray) and a.shape == b.shape and a.dtype == b.dtype
        return alike and a.tobytes() == b.tobytes()
    if isinstance(a, tuple | list):
        alike = type(a) is type(b) and len(a) == len(b)
        return alike and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        alike = isinstance(b, dict) and a.keys() == b.keys()
        return alike and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, np.random.Generator):
        return True
    if a is None or isinstance(a, (*NUMBERS, str, np.generic)):
        return type(a) is type(b) and (a == b or (a != a and b != b))
    return True


def _size(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, tuple | list):
        return sum(map(_size, value))
    return sum(map(_size, value.values())) if isinstance(value, dict) else 1


def _titled(title: str, value: Any) -> tuple[str, ...]:
    return showing.describe({title: value})
