"""The pictures of a benchmark: the roofline of a training step, and how cost grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyalex.errors import ConfigError
from tinyalex.report.figure import new_figure
from tinyalex.report.pictures import DPI, FAINT, GREY, TEST, TRAIN, _save

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
    """Draw `roofline_figure` into a PNG file; an old one is replaced in one move."""
    _save(roofline_figure(rows, peak_gflops, copy_gb_per_s, title), Path(out_png))


def roofline_figure(
    rows: Sequence[Mapping[str, Any]],
    peak_gflops: float,
    copy_gb_per_s: float,
    title: str = "",
) -> Figure:
    """Draw each layer's arithmetic intensity against the rate that it reaches.

    Parameters
    ----------
    rows : sequence of mapping
        As `tinyalex.check.bench.layers` returns them.
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
    without matrix products have no intensity to speak of and are left out.
    """
    points = [
        (row["name"], way, row[f"{way}_flop"] / row[f"{way}_bytes"], _rate(row, way))
        for row in rows
        for way, _, _ in _DIRECTIONS
        if row[f"{way}_flop"] and row[f"{way}_ms"]
    ]
    if not points:
        raise ConfigError("roofline: no layer has a matrix product")
    figure = new_figure(8, 5.5, DPI)
    axis = figure.subplots()
    intensities = np.array([x for _, _, x, _ in points])
    rates = np.array([y for _, _, _, y in points])
    knee = peak_gflops / copy_gb_per_s
    left, right = min(intensities.min() / 2, knee / 8), max(intensities.max(), knee) * 3
    bottom, top = min(rates.min(), peak_gflops) / 3, max(rates.max(), peak_gflops) * 1.6
    x = np.geomspace(left, right, 200)
    axis.plot(x, np.minimum(peak_gflops, x * copy_gb_per_s), color=GREY, linewidth=1.5)
    axis.axvline(knee, color=FAINT, linestyle=":", linewidth=1)
    axis.text(
        knee * 1.1,
        peak_gflops * 1.04,
        f"fastest matrix product, {peak_gflops:.0f} GFLOP/s",
        va="bottom",
        fontsize=9,
        color=GREY,
    )
    axis.text(
        knee / 1.15,
        bottom * 1.15,
        f"left of this line:\nlimited by memory,\n{copy_gb_per_s:.0f} GB/s",
        ha="right",
        va="bottom",
        fontsize=9,
        color=GREY,
    )
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
    axis.grid(color="#e9ecef")
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(loc="lower right", frameon=True, edgecolor="none", framealpha=1)
    figure.suptitle(title, fontsize=12)
    return figure


def growth(
    kind: str,
    series: Mapping[str, Sequence[tuple[float, float, float, float | None]]],
    out_png: str | Path,
    title: str = "",
) -> None:
    """Draw a sweep: images a second of training and inference, and peak memory.

    Parameters
    ----------
    kind : ``"batch"``, ``"threads"`` or ``"size"``
    series : mapping of contestant to points
        A point is (size, training images/s, inference images/s, peak MiB or None); NaN where
        nothing was measured.
    out_png : str or Path
    title : str
    """
    labels = {"batch": "images a batch", "threads": "threads", "size": "side of the image, pixels"}
    figure = new_figure(12, 4, DPI)
    headings = ["training, images/s", "inference, images/s", "peak memory of training, MiB"]
    for column, (axis, heading) in enumerate(zip(figure.subplots(1, 3), headings, strict=True)):
        ticks: set[float] = set()
        for contestant, points in series.items():
            x = [point[0] for point in points]
            y = [np.nan if point[column + 1] is None else point[column + 1] for point in points]
            axis.plot(x, y, "o-", color=_LINES.get(contestant, GREY), label=contestant)
            ticks.update(x)
        if kind == "batch":
            axis.set_xscale("log", base=2)
        axis.set_xticks(sorted(ticks), [f"{tick:g}" for tick in sorted(ticks)])
        axis.tick_params(axis="x", labelsize=8)
        axis.minorticks_off()
        axis.set_ylim(bottom=0)
        axis.set_xlabel(labels[kind])
        axis.set_title(heading, fontsize=10)
        axis.grid(color="#e9ecef")
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=True, edgecolor="none", framealpha=1)
    figure.suptitle(title, fontsize=12)
    _save(figure, Path(out_png))


def _rate(row: Mapping[str, Any], way: str) -> float:
    """GFLOP/s of one direction."""
    return float(1e-6 * row[f"{way}_flop"] / row[f"{way}_ms"])


def _name_layers(axis: Any, points: Sequence[tuple[str, str, float, float]]) -> None:
    """Write the name of a layer beside its forward point, in steps where points crowd."""
    forward = sorted(((y, x, name) for name, way, x, y in points if way == "forward"), reverse=True)
    last_x, last_y = 0.0, 0.0
    for y, x, name in forward:
        near = bool(last_x) and 0.4 < x / last_x < 2.5
        at = min(y, last_y / 1.14) if near else y
        axis.annotate(
            name,
            (x, at),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=GREY,
        )
        last_x, last_y = x, at
