"""A line chart as SVG inside a page, in the page's colours: light or dark as the page is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinyalex.outside import as_html

COLOURS = 8  # --c0 to --c7 of `STYLE`
WIDTH, HEIGHT = 400, 260
LEFT, RIGHT, TOP, BOTTOM = 50, 12, 24, 38  # around the plot
PAD = 8  # inside it, so that no point lies on its edge
MOST = 400  # points of a line; of more, evenly spaced ones are drawn
DOTTED = 40  # a line of fewer points shows each

STYLE = """
:root { --c0: #1864ab; --c1: #c2410c; --c2: #2b8a3e; --c3: #6741d9; --c4: #c2255c; --c5: #0b7285;
  --c6: #5c7c0a; --c7: #495057; }
@media (prefers-color-scheme: dark) { :root { --c0: #74c0fc; --c1: #ffa94d; --c2: #69db7c;
  --c3: #b197fc; --c4: #faa2c1; --c5: #66d9e8; --c6: #c0eb75; --c7: #ced4da; } }
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%,
  20rem), 1fr)); } .charts > * { max-width: 38rem; margin: 0; min-width: 0; }
svg.chart { display: block; width: 100%; height: auto; }
svg.chart text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg.chart .grid { stroke: var(--line); stroke-width: .7; }
svg.chart .mark { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 1 4; }
svg.chart .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
svg.chart .dashed { stroke-dasharray: 6 4; } svg.chart .best { fill: var(--paper); }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .3rem 0; padding: 0;
  list-style: none; font-size: .85rem; overflow-wrap: anywhere; }
.key span { display: inline-block; width: 1.8rem; margin-right: .4rem; vertical-align: middle;
  border-top: 3px solid; } .key .dashed { border-top-style: dashed; }
.key .mark { border-top: 2px dotted var(--ink); }
""" + "".join(
    f"svg .c{i} {{ stroke: var(--c{i}); }} svg .dot.c{i} {{ fill: var(--c{i}); }} "
    f".key .c{i} {{ border-color: var(--c{i}); }}\n"
    for i in range(COLOURS)
)


@dataclass(frozen=True)
class Line:
    """Points of a chart that belong together.

    Attributes
    ----------
    name : str
    x, y : sequences of float, equally long
        Points that are not finite are left out.
    colour : int
        From 0; after `COLOURS` they repeat.
    dashed : bool
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: int = 0
    dashed: bool = False

    @property
    def look(self) -> str:
        """Its classes in CSS."""
        return f"c{self.colour % COLOURS}" + (" dashed" if self.dashed else "")


def line_chart(
    lines: Sequence[Line],
    x_label: str,
    y_label: str,
    alt: str,
    *,
    log: bool = False,
    marks: Sequence[float] = (),
    best: tuple[float, float, str] | None = None,
) -> str:
    """Draw lines; ``key`` is their legend.

    Parameters
    ----------
    lines : sequence of Line
    x_label, y_label, alt : str
        Text; ``alt`` describes the chart in words.
    log : bool
        Logarithmic y axis; points that are not positive are left out. Otherwise it begins at 0,
        or below if a value is.
    marks : sequence of float
        Where on the x axis a dotted line is drawn.
    best : (x, y, text), optional
        A point with a ring around it and a text.
    """
    kept = [_finite(line, log) for line in lines]
    x_axis = _Axis([x for points in kept for x, _ in points], LEFT + PAD, WIDTH - RIGHT - PAD)
    values = [y for points in kept for _, y in points]
    bottom, top = HEIGHT - BOTTOM - (PAD if log else 0), TOP + PAD
    y_axis = _Axis(values if log else [0.0, *values], bottom, top, log)
    parts = [*_grid(x_axis, y_axis), _labels(x_label, y_label)]
    for at in marks:
        x = x_axis.at(at)
        parts.append(f'<line class="mark" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
    for line, points in zip(lines, kept, strict=True):
        places = [(x_axis.at(x), y_axis.at(y)) for x, y in points]
        path = " ".join(f"{x},{y}" for x, y in places)
        parts.append(f'<polyline class="line {line.look}" points="{path}"/>')
        if len(places) < DOTTED:
            dot = f'<circle class="dot {line.look}" r="2"'
            parts += [f'{dot} cx="{x}" cy="{y}"/>' for x, y in places]
    if best is not None:
        parts.append(_best(x_axis.at(best[0]), y_axis.at(best[1]), best[2]))
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{as_html(alt)}">{"".join(parts)}</svg>'
    )


def key(lines: Sequence[Line], marks: str = "") -> str:
    """The legend as HTML; ``marks`` says what the dotted lines are."""
    items = [f'<li><span class="{y.look}"></span>{as_html(y.name)}</li>' for y in lines]
    if marks:
        items.append(f'<li><span class="mark"></span>{as_html(marks)}</li>')
    return f'<ul class="key">{"".join(items)}</ul>'


class _Axis:
    """From values to places in the picture."""

    def __init__(self, values: Sequence[float], start: float, end: float, log: bool = False):
        self.log, self.start, self.end = log, start, end
        scaled = [math.log10(v) if log else v for v in values] or [0.0]
        self.low, self.high = min(scaled), max(scaled)
        if self.high - self.low <= 1e-12 * abs(self.high):
            self.high = self.low + (abs(self.low) or 1.0)

    def at(self, value: float) -> float:
        scaled = math.log10(value) if self.log else value
        share = (scaled - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self) -> Iterator[float]:
        """Round values: 1, 2 or 5 times a power of ten; powers of ten if logarithmic."""
        if self.log:
            first, last = math.floor(self.low), math.ceil(self.high)
            every = -(-(last - first) // 6)
            yield from (10.0**n for n in range(first, last + 1, every) if self._has(n))
            return
        raw = (self.high - self.low) / 5
        ten = 10.0 ** math.floor(math.log10(raw))
        step = next(m * ten for m in (1, 2, 5, 10) if m * ten >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        yield from (n * step for n in range(first, first + 12) if self._has(n * step))

    def _has(self, scaled: float) -> bool:
        slack = 1e-9 * (self.high - self.low)
        return self.low - slack <= scaled <= self.high + slack


def _finite(line: Line, log: bool) -> list[tuple[float, float]]:
    """The points that can be drawn; of many, evenly spaced ones, with the last."""
    pairs = zip(line.x, line.y, strict=True)
    points = [(x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]
    points = [(x, y) for x, y in points if y > 0 or not log]
    every = -(-len(points) // MOST)
    return points if every < 2 else [*points[:-1:every], points[-1]]


def _grid(x_axis: _Axis, y_axis: _Axis) -> Iterator[str]:
    floor = HEIGHT - BOTTOM
    for value in y_axis.ticks():
        y = y_axis.at(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{_number(value)}</text>'
    yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>'
    for value in x_axis.ticks():
        x = x_axis.at(value)
        yield f'<text x="{x}" y="{floor + 16}" text-anchor="middle">{_number(value)}</text>'


def _labels(x_label: str, y_label: str) -> str:
    """The x axis's below the plot, the y axis's above it, where it can be read without turning."""
    x = (LEFT + WIDTH - RIGHT) / 2
    return (
        f'<text x="{x}" y="{HEIGHT - 6}" text-anchor="middle">{as_html(x_label)}</text>'
        f'<text x="4" y="14">{as_html(y_label)}</text>'
    )


def _best(x: float, y: float, text: str) -> str:
    """A ring around the point, and the text above the plot, with a line between them."""
    return (
        f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP - 5}" y2="{y - 5}"/>'
        f'<circle class="best c1" cx="{x}" cy="{y}" r="4.5" stroke-width="2"/>'
        f'<text x="{WIDTH - RIGHT}" y="14" text-anchor="end">{as_html(text)}</text>'
    )


def _number(value: float) -> str:
    """A tick's label: 0.0001 as 1e-4."""
    if value and (abs(value) < 1e-3 or abs(value) >= 1e5):
        digits, power = f"{value:.1e}".split("e")
        return f"{float(digits):g}e{int(power)}"
    return f"{round(value, 9):g}"
