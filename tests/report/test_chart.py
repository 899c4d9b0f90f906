"""A chart shows every point where it belongs, whatever the numbers are."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex.report.chart import BOTTOM, HEIGHT, LEFT, MOST, RIGHT, TOP, WIDTH, Line, line_chart
from tinyalex.report.pictures import learning_rate_drops

NUMBERS = st.floats(-1e30, 1e30) | st.sampled_from([0.0, math.inf, -math.inf, math.nan, 1e-300])


def points(svg: str) -> list[list[tuple[float, float]]]:
    """Of each line, the places of its points."""
    return [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in path.split())]
        for path in re.findall(r'<polyline [^>]*points="([^"]*)"', svg)
    ]


def ticks(svg: str) -> list[str]:
    return re.findall(r'text-anchor="end">([^<]*)</text>', svg)


def draw(y: list[float], x: list[float] | None = None, log: bool = False) -> str:
    line = Line("test", list(range(1, len(y) + 1)) if x is None else x, y)
    return line_chart([line], "epoch", "loss", "a chart", log=log)


@given(y=st.lists(NUMBERS, max_size=60), log=st.booleans())
def test_every_point_lies_inside_the_plot_and_higher_values_lie_higher(
    y: list[float], log: bool
) -> None:
    kept = [v for v in y if math.isfinite(v) and (v > 0 or not log)]
    [drawn] = points(draw(y, log=log))
    assert len(drawn) == len(kept)
    for px, py in drawn:  # not on the edge, where half of a point would be cut off
        assert LEFT < px < WIDTH - RIGHT and TOP < py <= HEIGHT - BOTTOM
    order = sorted(zip(kept, drawn, strict=True))
    assert all(a[1][1] >= b[1][1] for a, b in pairwise(order))


def test_the_first_point_of_a_loss_is_in_the_picture() -> None:
    [drawn] = points(draw([6.9, 2.0, 1.0]))
    assert drawn[0][0] > LEFT + 5 and drawn[0][1] > TOP + 5
    assert drawn[0] == (min(x for x, _ in drawn), min(y for _, y in drawn))


@pytest.mark.parametrize(
    ("y", "log", "wanted"),
    [
        ([6.9, 2.0], False, ["0", "2", "4", "6"]),
        ([0.004, 0.001], False, ["0", "0.001", "0.002", "0.003", "0.004"]),
        ([1e-4, 0.5], True, ["1e-4", "0.001", "0.01", "0.1"]),
        ([-1.0, 1.0], False, ["-1", "-0.5", "0", "0.5", "1"]),
        ([0.0], False, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_ticks_are_round_numbers(y: list[float], log: bool, wanted: list[str]) -> None:
    assert ticks(draw(y, log=log)) == wanted


def test_a_long_line_is_thinned_and_keeps_its_ends() -> None:
    n = 10 * MOST + 7
    [drawn] = points(draw([float(i) for i in range(n)]))
    [few] = points(draw([0.0, n - 1.0], x=[1, n]))
    assert len(drawn) <= MOST + 1
    assert (drawn[0], drawn[-1]) == (few[0], few[1])


def test_drops_of_the_learning_rate_lie_between_two_epochs() -> None:
    rates = [0.1, 0.1, 0.01, 0.008, 0.001]
    epochs = [{"epoch": i, "lr": lr} for i, lr in enumerate(rates, 1)]
    assert learning_rate_drops(epochs) == [2.5, 4.5]
    svg = line_chart([Line("a", [1, 5], [0, 1])], "", "", "", marks=[2.5, 4.5])
    assert svg.count('class="mark"') == 2
