"""The report of a gradient check, and advice for a wrong gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from tinyalex.errors import TinyalexError
from tinyalex.outside import html_table

SHOWN = 8  # at most this many wrong rows


class GradientError(TinyalexError, AssertionError):
    """A backward pass disagrees with the forward pass it belongs to.

    Examples
    --------
    >>> from tinyalex.check import gradcheck
    >>> from tinyalex.layers import ReLU
    >>> class Wrong(ReLU):
    ...     def backward(self, dy):
    ...         return 2 * super().backward(dy)
    >>> gradcheck(Wrong(), np.array([[0.5, 1]]))
    Traceback (most recent call last):
        ...
    tinyalex.check.gradreport.GradientError: Wrong: the gradient of x is wrong ...
    Try: analytic is 2 times numeric everywhere: look for that factor
    """


@dataclass(frozen=True)
class GradRow:
    """Two slopes of L with respect to one array.

    Attributes
    ----------
    name : the array: ``x``, or a parameter
    index : the value that changed; None if all changed, along a random direction
    analytic, numeric : the slope by backward, and the slope measured on forward
    tolerance : the allowed difference of the two

    Examples
    --------
    >>> row = GradRow("weight", (0, 2), analytic=2.0, numeric=1.5, tolerance=1e-6)
    >>> row.label, row.difference, row.right
    ('weight[0, 2]', 0.5, False)
    """

    name: str
    index: tuple[int, ...] | None
    analytic: float
    numeric: float
    tolerance: float

    @property
    def difference(self) -> float:
        """Return analytic minus numeric."""
        return self.analytic - self.numeric

    @property
    def right(self) -> bool:
        """Whether both slopes agree; false for NaN and infinity."""
        return math.isfinite(self.tolerance) and abs(self.difference) <= self.tolerance

    @property
    def label(self) -> str:
        """Return ``x``, or ``x[0, 2]`` for a single value."""
        index = "" if self.index is None else f"[{', '.join(map(str, self.index))}]"
        return self.name + index


@dataclass(frozen=True)
class GradReport:
    """The report of a successful gradient check; ``print`` it.

    The text shows every random direction, and the steepest single value of each array.

    Examples
    --------
    >>> from tinyalex.check import gradcheck
    >>> from tinyalex.layers import ReLU
    >>> report = gradcheck(ReLU(), np.array([[-1.0, 2]]))
    >>> report.layer, all(row.right for row in report.rows)
    ('ReLU', True)
    """

    layer: str
    rows: tuple[GradRow, ...]

    @property
    def shown(self) -> list[GradRow]:
        """The rows in the text."""
        rows: list[GradRow] = []
        for _, group in groupby(self.rows, key=lambda row: row.name):
            of_array = list(group)
            rows += [row for row in of_array if row.index is None]
            values = [row for row in of_array if row.index is not None]
            rows.append(max(values, key=lambda row: abs(row.analytic)))
        return rows

    @property
    def title(self) -> str:
        """Which gradients were checked."""
        names = dict.fromkeys(row.name for row in self.rows)
        return f"{self.layer}: gradients of {', '.join(names)} are right"

    def __str__(self) -> str:
        count = sum(row.index is not None for row in self.rows)
        return (
            f"{self.title}\n{table(self.shown)}\n"
            f"  ({count} values moved one by one as well; shown is the steepest of each array)"
        )

    def _repr_html_(self) -> str:
        """The same table, in a notebook."""
        rows = [
            (r.label, f"{r.analytic:+.9e}", f"{r.numeric:+.9e}", f"{r.difference:+.2e}")
            for r in self.shown
        ]
        return html_table(self.title, ("array", "analytic", "numeric", "difference"), rows)


def wrong_gradient(layer: str, rows: Sequence[GradRow]) -> GradientError:
    """Make the error for an array with wrong rows."""
    wrong = [row for row in rows if not row.right]
    values = [row.right for row in rows if row.index is not None]
    directions = [row.right for row in rows if row.index is None]
    counts = []
    if not all(values):
        counts.append(f"for {values.count(False)} of {len(values)} values")
    if not all(directions):
        counts.append(f"along {directions.count(False)} of {len(directions)} random directions")
    more = f"\n  ... and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return GradientError(
        f"{layer}: the gradient of {rows[0].name} is wrong {' and '.join(counts)}\n"
        f"{table(wrong[:SHOWN])}{more}",
        _advice(rows),
    )


def _advice(rows: Sequence[GradRow]) -> str:
    """Say which mistake the numbers of a wrong gradient suggest."""
    analytic = np.array([row.analytic for row in rows])
    numeric = np.array([row.numeric for row in rows])
    loose = np.array([row.tolerance for row in rows])
    if not np.any(analytic):
        return "the analytic gradient is zero everywhere: does backward fill it in?"
    if not np.any(numeric):
        return f"the output does not depend on {rows[0].name}: does forward use it?"
    steep = np.abs(numeric) > loose
    if steep.any():
        ratio = analytic[steep] / numeric[steep]
        others = np.abs(analytic[~steep]) <= loose[~steep]
        if others.all() and np.all(np.abs(ratio - ratio[0]) < 1e-4 * abs(ratio[0])):
            return f"analytic is {ratio[0]:.6g} times numeric everywhere: look for that factor"
    single = np.array([row.index is not None for row in rows])
    if np.all(np.abs(np.abs(analytic) - np.abs(numeric))[single] <= loose[single]):
        return "look for a wrong sign: the sizes of all single values are right"
    if np.allclose(
        np.sort(analytic[single]), np.sort(numeric[single]), rtol=1e-4, atol=loose.max()
    ):
        return "the right values stand in the wrong places: is an axis transposed, a channel moved?"
    return "check one small case by hand: batch 1, one channel, then two"


def table(rows: Sequence[GradRow]) -> str:
    """Format the rows with their numbers aligned."""
    width = max(len("array"), *(len(row.label) for row in rows))
    lines = [f"  {'array':<{width}}  {'analytic':>16}  {'numeric':>16}  {'difference':>11}"]
    lines += [
        f"  {row.label:<{width}}  {row.analytic:>+16.9e}  {row.numeric:>+16.9e}"
        f"  {row.difference:>+11.2e}" + ("" if row.right else "  <- wrong")
        for row in rows
    ]
    return "\n".join(lines)
