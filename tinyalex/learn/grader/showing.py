"""Values as text: small arrays in full, large ones around the first difference."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

MAX_ROWS, MAX_COLUMNS = 12, 9
MAX_WIDTH = 72  # characters, for a terminal of 80; a line of one number may be longer
MAX_COMPARED = 100  # numbers, for how many digits to show
MARK = "*"  # after a number that differs
DIGITS, MOST_DIGITS = 6, 17  # the most tell any two numbers of float64 apart


def describe(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Values by name, ``name = value``; an array has one line per row."""
    lines: list[str] = []
    for name, value in arguments.items():
        first, *rest = _lines(value)
        lines += [f"{name} = {first}", *(f"  {line}" for line in rest)]
    return tuple(lines)


def compare(expected: Any, got: Any, wrong: np.ndarray | None = None) -> tuple[str, ...]:
    """Expected and got side by side, or one below the other where they are too wide for that.

    A ``*`` marks each number that differs.
    ``wrong`` says which numbers differ; None: those that differ by more than rounding.
    """
    if expected is None and got is None:
        return ()
    if _numbers(expected) and _numbers(got) and expected.shape == got.shape and expected.ndim:
        if wrong is None:
            wrong = ~np.isclose(expected, got, rtol=1e-9, atol=1e-9, equal_nan=True)
        differing = zip(expected[wrong].flat, got[wrong].flat, strict=True)
        compared = itertools.islice(differing, MAX_COMPARED)
        digits = max(itertools.starmap(digits_apart, compared), default=DIGITS)

        def rows(columns: int) -> tuple[list[str], list[str]]:
            left = ["expected", *_rows(expected, wrong, False, digits, columns)]
            return left, ["got", *_rows(got, wrong, True, digits, columns)]

        left, right = rows(MAX_COLUMNS)
        width = max(map(len, left)) + 4
        pairs = zip(left, right, strict=True)
        lines = [f"{a:<{width}}{_without_index(b, got.ndim)}".rstrip() for a, b in pairs]
        return tuple(lines if _fit(lines) else _widest(lambda columns: sum(rows(columns), [])))
    single = [x.item() if getattr(x, "size", 0) == 1 else x for x in (expected, got)]
    both = all(isinstance(x, bool | int | float) for x in single)
    digits = digits_apart(*single) if both else DIGITS
    lines = []
    for name, value in (("expected", expected), ("got", got)):
        first, *rest = _lines(value, digits)
        lines += [f"{name:<8}  {first}", *(f"  {line}" for line in rest)]
    return tuple(lines)


def digits_apart(a: Any, b: Any) -> int:
    """How many digits show that two numbers differ: 6, or as many more as it takes."""
    texts = ((number(a, digits), number(b, digits)) for digits in range(DIGITS, MOST_DIGITS))
    return DIGITS + sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], texts))


def number(value: Any, digits: int = DIGITS) -> str:
    """A number with six digits, or more; an integer without a decimal point."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, complex | np.complexfloating):
        return f"{value:.{digits}g}"
    value = float(value)
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e6 else f"{value:.{digits}g}"


def _numbers(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"


def _lines(value: Any, digits: int = DIGITS) -> list[str]:
    """One line for a value, and one more for each row of an array."""
    if isinstance(value, np.ndarray):
        head = f"array {value.shape}"
        if value.dtype not in (np.float64, np.int64):
            head += f" of {value.dtype}"
        if value.dtype.kind not in "fiubc":
            return [head]
        if value.ndim == 0:
            return [f"{head}: {number(value[()], digits)}"]
        return [head, *_widest(lambda columns: _rows(value, columns=columns))]
    if isinstance(value, bool | int | float | complex | np.number | np.bool_):
        return [number(value, digits) if not isinstance(value, int) else str(value)]
    if isinstance(value, str):
        return [value]
    if isinstance(value, np.random.Generator):
        return ["a random generator (numpy.random.Generator)"]
    if isinstance(value, tuple | list) and any(isinstance(item, np.ndarray) for item in value):
        lines = [f"{type(value).__name__} of {len(value)}"]
        for i, item in enumerate(value):
            first, *rest = _lines(item)
            lines += [f"[{i}] {first}", *(f"  {line}" for line in rest)]
        return lines
    if isinstance(value, Mapping):
        return ["dict", *describe({repr(key): item for key, item in value.items()})]
    text = repr(value)
    return [text if len(text) <= 200 else text[:200] + " ..."]


def _fit(lines: list[str]) -> bool:
    return max(map(len, lines)) <= MAX_WIDTH


def _widest(rows: Callable[[int], list[str]]) -> list[str]:
    """Rows with as many columns as fit; at least one."""
    for columns in range(MAX_COLUMNS, 1, -1):
        if _fit(lines := rows(columns)):
            return lines
    return rows(1)


def _rows(
    array: np.ndarray,
    wrong: np.ndarray | None = None,
    mark: bool = False,
    digits: int = DIGITS,
    columns: int = MAX_COLUMNS,
) -> list[str]:
    """Rows of an array along its last axis, each after its index; around the first wrong number."""
    if array.size == 0:
        return ["(no elements)"]
    width = array.shape[-1]
    table = array.reshape(-1, width)
    marks = np.zeros(table.shape, bool) if wrong is None else wrong.reshape(table.shape)
    places = np.argwhere(marks)
    row, column = (int(i) for i in places[0]) if len(places) else (0, 0)
    top = max(0, min(row - MAX_ROWS // 2, len(table) - MAX_ROWS))
    left = max(0, min(column - columns // 2, width - columns))
    shown = [slice(top, top + MAX_ROWS), slice(left, left + columns)]
    texts = [
        [
            number(x, digits) + (MARK if mark and is_wrong else "")
            for x, is_wrong in zip(*both, strict=True)
        ]
        for both in zip(table[tuple(shown)], marks[tuple(shown)], strict=True)
    ]
    # The star has its own column to the right, so that the digits stay aligned.
    cell = max(len(text.rstrip(MARK)) for line in texts for text in line)
    right = 1 if mark and marks.any() else 0
    lines = []
    indices = list(itertools.islice(np.ndindex(array.shape[:-1]), top, top + MAX_ROWS))
    for index, line in zip(indices, texts, strict=True):
        cells = [
            text.rstrip(MARK).rjust(cell) + (MARK if text.endswith(MARK) else " ")[:right]
            for text in line
        ]
        before, after = "... " if left else "", " ..." if left + columns < width else ""
        lines.append(f"{_index(index)}{before}{' '.join(cells).rstrip()}{after}")
    if len(table) > len(lines):
        lines.append(f"({len(lines)} of {len(table)} rows)")
    return lines


def _index(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}, :]  " if index else ""


def _without_index(line: str, ndim: int) -> str:
    """A row without its index, which the left column already shows."""
    return line.partition("]  ")[2] if ndim > 1 and line.startswith("[") else line
