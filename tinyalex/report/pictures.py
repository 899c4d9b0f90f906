"""The two pictures of a run: its training curves and its first layer's filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyalex import training
from tinyalex.backends import Array
from tinyalex.errors import RunError, ShapeError
from tinyalex.files import write_atomic
from tinyalex.layers import Container, Conv2d
from tinyalex.outside import drawn
from tinyalex.report.figure import as_png, new_figure, tidy
from tinyalex.report.sheet import columns_of, stretch
from tinyalex.runs import metrics
from tinyalex.runs.metrics import read_epochs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAIN, TEST, FAINT, GREY = "#1f77b4", "#d9480f", "#9aa5b1", "#495057"


def curves(metrics_path: str | Path, out_png: str | Path, title: str = "") -> None:
    """Draw loss and error by epoch.

    Parameters
    ----------
    metrics_path : str or Path
        A run's ``metrics.jsonl``: one JSON object per line.
    out_png : str or Path
        The picture; an older one is replaced in one move.
    title : str
        Heading; the last test error is added to it.

    Raises
    ------
    RunError
        The file has no finished epoch, or is not JSON lines.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     curves("runs/tiny-digits-seed0/metrics.jsonl", f"{folder}/curves.png", "My run")
    ...     Path(folder, "curves.png").read_bytes()[1:4]
    b'PNG'
    """
    try:
        epochs = read_epochs(Path(metrics_path))
    except RunError as error:
        raise RunError(f"curves: {error.message}", error.hint) from error
    if not epochs:
        raise RunError(f"curves: {metrics_path} has no finished epoch", "train for longer")
    x = [record["epoch"] for record in epochs]

    figure = new_figure(9.0, 3.8)
    panels = (
        ("loss", "cross-entropy loss (nats)", 1.0),
        ("error", "error (%)", 100.0),
    )
    axes = figure.subplots(1, len(panels))
    for axis, (key, label, factor) in zip(axes, panels, strict=True):
        train = [factor * record[f"train_{key}"] for record in epochs]
        test = [factor * record[f"test_{key}"] for record in epochs]
        mark = "o" if len(x) < 40 else ""
        axis.plot(
            x, train, color=TRAIN, marker=mark, markersize=3, label="training, mean of the epoch"
        )
        axis.plot(x, test, color=TEST, marker=mark, markersize=3, label="test")
        axis.set_xlabel("epoch")
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
        axis.set_xlim(min(x) - 0.5, max(x) + 0.5)
        axis.xaxis.get_major_locator().set_params(integer=True)
        tidy(axis)
        for i, at in enumerate(learning_rate_drops(epochs)):
            label_once = None if i else "learning rate drops"
            axis.axvline(at, color=FAINT, linestyle=":", linewidth=1, label=label_once)
        axis.legend(frameon=True, edgecolor="none", framealpha=1)
    last = f"test error {100 * epochs[-1]['test_error']:.2f} % after epoch {x[-1]}"
    figure.suptitle(f"{drawn(title)}: {last}" if title else last, fontsize=12)
    save(figure, Path(out_png))


def filters(weight: Any, out_png: str | Path, title: str = "", groups: int = 1) -> None:
    """Draw first-layer filters in a grid, as in the paper's figure 3.

    Each filter is scaled to its own range: its pattern shows, its strength does not.

    Parameters
    ----------
    weight : array (F, C, KH, KW)
        The filters; C is 1 (drawn in grey) or 3 (drawn in colour, RGB).
    out_png : str or Path
        The picture; an older one is replaced in one move.
    title : str
        Heading.
    groups : int
        Number of groups of the next layer; the grid has a gap between them. AlexNet has two:
        figure 3 shows the first above the second.

    Raises
    ------
    ShapeError
        ``weight`` is not (F, 1 or 3, KH, KW), or F is not divisible by ``groups``.

    Examples
    --------
    >>> import tempfile
    >>> weight = np.random.default_rng(0).normal(size=(16, 3, 5, 5))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     filters(weight, f"{folder}/filters.png")
    ...     Path(folder, "filters.png").read_bytes()[1:4]
    b'PNG'
    """
    save(filters_figure(weight, title, groups), Path(out_png))


def filters_figure(weight: Any, title: str = "", groups: int = 1) -> Figure:
    """The picture that `filters` saves."""
    weight = np.asarray(weight, dtype=np.float64)
    if weight.ndim != 4 or weight.shape[1] not in (1, 3) or 0 in weight.shape:
        raise ShapeError(
            f"filters: weight must be (F, 1 or 3, KH, KW) (got {weight.shape})",
            "the weight of the model's first convolution",
        )
    if len(weight) % groups:
        raise ShapeError(
            f"filters: {groups} groups do not divide {len(weight)} filters", "groups=1"
        )
    figure = _grid(stretch(weight), groups)
    height = figure.get_figheight()
    F, C, KH, KW = weight.shape
    what = f"{F} filters of {KH} x {KW} x {C}, each scaled to its own range"
    figure.text(0.5, 1 - 0.2 / height, drawn(title), ha="center", va="center", fontsize=12)
    figure.text(0.5, 1 - 0.45 / height, what, ha="center", va="center", fontsize=9, color=GREY)
    return figure


def draw_run(folder: Path) -> list[Path]:
    """Draw ``curves.png`` and ``filters.png`` into a run's folder.

    Returns
    -------
    list of Path
        The pictures.

    Raises
    ------
    RunError, CheckpointError
        The folder does not hold a run with at least one finished epoch.

    Examples
    --------
    >>> [path.name for path in draw_run(Path("runs/tiny-digits-seed0"))]
    ['curves.png', 'filters.png']
    """
    run = training.load_run(folder, backend="numpy")
    title = f"{run.config.model} on {run.config.facts['data_name']}"
    pictures = [folder / "curves.png", folder / "filters.png"]
    curves(folder / metrics.FILE, pictures[0], title)
    weight, groups = first_filters(run.model)
    filters(weight, pictures[1], f"{title}: first-layer filters", groups)
    return pictures


def first_filters(model: Container) -> tuple[Array, int]:
    """Find the filters of the first layer, which read the image.

    Returns
    -------
    weight : float (F, C, KH, KW), on the host
        Of the first convolution; of two towers, the left tower's, then the right tower's.
    groups : int
        Groups of the second convolution.

    Raises
    ------
    ShapeError
        The model has no convolution.

    Examples
    --------
    >>> from tinyalex import models
    >>> weight, groups = first_filters(models.build("alexnet-small"))
    >>> weight.shape, groups
    ((32, 3, 5, 5), 2)
    """
    convolutions = {n: y for n, y in model.named_layers() if isinstance(y, Conv2d)}
    if not convolutions:
        raise ShapeError("filters: the model has no convolution", "another model")
    weights = model.state_dict()
    first, *rest = convolutions
    if ".left." in first:
        right = first.replace(".left.", ".right.")
        return np.concatenate([weights[f"{first}.weight"], weights[f"{right}.weight"]]), 2
    return weights[f"{first}.weight"], convolutions[rest[0]].groups if rest else 1


def learning_rate_drops(epochs: Sequence[Mapping[str, Any]]) -> list[float]:
    """Where, between two epochs, the learning rate fell below half of its value in one step."""
    pairs = zip(epochs, epochs[1:], strict=False)
    return [(a["epoch"] + b["epoch"]) / 2 for a, b in pairs if b["lr"] < 0.5 * a["lr"]]


def _grid(pictures: np.ndarray, groups: int) -> Figure:
    """Arrange pictures (F, KH, KW, C) in rows, the groups one above the other, under a heading."""
    per_group = len(pictures) // groups
    columns = columns_of(len(pictures), per_group)
    rows = per_group // columns
    cell = min(0.8, 9.6 / columns)  # inches
    heading, edge, gap = 0.65, 0.12, 0.22
    label = 0.35 if groups > 1 else edge  # room on the left for a group's name
    width = max(label + columns * cell + edge, 4.4)
    height = heading + groups * rows * cell + (groups - 1) * gap + edge
    left = (width - columns * cell + label - edge) / 2

    figure = new_figure(width, height, layout=None)
    for group in range(groups):
        bottom = height - heading - (group + 1) * rows * cell - group * gap
        box = (left / width, bottom / height, columns * cell / width, rows * cell / height)
        axis = figure.add_axes(box)
        sheet = _sheet(pictures[group * per_group : (group + 1) * per_group], columns)
        axis.imshow(sheet, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
        axis.set_axis_off()
        if groups > 1:
            x, y = (left - 0.15) / width, (bottom + rows * cell / 2) / height
            name = f"group {group + 1}"
            figure.text(x, y, name, rotation=90, ha="center", va="center", fontsize=9)
    return figure


def _sheet(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Tile pictures (n, KH, KW, C) on white, row by row; C = 1 gives a sheet without C."""
    zoom = max(1, 40 // pictures.shape[1])  # so that a white line can be thinner than a weight
    pictures = pictures.repeat(zoom, axis=1).repeat(zoom, axis=2)
    n, height, width, C = pictures.shape
    line = 2
    sheet = np.ones((n // columns * (height + 2 * line), columns * (width + 2 * line), C))
    for i, picture in enumerate(pictures):
        top = i // columns * (height + 2 * line) + line
        left = i % columns * (width + 2 * line) + line
        sheet[top : top + height, left : left + width] = picture
    return sheet[:, :, 0] if C == 1 else sheet


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file, in one move."""
    write_atomic(path, as_png(figure))
