"""A page in which a run's network computes in the browser, layer by layer, as you draw."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex import notice
from tinyalex.data.image_statistics import centre
from tinyalex.data.views import centre_corner, crop_size
from tinyalex.errors import ConfigError, TinyalexError
from tinyalex.files import write_atomic
from tinyalex.outside import shown
from tinyalex.report.explore.network import Numbers, steps_of
from tinyalex.report.explore.page import compose
from tinyalex.runs.load import Run, load_dataset, load_run
from tinyalex.runs.moved import in_place

__all__ = ["MAX_MB", "explore"]

MAX_MB = 40.0  # of weights, if nothing else is said: browsers open such a page without trouble
SAMPLES = 10  # test images in the page, each of another class

Host = np.ndarray[Any, Any]


def explore(
    run: Run | Path | str,
    out: Path | str,
    *,
    photographs: bool = True,
    max_mb: float = MAX_MB,
    data_root: Path | None = None,
) -> Path:
    """Write one HTML file in which the run's network computes what you draw.

    Parameters
    ----------
    run : Run or folder
    out : Path
        The file; an older one is replaced in one move.
    photographs : bool
        False leaves the data set's images out, for a page that you share.
    max_mb : float
        Largest size of the weights, in MB. The page is a third larger.
    data_root : Path, optional
        Where the data set is now, if it has moved.

    Raises
    ------
    ConfigError
        The weights are larger than ``max_mb``, or a layer is of a kind that the page does not know.
    RunError, CheckpointError
        The folder has no run, or its checkpoint is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from tinyalex import training
    >>> from tinyalex.report import explore
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = training.train(training.RunConfig(epochs=1, out=f"{folder}/first"))
    ...     path = explore(f"{folder}/first", f"{folder}/explore.html")
    ...     "function conv2d(layer, x)" in path.read_text(encoding="utf-8")
    True
    """
    if not max_mb > 0:
        raise ConfigError(f"max_mb must be above 0 (got {max_mb})", "max_mb=40")
    if not isinstance(run, Run):
        run = load_run(run, backend="numpy", threads=1)
    size = 4 * run.model.count_parameters() / 1e6
    if size > max_mb:
        raise ConfigError(
            f"{run.folder}: the network has {size:.3g} MB of weights; a page gets at most"
            f" {max_mb:g} MB",
            f"max_mb={-(-size // 10) * 10:.0f}, if your browser can open so large a page; or"
            " `tinyalex look`, which writes pictures only",
        )
    numbers = Numbers()
    network = {
        "image": _image(run, numbers),
        "layers": steps_of(run.model, run.model.input_shape, numbers),
        "classes": [shown(str(name)) for name in _class_names(run)],
        "samples": _samples(run, data_root) if photographs else [],
    }
    name = shown(str(run.config.facts.get("data_name", run.config.data)))
    html = compose(f"{run.config.model} on {name}", network, numbers.bytes())
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, html.encode())
    return path


def _image(run: Run, numbers: Numbers) -> dict[str, Any]:
    """How a picture is prepared: `tinyalex.preprocessing` for one image, in test mode."""
    H, W, C = run.config.facts["image_shape"]
    how = run.preprocessing
    crop = crop_size(how.crop, (H, W))
    mean = np.zeros((C, 1, 1), np.float32) if how.mean is None else how.mean
    if mean.shape == (C, H, W) and H == W:
        mean = centre(mean, crop[0])
    return {
        "shape": [H, W, C],
        "crop": [*centre_corner((H, W), crop), *crop],
        "scale": np.full(C, how.scale, np.float32).tolist(),
        "colour": run.statistics.channel_means.tolist(),
        "arrays": {"mean": numbers.add(np.broadcast_to(mean, (C, *crop)))},
    }


def _class_names(run: Run) -> list[str]:
    """The classes' names for people."""
    names: list[str] = run.config.facts.get("class_names") or run.classes
    return names


def _samples(run: Run, data_root: Path | None) -> list[dict[str, str]]:
    """The first test image of each class; none, and a warning, if the data are not there."""
    try:
        test = load_dataset(in_place(run.config, None, data_root)).test
    except TinyalexError as error:
        notice.warn(f"the page has no test images: {error.message}")
        return []
    _, rows = np.unique(test.labels, return_index=True)
    names = _class_names(run)
    return [
        {"name": shown(str(names[test.labels[row]])), "pixels": _text(image)}
        for row, image in zip(rows[:SAMPLES], test.images(rows[:SAMPLES]), strict=True)
    ]


def _text(pixels: Host) -> str:
    return base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode()
