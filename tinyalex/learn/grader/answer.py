"""A student's functions, called on copies, with every mistake turned into an `AnswerError`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType, TracebackType
from typing import Any

from tinyalex.learn.grader.guard import Guard
from tinyalex.learn.grader.reading import Signature, show_line
from tinyalex.learn.grader.showing import describe
from tinyalex.learn.grader.values import copied, plain, same, size
from tinyalex.learn.grader.verdict import AnswerError, Outcome

MAX_RECORDED = 6  # calls of a property that are repeated afterwards
MAX_RECORDED_SIZE = 10_000  # numbers in the arguments of such a call
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
        """Drop the recorded calls, at the beginning of a property."""
        self._recorded.clear()

    def repeat(self) -> None:
        """Repeat the recorded calls in reverse order, then in the first order.

        Raises
        ------
        AnswerError
            A result differs: the answer keeps something between calls, or draws random numbers.
        """
        calls = list(self._recorded)
        different: list[tuple[Call, Any]] = []
        for call in [*reversed(calls), *calls]:
            function, positional, named, result = call
            again = self._callers[function](*positional, **named)
            if not same(again, result):
                different.append((call, again))
        if not different:
            return
        call, again = min(different, key=lambda pair: size(pair[0]))
        function, positional, named, result = call
        what = f"{function} returned different results for the same arguments"
        error = AnswerError(Outcome.STATE, what)
        error.compare = describe({"first call": result, "later call": again})
        error.arguments = self._named(function, positional, named)
        error.hint = (
            "Does it keep something between calls (a global variable, a default argument that is "
            "a list, an attribute)? Does it draw random numbers? Does it leave elements of "
            "np.empty unwritten?"
        )
        raise error

    def _named(
        self, function: str, positional: tuple[Any, ...], named: dict[str, Any]
    ) -> dict[str, Any]:
        """Arguments of a call by name."""
        return dict(zip(self._signatures[function].arguments, positional, strict=False)) | named

    def _caller(self, name: str) -> Callable[..., Any]:
        signature, guard, recorded = self._signatures[name], self._guard, self._recorded
        function = getattr(self._module, name)

        def call(*positional: Any, **named: Any) -> Any:
            try:
                return checked_call(positional, named)
            except AnswerError as error:
                error.arguments = self._named(name, positional, named)
                raise

        def checked_call(positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
            given = tuple(map(copied, positional))
            given_named = {key: copied(value) for key, value in named.items()}
            try:
                with guard:
                    result = function(*given, **given_named)
            except BaseException as error:
                guard.check()
                raise self.explain(error, name) from None
            guard.check()
            after = self._named(name, given, given_named)
            for key, before in self._named(name, positional, named).items():
                if not same(before, after[key]):
                    changed = AnswerError(Outcome.CHANGES, f"{name} changes its argument {key}")
                    changed.compare = describe({"before": before, "after": after[key]})
                    changed.hint = f"Copy it first: {key} = {key}.copy(); or write a new array."
                    raise changed
            result = plain(result, name, signature.returns)
            if len(recorded) < MAX_RECORDED and size((positional, named)) <= MAX_RECORDED_SIZE:
                kept = tuple(map(copied, positional)), {k: copied(x) for k, x in named.items()}
                recorded.append((name, *kept, copied(result)))
            return result

        return call

    def explain(self, error: BaseException, doing: str) -> AnswerError:
        """Name an error in the student's code, and their line that raised it."""
        code = self.line_of(error.__traceback__)
        if isinstance(error, AnswerError):
            return error
        if isinstance(error, NotImplementedError):
            return AnswerError(Outcome.NOT_WRITTEN, str(error) or f"{doing} is not written yet")
        if isinstance(error, MemoryError):
            return AnswerError(Outcome.MEMORY, f"{doing} needs more memory than the limit", code)
        if isinstance(error, SystemExit | KeyboardInterrupt):
            return AnswerError(Outcome.ENDED, f"{doing} ends the program ({_name(error)})", code)
        text = _name(error)
        if isinstance(error, EOFError):
            text += "; the grader has no keyboard: remove input()"
        return AnswerError(Outcome.EXCEPTION, f"{doing} raises {text}", code)

    def line_of(self, traceback: TracebackType | None) -> tuple[str, ...]:
        """The innermost line of the student's own file in a traceback."""
        number = 0
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._module.__file__:
                number = traceback.tb_lineno
            traceback = traceback.tb_next
        return show_line(self._lines, number)

    def line_now(self, thread: int) -> tuple[str, ...]:
        """The line of the student's file that a thread is executing."""
        frame = sys._current_frames().get(thread)
        while frame is not None:
            if frame.f_code.co_filename == self._module.__file__:
                return show_line(self._lines, frame.f_lineno)
            frame = frame.f_back
        return ()


def check_signature(module: ModuleType, wanted: Signature) -> None:
    """Raise `AnswerError` unless the function can be called as the stub says."""
    function = getattr(module, wanted.name, None)
    if function is None:
        what = f"the file does not define {wanted.name}; the stub has def {wanted.text}"
        raise AnswerError(Outcome.MISSING, what)
    if not callable(function):
        what = f"{wanted.name} is {type(function).__name__}, not a function"
        raise AnswerError(Outcome.MISSING, what)
    try:
        have = inspect.signature(function)
    except (TypeError, ValueError):
        return  # a compiled function without a signature
    parameters = list(have.parameters.values())
    names = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    star = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    try:
        have.bind(**dict.fromkeys(wanted.arguments))
        have.bind(**dict.fromkeys(wanted.needed))
        fits = star or tuple(names[: len(wanted.arguments)]) == wanted.arguments
    except TypeError:
        fits = False
    if not fits:
        bare = have.replace(
            parameters=[p.replace(annotation=p.empty) for p in parameters],
            return_annotation=have.empty,
        )
        what = f"the stub has def {wanted.text}, the file has def {wanted.name}{bare}"
        raise AnswerError(Outcome.SIGNATURE, what)


def _name(error: BaseException) -> str:
    """``IndexError: list index out of range``, in one line of limited length."""
    try:
        text = " ".join(str(error).split())[:300]
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
