"""Draws both pictures of a run from the files in its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinyalex import training
from tinyalex.backends import Array
from tinyalex.errors import ShapeError
from tinyalex.layers import Container, Conv2d
from tinyalex.report.pictures import curves, filters
from tinyalex.runs import metrics


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
