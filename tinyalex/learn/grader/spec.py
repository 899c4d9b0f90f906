"""What an exercise is: the functions a student writes, and the properties that they must have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from hypothesis.strategies import SearchStrategy

Arguments = dict[str, Any]


class Answer(Protocol):
    """A student's file as properties see it: its functions, called with care.

    ``answer.im2col(**arguments)`` calls the student's function on copies of the arguments and
    turns what goes wrong there into `Broken` or one of the grader's other verdicts: an exception,
    a changed argument, something else than what the stub says it returns.
    """

    def __getattr__(self, function: str) -> Callable[..., Any]: ...


class Broken(Exception):
    """A property does not hold.

    Parameters
    ----------
    what : str
        One sentence: what differs, and where (``y[0, 1, 2, 0] is too large by the bias``).
    expected, got : optional
        Shown side by side: numbers, tuples or arrays.
    """

    def __init__(self, what: str, expected: Any = None, got: Any = None) -> None:
        super().__init__(what)
        self.what, self.expected, self.got = what, expected, got


@dataclass(frozen=True)
class Property:
    """Something that every right answer has.

    Attributes
    ----------
    name : str
        Two or three words: ``"all ones"``. Unique within the exercise.
    says : str
        One sentence for the student: what must hold.
    given : strategy of dict
        Draws the arguments, small ones first; Hypothesis shrinks them.
    judge : callable
        ``judge(answer, arguments)`` returns if the property holds, else raises `Broken`
        (mostly through `expect_shape` and `expect_equal`). It uses no random numbers of its own:
        what it needs is drawn by ``given``.
    hints : tuple of str
        From a nudge to almost the answer; the first is printed, ``--hint`` prints more.
    examples : int
        How many inputs are drawn.
    """

    name: str
    says: str
    given: SearchStrategy[Arguments]
    judge: Callable[[Answer, Arguments], None]
    hints: tuple[str, ...]
    examples: int = 50


@dataclass(frozen=True)
class Exercise:
    """An exercise.

    Attributes
    ----------
    name : str
        As its stub is called: ``"02_im2col"`` for ``lessons/exercises/02_im2col.py``.
    title : str
        A few words for the list.
    lesson : int
        The lesson that it belongs to.
    minutes : int
        That it takes a student who has done the lesson.
    functions : tuple of str
        What the file must define.
    properties : tuple of Property
        In teaching order: shape; simplest values; linearity; against the definition on the
        smallest sizes; gradient; speed where it is the topic.
    allowed : tuple of str
        Top-level modules that the answer may import, beside the standard library.
    environment : tuple of (name, value)
        Variables that the grader's process has before it imports anything: Numba's simulator of
        a GPU, for one, can only be chosen before Numba is loaded.
    """

    name: str
    title: str
    lesson: int
    minutes: int
    functions: tuple[str, ...]
    properties: tuple[Property, ...]
    allowed: tuple[str, ...] = ("numpy",)
    environment: tuple[tuple[str, str], ...] = ()


def expect_shape(got: Any, shape: tuple[int, ...], what: str = "y") -> None:
    """Raise `Broken` unless ``got`` is an array of numbers of this shape."""
    if not isinstance(got, np.ndarray):
        raise Broken(f"{what} must be a NumPy array", "numpy.ndarray", type(got).__name__)
    if got.shape != shape:
        raise Broken(f"{what} has the wrong shape", shape, got.shape)
    if got.dtype.kind not in "fiub":
        raise Broken(f"{what} must hold real numbers", "float64", str(got.dtype))


def expect_equal(
    got: Any, expected: Any, what: str = "y", rtol: float = 1e-9, atol: float = 1e-9
) -> None:
    """Raise `Broken`, naming the first place that differs, unless the arrays are equal.

    Parameters
    ----------
    got : what the student's function gave
    expected : array or number
    what : str
        Its name for the student.
    rtol, atol : float
        Answers compute in float64, so the default leaves room for rounding only.
    """
    expected = np.asarray(expected)
    if expected.shape == () and isinstance(got, int | float | np.number):
        got = np.asarray(got)
    expect_shape(got, expected.shape, what)
    wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.shape else ()
        place = f"{what}[{', '.join(map(str, first))}]" if first else what
        count = f"; {int(wrong.sum())} of {wrong.size} differ" if wrong.size > 1 else ""
        number = f"{place} is {got[first]:.6g}, not {expected[first]:.6g}{count}"
        raise Broken(number, expected, got)
