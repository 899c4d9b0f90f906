"""One image in a network, as a page: feature maps, saliency, Grad-CAM, answers."""

from __future__ import annotations

from pathlib import Path

from tinyalex.files import write_atomic
from tinyalex.report.look.gradients import grad_cam, saliency
from tinyalex.report.look.page import compose
from tinyalex.report.look.passes import Look, look_at
from tinyalex.runs.load import Run, load_run

__all__ = ["Look", "grad_cam", "look", "look_at", "saliency"]


def look(
    run: Run | Path | str,
    image: Path | str,
    out: Path | str,
    *,
    layer: str | None = None,
    class_name: str | None = None,
    invert: bool = False,
    backend: str = "auto",
    threads: int | None = None,
) -> Look:
    """Write one HTML file about an image in a network. It needs no network when it is opened.

    Parameters
    ----------
    run : Run or folder
    image : Path
        An image file; it is prepared as the training images were.
    out : Path
        The file; an older one is replaced in one move.
    layer : str, optional
        Layer of Grad-CAM. Default: the last convolution.
    class_name : str, optional
        A class to explain besides the predicted one.
    invert : bool
        Exchange light and dark: for ink on paper, and a network trained on light strokes.
    backend, threads : optional

    Raises
    ------
    ConfigError, ShapeError
        There is no such layer or class, or the layer has no feature maps.
    DataError
        The file cannot be read as an image.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (16, 16)).save(f"{folder}/black.png")
    ...     found = look("runs/tiny-digits-seed0", f"{folder}/black.png", f"{folder}/look.html")
    >>> len(found.best), round(float(found.p.sum()), 3)
    (5, 1.0)
    """
    if not isinstance(run, Run):
        run = load_run(run, backend, threads)
    found = look_at(run, Path(image), layer, class_name, invert)
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, compose(found, Path(image).name).encode())
    return found
