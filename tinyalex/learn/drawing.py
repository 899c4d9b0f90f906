"""The lessons' pictures, one call each: images, curves, bars, matrices, paths.

Every function draws, then calls `tinyalex.learn.show` with its ``name``. Curves differ in colour
and in dash, so that they can be told apart without colour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyalex.errors import ConfigError
from tinyalex.learn.pictures import show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#1f77b4", "#d9480f", "#2b8a3e", "#862e9c", "#5f3dc4", "#868e96")
DASHES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (8, 2)), (0, (1, 1)))
WIDTH = 8.0  # inches

Limits = tuple[float, float]


def draw_images(
    name: str,
    rows: Mapping[str, Sequence[Any]],
    title: str = "",
    columns: Sequence[str] = (),
    cmap: str = "gray",
    scale: str | Limits = "each",
) -> None:
    """Draw rows of images.

    Parameters
    ----------
    name : str
        Of the picture, as in `show`.
    rows : mapping of label to images
        An image is (H, W), (H, W, 3) or (C, H, W) with 1 or 3 channels.
    title : str
        Above all.
    columns : sequence of str
        Titles of the columns.
    cmap : str
        Matplotlib's colour map for images without colours.
    scale : "each", "row", "all" or (low, high)
        Which values are black and white: the least and the greatest of each image, of its row, or
        of all images; or these two.

    Raises
    ------
    ConfigError
        An image has another shape, or ``scale`` is another word.
    """
    pictures = {label: [_last_channel(image) for image in images] for label, images in rows.items()}
    most = max(len(images) for images in pictures.values())
    side = min((WIDTH - 0.3) / most, 1.9)
    heights = [images[0].shape[0] / images[0].shape[1] for images in pictures.values()]
    extra = 0.55 * bool(title) + 0.3 * bool(columns) + 0.05 * len(pictures)
    figure = _figure(side * most + 0.3, side * sum(heights) + extra)
    grid = figure.subplots(len(pictures), most, squeeze=False, height_ratios=heights)
    everything = [image for images in pictures.values() for image in images]
    for axes, (label, images) in zip(grid, pictures.items(), strict=True):
        for axis in axes:
            axis.axis("off")
        for axis, image in zip(axes, images, strict=False):
            low, high = _limits(scale, image, images, everything)
            _image(axis, image, low, high, cmap)
        axes[0].set_ylabel(label)
    for axis, column in zip(grid[0], columns, strict=False):
        axis.set_title(column, fontsize=10)
    _finish(figure, name, title)


def draw_lines(
    name: str,
    lines: Mapping[str, Any],
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    x: Any = None,
    levels: Mapping[str, float] | None = None,
    log: bool = False,
    from_zero: bool = False,
) -> None:
    """Draw curves.

    Parameters
    ----------
    lines : mapping of label to values
        Values (n,), or several runs (runs, n) in one colour; runs may differ in length.
    x : (n,), optional
        By default 1, 2, ... n.
    levels : mapping of label to height, optional
        Thin horizontal lines.
    log : bool
        Both axes are logarithmic.
    from_zero : bool
        The y axis begins at 0.

    Notes
    -----
    The other parameters are those of `draw_images`.
    """
    figure = _figure(WIDTH, 3.9)
    axis = figure.subplots()
    for i, (label, values) in enumerate(lines.items()):
        runs = [values] if np.ndim(values[0]) == 0 else values
        for j, run in enumerate(runs):
            across = np.arange(1, len(run) + 1) if x is None else np.asarray(x)[: len(run)]
            axis.plot(
                across,
                run,
                color=COLOURS[i % len(COLOURS)],
                linestyle=DASHES[i % len(DASHES)],
                marker="o" if len(run) <= 20 else "",
                markersize=3,
                label=label if j == 0 else None,
            )
    for label, height in (levels or {}).items():
        axis.axhline(height, color="#868e96", linewidth=1, linestyle=(0, (4, 4)), label=label)
    if log:
        axis.set(xscale="log", yscale="log")
    elif x is None:
        axis.locator_params(axis="x", integer=True)
    if from_zero:
        axis.set_ylim(0, None)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.legend()
    _finish(figure, name, title)


def draw_bars(
    name: str,
    panels: Mapping[str, Mapping[str, float]],
    title: str = "",
    highlight: Sequence[str] = (),
    log: bool = False,
    intervals: Mapping[str, Limits] | None = None,
) -> None:
    """Draw horizontal bars with their values, one panel beside the other.

    Parameters
    ----------
    panels : mapping of panel title to bars
        The bars: a mapping of label to value.
    highlight : sequence of str
        Labels of bars in another colour.
    log : bool
        The values' axis is logarithmic.
    intervals : mapping of label to (low, high), optional
        A thin line in each bar that is named.

    Notes
    -----
    The other parameters are those of `draw_images`.
    """
    most = max(len(bars) for bars in panels.values())
    figure = _figure(WIDTH, 0.32 * most + 1.3)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axis, (heading, bars) in zip(axes, panels.items(), strict=True):
        colours = [COLOURS[1] if label in highlight else COLOURS[0] for label in bars]
        drawn = axis.barh(list(bars), list(bars.values()), color=colours)
        if intervals is None:
            axis.bar_label(drawn, fmt="%.3g", padding=3, fontsize=9)
        else:
            low, high = np.array([intervals[label] for label in bars]).T
            values = np.array(list(bars.values()))
            axis.errorbar(
                values, list(bars), xerr=[values - low, high - values], fmt="none", ecolor="black"
            )
        axis.set_title(heading, fontsize=10)
        axis.margins(x=0.2)
        if log:
            axis.set_xscale("log")
    axes[0].invert_yaxis()
    _finish(figure, name, title)


def draw_matrix(
    name: str,
    panels: Mapping[str, Any],
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    labels: Sequence[str] = (),
    counts: bool = False,
) -> None:
    """Draw matrices as squares, white for 0 and dark for the greatest value.

    Parameters
    ----------
    panels : mapping of panel title to (rows, columns)
    labels : sequence of str
        Names of the rows, and of the columns.
    counts : bool
        Write each value that is not 0 into its square.

    Notes
    -----
    The other parameters are those of `draw_images`.
    """
    matrices = {heading: np.asarray(matrix, float) for heading, matrix in panels.items()}
    greatest = max(matrix.max() for matrix in matrices.values())
    shapes = [matrix.shape for matrix in matrices.values()]
    height = WIDTH / len(shapes) * max(rows / columns for rows, columns in shapes)
    figure = _figure(WIDTH, min(height, 6) + 0.9)
    axes = figure.subplots(1, len(matrices), squeeze=False)[0]
    for axis, (heading, matrix) in zip(axes, matrices.items(), strict=True):
        axis.imshow(matrix, cmap="Blues", vmin=0, vmax=greatest)
        axis.set(xlabel=xlabel, ylabel=ylabel, title=heading)
        if labels:
            long = max(map(len, labels)) > 2
            axis.set_xticks(range(len(labels)), labels, rotation=90 if long else 0)
            axis.set_yticks(range(len(labels)), labels)
        for (row, column), value in np.ndenumerate(matrix) if counts else ():
            if value:
                colour = "white" if value > greatest / 2 else "black"
                axis.text(column, row, f"{value:g}", ha="center", va="center", color=colour)
    _finish(figure, name, title)


def draw_paths(
    name: str,
    height: Callable[[Any, Any], Any],
    paths: Mapping[str, Any],
    title: str = "",
) -> None:
    """Draw paths in a valley, over its lines of equal height, one panel below the other.

    Parameters
    ----------
    height : function
        Of x and y, arrays of one shape.
    paths : mapping of panel title to (steps, 2)
        x and y after each step.

    Notes
    -----
    The other parameters are those of `draw_images`.
    """
    points = np.concatenate([np.asarray(path) for path in paths.values()])
    margin = 0.1 * np.ptp(points, axis=0) + 0.1
    (left, bottom), (right, top) = points.min(axis=0) - margin, points.max(axis=0) + margin
    x, y = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 100))
    figure = _figure(WIDTH, 2.3 * len(paths) + 0.4)
    axes = figure.subplots(len(paths), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (heading, path) in zip(axes, paths.items(), strict=True):
        axis.contour(x, y, height(x, y), 12, colors="#ced4da", linewidths=0.8)
        axis.plot(*np.asarray(path).T, "o-", markersize=3, linewidth=1, color=COLOURS[0])
        axis.plot(0, 0, "*", color=COLOURS[1], markersize=12, zorder=3)
        axis.set(ylabel="y", title=heading)
    axes[-1].set_xlabel("x")
    _finish(figure, name, title)


def _last_channel(image: Any) -> np.ndarray:
    """(H, W) or (H, W, 3)."""
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] != 3:
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3):
        return array
    raise ConfigError(
        f"draw_images: an image must be (H, W), (H, W, 3) or (C, H, W) (got {array.shape})"
    )


def _limits(
    scale: str | Limits, image: np.ndarray, row: list[np.ndarray], everything: list[np.ndarray]
) -> Limits:
    if not isinstance(scale, str):
        return scale
    groups = {"each": [image], "row": row, "all": everything}
    if scale not in groups:
        known = ", ".join(groups)
        raise ConfigError(f"draw_images: scale must be {known} or two numbers (got {scale!r})")
    group = groups[scale]
    return float(min(one.min() for one in group)), float(max(one.max() for one in group))


def _image(axis: Axes, image: np.ndarray, low: float, high: float, cmap: str) -> None:
    axis.axis("on")
    axis.set(xticks=[], yticks=[])
    if image.ndim == 2:
        axis.imshow(image, cmap=cmap, vmin=low, vmax=high if high > low else low + 1)
    else:
        axis.imshow(np.clip((image - low) / max(high - low, 1e-12), 0, 1))


def _figure(width: float, height: float) -> Figure:
    """An empty figure, in inches. Matplotlib is imported only where something is drawn."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _finish(figure: Figure, name: str, title: str) -> None:
    if title:
        figure.suptitle(title)
    show(figure, name)
