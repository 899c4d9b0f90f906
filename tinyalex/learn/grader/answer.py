"""A student's functions as properties call them: on copies, watched, and told as what it is."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType, TracebackType
from typing import Any

from tinyalex.learn.grader.guard import Guard
from tinyalex.learn.grader.reading import Signature, show_line
from tinyalex.learn.grader.values import copied, plain, same, size, titled
from tinyalex.learn.grader.verdict import Outcome, Told

RECORDED = 6  # calls of a property that are made again afterwards
RECORDED_SIZE = 10_000  # elements of their arguments at most
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
            if not same(again, result):
                found.append((call, again))
        if not found:
            return
        (function, positional, named, result), again = min(found, key=lambda one: size(one[0]))
        what = f"{function} gave something else when it was called again with the same arguments"
        told = Told(Outcome.STATE, what)
        told.compare = (*titled("first call", result), *titled("later call", again))
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
            given = [copied(one) for one in positional]
            given_named = {key: copied(one) for key, one in named.items()}
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
                if not same(before, after):
                    told = Told(Outcome.CHANGES, f"{name} changes its argument {key}")
                    told.compare = (*titled("before", before), *titled("after", after))
                    told.hint = f"work on a copy: {key} = {key}.copy(); or write into a new array"
                    raise told
            result = plain(result, name, signature.returns)
            if len(recorded) < RECORDED and size((positional, named)) <= RECORDED_SIZE:
                kept = tuple(map(copied, positional)), {k: copied(x) for k, x in named.items()}
                recorded.append((name, *kept, copied(result)))
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
