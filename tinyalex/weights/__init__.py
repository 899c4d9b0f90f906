"""Import networks from PyTorch, Caffe and ONNX; export our own to PyTorch and ONNX."""

from __future__ import annotations

from pathlib import Path

from tinyalex.runs.load import Run
from tinyalex.weights.classes import ImageNetClass, imagenet_classes
from tinyalex.weights.export import export
from tinyalex.weights.fetch import PUBLISHED, download, find
from tinyalex.weights.imported import Imported
from tinyalex.weights.read import read

__all__ = [
    "ImageNetClass",
    "Imported",
    "download",
    "export",
    "find",
    "imagenet_classes",
    "load",
    "read",
]


def load(
    weights: Path | str,
    root: Path | str | None = None,
    backend: str = "auto",
    threads: int | None = None,
) -> Run:
    """Load a network by the name of published weights, or from a file, ready to classify images.

    Parameters
    ----------
    weights : str or Path
        ``"torchvision"``, or a file that `read` takes.
    root : path, optional
        Folder of downloads; see `fetch.weights_folder`.
    backend : str
        "auto", "numpy", "numba" or "cuda".
    threads : int, optional

    Raises
    ------
    DataError
        The published weights have not been downloaded.
    CheckpointError, ConfigError, BackendError
        As in `read`.

    Examples
    --------
    >>> import tempfile
    >>> from tinyalex import training
    >>> run = training.load_run("runs/tiny-digits-seed0", backend="numpy")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file, *_ = export(run, f"{folder}/tiny.safetensors")
    ...     again = load(file, backend="numpy")
    >>> again.model.name, again.classes == run.classes
    ('tiny', True)
    """
    named = str(weights) in PUBLISHED or not Path(weights).suffix
    path = find(str(weights), root) if named else Path(weights)
    return read(path).run(backend, threads)
