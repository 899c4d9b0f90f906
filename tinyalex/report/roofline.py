"""The pictures of a benchmark: the roofline of a training step, and a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyalex.errors import ConfigError
from tinyalex.report.figure import new_figure, tidy
from tinyalex.report.pictures import FAINT, GREY, TEST, TRAIN, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DIRECTIONS = (("forward", "o", TRAIN), ("backward", "s", TEST))
_LINES = {"numba": TRAIN, "torch": TEST, "numpy": "#2b8a3e", "cuda": "#6741d9"}


def roofline(
    rows: Sequence[Mapping[str, Any]],
    peak_gflops: float,
    copy_gb_per_s: float,
    out_png: str | Path,
    title: str = "",
) -> None:
    """Draw `roofline_figure` into a PNG file; an older one is replaced in one move."""
    save(roofline_figure(rows, peak_gflops, copy_gb_per_s, title), Path(out_png))


def roofline_figure(
    rows: Sequence[Mapping[str, Any]],
    peak_gflops: float,
    copy_gb_per_s: float,
    title: str = "",
) -> Figure:
    """Draw each layer's GFLOP/s against its arithmetic intensity.

    Parameters
    ----------
    rows : sequence of mapping
        From `tinyalex.check.bench.layers`.
    peak_gflops, copy_gb_per_s : float
        The two ceilings, measured.
    title : str

    Raises
    ------
    ConfigError
        No layer has a matrix product.

    Notes
    -----
    Source of the model: Williams, Waterman and Patterson, "Roofline", CACM 52 (4), 2009. Layers
    without matrix products are left out: their intensity is close to zero.
    """
    points = [
        (row["name"], way, row[f"{way}_flop"] / row[f"{way}_bytes"], _rate(row, way))
        for row in rows
        for way, _, _ in _DIRECTIONS
        if row[f"{way}_flop"] and row[f"{way}_ms"]
    ]
    if not points:
        raise ConfigError(
            "roofline: no layer has a matrix product", "a model with a convolution or linear layer"
        )
    figure = new_figure(8, 5.5)
    axis = figure.subplots()
    intensities = np.array([x for _, _, x, _ in points])
    rates = np.array([y for _, _, _, y in points])
    knee = peak_gflops / copy_gb_per_s
    left, right = min(intensities.min() / 2, knee / 8), max(intensities.max(), knee) * 3
    bottom, top = min(rates.min(), peak_gflops) / 3, max(rates.max(), peak_gflops) * 1.6
    x = np.geomspace(left, right, 200)
    axis.plot(x, np.minimum(peak_gflops, x * copy_gb_per_s), color=GREY, linewidth=1.5)
    axis.axvline(knee, color=FAINT, linestyle=":", linewidth=1)
    style: dict[str, Any] = {"va": "bottom", "fontsize": 9, "color": GREY}
    peak = f"fastest matrix product, {peak_gflops:.0f} GFLOP/s"
    axis.text(knee * 1.1, peak_gflops * 1.04, peak, **style)
    memory = f"left of this line:\nlimited by memory,\n{copy_gb_per_s:.0f} GB/s"
    axis.text(knee / 1.15, bottom * 1.15, memory, ha="right", **style)
    for way, marker, colour in _DIRECTIONS:
        own = [(px, py) for _, each, px, py in points if each == way]
        axis.plot(*zip(*own, strict=True), marker, color=colour, label=way, markersize=6)
    _name_layers(axis, points)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlim(left, right)
    axis.set_ylim(bottom, top)
    note = "\nabove the line: an algorithm with fewer operations (Winograd)"
    above = note if rates.max() > peak_gflops else ""
    axis.set_xlabel(f"useful operations per byte moved (each array once){above}")
    axis.set_ylabel("useful GFLOP/s")
    tidy(axis)
    axis.legend(loc="lower right", frameon=True, edgecolor="none", framealpha=1)
    figure.suptitle(title, fontsize=12)
    return figure


def growth(
    kind: str,
    series: Mapping[str, Sequence[tuple[float, float, float, float | None]]],
    out_png: str | Path,
    title: str = "",
) -> None:
    """Draw a sweep: images per second of training and inference, and peak memory.

    Parameters
    ----------
    kind : ``"batch"``, ``"threads"`` or ``"size"``
    series : mapping of implementation to points
        A point is (size, training images/s, inference images/s, peak MiB or None); NaN where
        nothing was measured.
    out_png : str or Path
    title : str
    """
    labels = {"batch": "batch size", "threads": "threads", "size": "side of the image, pixels"}
    figure = new_figure(12, 4)
    headings = ["training, images/s", "inference, images/s", "peak memory of training, MiB"]
    for column, (axis, heading) in enumerate(zip(figure.subplots(1, 3), headings, strict=True)):
        ticks: set[float] = set()
        for name, points in series.items():
            x = [point[0] for point in points]
            y = [np.nan if point[column + 1] is None else point[column + 1] for point in points]
            axis.plot(x, y, "o-", color=_LINES.get(name, GREY), label=name)
            ticks.update(x)
        if kind == "batch":
            axis.set_xscale("log", base=2)
        axis.set_xticks(sorted(ticks), [f"{tick:g}" for tick in sorted(ticks)])
        axis.tick_params(axis="x", labelsize=8)
        axis.minorticks_off()
        axis.set_ylim(bottom=0)
        axis.set_xlabel(labels[kind])
        axis.set_title(heading, fontsize=10)
        tidy(axis)
        axis.legend(frameon=True, edgecolor="none", framealpha=1)
    figure.suptitle(title, fontsize=12)
    save(figure, Path(out_png))


def _rate(row: Mapping[str, Any], way: str) -> float:
    """GFLOP/s of a layer's forward or backward pass."""
    return float(1e-6 * row[f"{way}_flop"] / row[f"{way}_ms"])


def _name_layers(axis: Any, points: Sequence[tuple[str, str, float, float]]) -> None:
    """Write each layer's name next to its forward point, lower where names would overlap."""
    forward = sorted(((y, x, name) for name, way, x, y in points if way == "forward"), reverse=True)
    last_x, last_y = 0.0, 0.0
    for y, x, name in forward:
        near = bool(last_x) and 0.4 < x / last_x < 2.5
        at = min(y, last_y / 1.14) if near else y
        beside: dict[str, Any] = {"xytext": (7, 0), "textcoords": "offset points"}
        axis.annotate(name, (x, at), va="center", fontsize=7, color=GREY, **beside)
        last_x, last_y = x, at
