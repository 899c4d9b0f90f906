"""What an exercise is: the functions a student writes, and the properties they must have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from hypothesis.strategies import SearchStrategy

Arguments = dict[str, Any]


class Answer(Protocol):
    """A student's file as a property sees it.

    ``answer.im2col(**arguments)`` calls the student's function on copies of the arguments. An
    exception, a changed argument or a result of another type than the stub declares ends the
    grading with a verdict that says so.
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
    """

    def __init__(self, what: str, expected: Any = None, got: Any = None) -> None:
        super().__init__(what)
        self.what, self.expected, self.got = what, expected, got


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
    got: Any, shape: tuple[int, ...], what: str = "y", dtype: type[np.generic] | None = None
) -> None:
    """Raise `Broken` unless ``got`` is an array of real numbers of this shape (and dtype)."""
    if not isinstance(got, np.ndarray):
        raise Broken(f"{what} must be a NumPy array", "numpy.ndarray", type(got).__name__)
    if got.shape != shape:
        raise Broken(f"{what} has the wrong shape", shape, got.shape)
    if got.dtype.kind not in "fiub":
        raise Broken(f"{what} must hold real numbers", "float64", str(got.dtype))
    if dtype is not None and got.dtype != dtype:
        wanted = np.dtype(dtype).name
        raise Broken(f"{what} is an array of {got.dtype}, not {wanted}", wanted, str(got.dtype))


def expect_equal(
    got: Any, expected: Any, what: str = "y", rtol: float = 1e-9, atol: float = 1e-9
) -> None:
    """Raise `Broken`, naming the first element that differs, unless the arrays are equal.

    Parameters
    ----------
    got : the result of the student's function
    expected : array or number
    what : str
        Name of the result in the message.
    rtol, atol : float
        Answers compute in float64; the defaults allow for rounding only.
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


def expect_additive(
    function: Callable[..., Any],
    arguments: Arguments,
    name: str,
    shape: tuple[int, ...],
    what: str = "y",
) -> None:
    """Raise `Broken` unless function(a + b) is function(a) + function(b), an array of ``shape``.

    a is the argument called ``name``, b is ``other``; the other arguments stay the same.
    """
    rest = {key: value for key, value in arguments.items() if key not in (name, "other")}
    a, b = arguments[name], arguments["other"]
    of_a, of_b, of_sum = (function(**rest, **{name: value}) for value in (a, b, a + b))
    expect_shape(of_a, shape, what)
    expect_shape(of_b, shape, what)
    expect_equal(of_sum, of_a + of_b, f"{what} of {name} + other")
