"""A student's functions as the grader calls them; each mistake becomes an `AnswerError`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tinyalex.learn.grader.reading import Signature, lines_of, show_line
from tinyalex.learn.grader.showing import describe
from tinyalex.learn.grader.spec import Exercise
from tinyalex.learn.grader.student_process import Clock, Limits, StudentProcess
from tinyalex.learn.grader.values import copied, plain, same, size
from tinyalex.learn.grader.verdict import AnswerError, Outcome, Stopped

MAX_RECORDED = 6  # calls of a property that are repeated afterwards
MAX_RECORDED_SIZE = 10_000  # numbers in the arguments of such a call
DEPENDS = "does not do the same after other calls as in a first call"
NEW_EACH_TIME = (
    "Does it keep something between calls (a global variable, a default argument that is a list, "
    "an attribute)? Make a new one in each call, or keep it for exactly the same arguments only."
)
Call = tuple[str, tuple[Any, ...], dict[str, Any], Any]


class StudentAnswer:
    """See `spec.Answer`: ``answer.im2col(**arguments)``.

    When the student's process is over, a call raises `verdict.Stopped`.

    Parameters
    ----------
    exercise : Exercise
    source : str
        The text of the student's file.
    name : str
        Its file name.
    signatures : dict of Signature
        The functions as the stub declares them.
    limits : Limits
    options
        See `StudentProcess`: ``seed`` and ``user``.
    """

    def __init__(
        self,
        exercise: Exercise,
        source: str,
        name: str,
        signatures: dict[str, Signature],
        limits: Limits,
        **options: Any,
    ) -> None:
        self._exercise, self._source, self._name = exercise, source, name
        self._signatures = {function: signatures[function] for function in exercise.functions}
        self._lines = lines_of(source.encode())
        self._limits, self._options = limits, options
        self._clock = Clock(limits.seconds)
        self._recorded: list[Call] = []
        self._process: StudentProcess | None = None
        self._prints = (0, "")
        self.function = ""  # of the last call
        self.last: dict[str, Any] | None = None  # its arguments, by name
        self.result: Any = None  # of the last call that ended well
        self.in_force: list[str] = []
        self._callers = {function: self._caller(function) for function in self._signatures}

    def __getattr__(self, function: str) -> Callable[..., Any]:
        try:
            return self._callers[function]
        except KeyError:
            raise AttributeError(f"the exercise has no function {function!r}") from None

    def begin(self, fresh: bool, bounds: bool = True) -> None:
        """Prepare for a property: forget the calls; load the file in a new process if ``fresh``."""
        self._recorded.clear()
        self.last = None
        if self._process is not None and not fresh:
            return
        self.end()
        declared = {name: asdict(wanted) for name, wanted in self._signatures.items()}
        try:
            self._process = StudentProcess(
                self._source,
                self._name,
                declared,
                allowed=self._exercise.allowed,
                clock=self._clock,
                limits=self._limits,
                bounds=bounds,
                **self._options,
            )
        except AnswerError as error:
            self._show(error)
            raise Stopped(error) from None
        self.in_force = self._process.in_force

    def end(self) -> None:
        """End the process of the student's code."""
        if self._process is not None:
            self._prints = max(self._prints, self._process.prints)
            self._process.end()
            self._process = None

    def notes(self) -> list[str]:
        """One note if the file has printed something, else none."""
        lines, text = max(self._prints, self._process.prints if self._process else (0, ""))
        if not text.strip():
            return []
        first = text.strip().splitlines()[0][:100]
        count = f"{max(1, lines):,} line{'' if lines <= 1 else 's'}"
        return [f"the file prints {count}, which does not change the score; first: {first}"]

    def launch(self, kernel: str, grid: tuple[int, int], arguments: list[Any], writes: int) -> Any:
        """Launch a CUDA kernel of the file, alone; the argument into which it writes."""
        names = self._signatures[kernel].arguments
        self.function, self.last = kernel, dict(zip(names, arguments, strict=True))
        return self._ask(
            kernel, do="launch", function=kernel, grid=grid, arguments=arguments, writes=writes
        )

    def compiled(self) -> list[str]:
        """Names of the file's functions that Numba has compiled in nopython mode."""
        names = self._ask("Numba", do="compiled")
        return [str(name) for name in names] if isinstance(names, list) else []

    def cpu_seconds(self) -> float:
        """Processor time that the student's code has used, as the system counts it."""
        assert self._process is not None
        return self._process.cpu_seconds()

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

    def last_call(self) -> tuple[str, dict[str, Any] | None, Any]:
        """Its function, its arguments by name, and its result."""
        return self.function, self.last, self.result

    def alone(
        self,
        function: str,
        arguments: dict[str, Any] | None,
        result: Any,
        failed: AnswerError | None = None,
    ) -> AnswerError | None:
        """Call again in a new process, as the first call; what is wrong if that differs.

        ``failed`` is the error that the call raised; None: it gave ``result``.
        """
        if function not in self._callers or arguments is None:
            return None
        error = AnswerError(Outcome.STATE, f"{function} {DEPENDS}")
        error.arguments, error.hint = arguments, NEW_EACH_TIME
        if failed is not None:
            error.what, error.code = f"{error.what}: {failed.what}", failed.code
        try:
            self.begin(fresh=True)
            first = self._callers[function](**arguments)
        except (AnswerError, Stopped):
            return None
        if failed is None:
            if same(first, result):
                return None
            error.compare = describe({"first call": first, "later call": result})
        return error

    def _caller(self, name: str) -> Callable[..., Any]:
        signature, recorded = self._signatures[name], self._recorded

        def call(*positional: Any, **named: Any) -> Any:
            self.function, self.last = name, self._named(name, positional, named)
            try:
                result = self._ask(
                    name, do="call", function=name, positional=positional, named=named
                )
                self.result = result = plain(result, name, signature.returns)
            except AnswerError as error:
                error.arguments = self.last
                if error.outcome is Outcome.CHANGES:
                    self._changed(error, name)
                if error.outcome is Outcome.STATE:
                    error.hint = "Make a new array in each call: np.zeros inside the function."
                raise
            if len(recorded) < MAX_RECORDED and size((positional, named)) <= MAX_RECORDED_SIZE:
                kept = tuple(map(copied, positional)), {k: copied(x) for k, x in named.items()}
                recorded.append((name, *kept, copied(result)))
            return result

        return call

    def _changed(self, error: AnswerError, name: str) -> None:
        """Complete the message about an argument that the function has changed."""
        names = self._signatures[name].arguments
        key = names[error.key] if isinstance(error.key, int) else str(error.key)
        error.what = f"{name} changes its argument {key}"
        error.compare = describe({"before": (error.arguments or {}).get(key), "after": error.after})
        error.hint = f"Copy it first: {key} = {key}.copy(); or write a new array."

    def _ask(self, doing: str, **request: Any) -> Any:
        assert self._process is not None, "begin() first"
        try:
            return self._process.ask(doing, **request)
        except AnswerError as error:
            self._show(error)
            if self._process.over:
                error.arguments = self.last
                raise Stopped(error) from None
            raise

    def _show(self, error: AnswerError) -> None:
        error.code = error.code or show_line(self._lines, error.line)

    def _named(
        self, function: str, positional: tuple[Any, ...], named: dict[str, Any]
    ) -> dict[str, Any]:
        """Arguments of a call by name."""
        return dict(zip(self._signatures[function].arguments, positional, strict=False)) | named
