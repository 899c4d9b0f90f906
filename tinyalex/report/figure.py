"""Matplotlib figures without pyplot: no window, no global state."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from tinyalex.errors import RunError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120
GRID = "#e9ecef"

_VARIABLE = "MPLBACKEND"


def new_figure(
    width: float, height: float, dpi: float = DPI, layout: Any = "constrained"
) -> Figure:
    """Make an empty white figure.

    Parameters
    ----------
    width, height : float
        In inches.
    dpi : float
        Pixels per inch.
    layout : str or None
        As `matplotlib.figure.Figure` takes it.

    Raises
    ------
    RunError
        Matplotlib cannot be loaded.
    """
    try:
        _import_matplotlib()
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:  # where memory is short as well
        raise RunError(
            f"pictures cannot be drawn: Matplotlib cannot be loaded ({error})",
            "free some memory or install Matplotlib again; then `tinyalex report RUN`",
        ) from error

    figure = Figure(figsize=(width, height), dpi=dpi, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def new_plot(width: float, height: float, title: str) -> tuple[Figure, Axes]:
    """Make a figure with one set of axes, without a frame at the top and on the right."""
    figure = new_figure(width, height)
    axis = figure.subplots()
    axis.set_title(title)
    axis.spines[["top", "right"]].set_visible(False)
    return figure, axis


def tidy(axis: Axes) -> None:
    """Put a light grid behind the data, and remove the frame at the top and on the right."""
    axis.grid(color=GRID)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def as_png(figure: Figure) -> bytes:
    """Encode a figure as PNG; letters that the font lacks become boxes, without a warning."""
    png = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure.savefig(png, format="png")
    return png.getvalue()


def _import_matplotlib() -> None:
    """Import Matplotlib, whatever MPLBACKEND says.

    A program that a notebook starts inherits the notebook's MPLBACKEND. Where that backend is not
    installed, Matplotlib refuses to be imported. Where it is, it is kept: the caller may use
    pyplot.
    """
    name = None if "matplotlib" in sys.modules else os.environ.pop(_VARIABLE, None)
    if name is None:
        return
    try:
        import matplotlib
    finally:
        os.environ[_VARIABLE] = name
    with contextlib.suppress(ValueError):
        matplotlib.rcParams["backend"] = name
