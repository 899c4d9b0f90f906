"""Figures of Matplotlib that ask for none of pyplot's backends: no window, no global state."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from tinyalex.errors import RunError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_VARIABLE = "MPLBACKEND"


def new_figure(width: float, height: float, dpi: float, layout: Any = "constrained") -> Figure:
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
            "more memory, or Matplotlib installed again; then `tinyalex report RUN`",
        ) from error

    figure = Figure(figsize=(width, height), dpi=dpi, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def as_png(figure: Figure) -> bytes:
    """A picture as a PNG file's bytes; letters that the font lacks become boxes, without a word."""
    png = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure.savefig(png, format="png")
    return png.getvalue()


def _import_matplotlib() -> None:
    """Import Matplotlib, whatever MPLBACKEND says.

    Programs that a notebook starts inherit the name of the notebook's backend. In an environment
    that lacks it, Matplotlib refuses to be imported. Where the backend is there, it is kept: the
    caller may use pyplot.
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
