"""What an exercise is: the functions a student writes, and the properties they must have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tinyalex.learn.grader.showing import digits_apart

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Arguments = dict[str, Any]
COMPLEX = (
    "np.fft and np.linalg.eig return complex numbers. Of a symmetric matrix, np.linalg.eigh "
    "returns real ones; elsewhere, .real leaves out the imaginary part."
)
NARROW = (
    "The numbers are right, but some digits are lost. Is an array in it float32 or float16? "
    "Arrays without a dtype are float64."
)


class Answer(Protocol):
    """A student's file as a property sees it.

    ``answer.im2col(**arguments)`` calls the student's function, in another process. An exception, a
    changed argument or a result of another type than the stub declares ends the grading with a
    verdict that says so.
    """

    def __getattr__(self, function: str) -> Callable[..., Any]: ...


class Broken(Exception):
    """A property does not hold.

    Parameters
    ----------
    what : str
        One sentence: what differs, and where (``y[0, 1, 2, 0] is 3, not 4``).
    expected, got : optional
        Shown side by side: numbers, tuples or arrays.
    hint : str, optional
        Printed in place of the property's hints.
    """

    def __init__(self, what: str, expected: Any = None, got: Any = None, hint: str = "") -> None:
        super().__init__(what)
        self.what, self.expected, self.got, self.hint = what, expected, got, hint
        # Which elements differ; None: those that differ by more than rounding.
        self.wrong: np.ndarray[Any, Any] | None = None
        # The call that failed, by argument; None: the last one before this was raised.
        self.arguments: Arguments | None = None


class TooSlow(Broken):
    """The result is right, but computing it takes too long."""


@dataclass(frozen=True)
class Property:
    """Something that every correct answer has.

    Attributes
    ----------
    name : str
        Two or three words: ``"all ones"``. Unique within the exercise.
    says : str
        One sentence for the student: what must hold.
    given : strategy of dict
        Draws the arguments, small ones first; Hypothesis shrinks them.
    judge : callable
        ``judge(answer, arguments)`` returns if the property holds, else raises `Broken` (usually
        through `expect_shape` or `expect_equal`). All its random numbers are drawn by ``given``.
    hints : tuple of str
        From a nudge to almost the answer. The first is printed; each ``--hint`` adds the next.
    examples : int
        Number of inputs.
    large : callable, optional
        Makes one more input, of a size as in AlexNet; it is judged last.
    timed : bool
        It measures time: the answer runs in a new process, without checks of Numba's indices.
    """

    name: str
    says: str
    given: SearchStrategy[Arguments]
    judge: Callable[[Answer, Arguments], None]
    hints: tuple[str, ...]
    examples: int = 50
    large: Callable[[], Arguments] | None = None
    timed: bool = False


@dataclass(frozen=True)
class Exercise:
    """An exercise.

    Attributes
    ----------
    name : str
        ``"02_im2col"`` for the stub ``lessons/exercises/02_im2col.py``.
    title : str
        A few words for the list.
    lesson : int
        Number of the lesson before it.
    minutes : int
        Time for a student who has done that lesson.
    functions : tuple of str
        Functions that the file must define.
    properties : tuple of Property
        In teaching order: shape; simplest values; linearity; comparison with the definition on
        the smallest sizes; gradient; speed if the exercise is about speed.
    allowed : tuple of str
        Top-level modules that the answer may import, besides the standard library.
    """

    name: str
    title: str
    lesson: int
    minutes: int
    functions: tuple[str, ...]
    properties: tuple[Property, ...]
    allowed: tuple[str, ...] = ("numpy",)


def expect_shape(
    got: Any,
    shape: tuple[int, ...],
    what: str = "y",
    dtype: type[np.generic] | np.dtype[Any] = np.float64,
) -> None:
    """Raise `Broken` unless ``got`` is an array of this shape and dtype."""
    if not isinstance(got, np.ndarray):
        raise Broken(f"{what} must be a NumPy array", "numpy.ndarray", type(got).__name__)
    if got.shape != shape:
        emptied = got.size == 0 and 0 not in shape
        hint = "A slice such as x[p:-p] is empty if p is 0." if emptied else ""
        raise Broken(f"{what} has the wrong shape", shape, got.shape, hint)
    wanted = np.dtype(dtype)
    if got.dtype != wanted:
        what = f"{what} is {got.dtype}; the stub says {wanted.name}"
        if got.dtype.kind in "iu" and wanted.kind == "f":
            what += ": is it np.zeros(..., dtype=int)?"
        hint = f"Arrays without a dtype are float64; array.astype(np.{wanted.name}) converts one."
        if got.dtype.kind == "c":
            hint = COMPLEX
        raise Broken(what, wanted.name, str(got.dtype), hint)


def expect_equal(
    got: Any, expected: Any, what: str = "y", rtol: float = 1e-9, atol: float = 1e-9
) -> None:
    """Raise `Broken`, naming the first element that differs, unless the arrays are equal.

    Parameters
    ----------
    got : the result of the student's function
    expected : array or number
        Its dtype is the one that the stub states; of a number, only the value counts.
    what : str
        Name of the result in the message.
    rtol, atol : float
        Answers compute in float64; the defaults allow for rounding only.
    """
    expected = np.asarray(expected)
    if expected.shape == () and isinstance(got, int | float | np.number):
        got = np.asarray(got, expected.dtype)
    expect_shape(got, expected.shape, what, expected.dtype)
    wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.shape else ()
        place = f"{what}[{', '.join(map(str, first))}]" if first else what
        count = f"; {int(wrong.sum())} of {wrong.size} differ" if wrong.size > 1 else ""
        digits = digits_apart(got[first], expected[first])
        number = f"{place} is {got[first]:.{digits}g}, not {expected[first]:.{digits}g}{count}"
        broken = Broken(number, expected, got, NARROW if _is_narrow(got, expected) else "")
        broken.wrong = wrong
        raise broken


def _is_narrow(got: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> bool:
    """Whether the result is right but for digits that float32 or float16 does not have."""
    for narrow, error in ((np.float32, 1e-6), (np.float16, 2e-3)):
        fits, needed = (np.array_equal(x, x.astype(narrow)) for x in (got, expected))
        if fits and not needed and np.allclose(got, expected, rtol=error, atol=error):
            return bool(got.dtype == np.float64)
    return False


def expect_additive(
    function: Callable[..., Any],
    definition: Callable[..., Any],
    arguments: Arguments,
    name: str,
    what: str = "y",
) -> None:
    """Raise `Broken` unless function(a + b) is function(a) + function(b).

    a is the argument called ``name``, b is ``other``; other arguments stay the same. The message
    is about the one of the three calls whose result differs from the definition's.
    """
    rest = {key: value for key, value in arguments.items() if key not in (name, "other")}
    a, b = arguments[name], arguments["other"]
    calls = [rest | {name: value} for value in (a, b, a + b)]
    expected = [definition(**call) for call in calls]
    results = [function(**call) for call in calls]
    for got, right in zip(results, expected, strict=True):
        expect_shape(got, right.shape, what)
    of_a, of_b, of_sum = results
    if np.allclose(of_sum, of_a + of_b, rtol=1e-9, atol=1e-9):
        return
    for call, got, right in zip(calls, results, expected, strict=True):
        try:
            expect_equal(got, right, what)
        except Broken as broken:
            broken.arguments = call
            raise
