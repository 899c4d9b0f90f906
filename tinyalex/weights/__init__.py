"""Weights that travel: networks of PyTorch and Caffe in, and our own out again."""

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


def load(weights: Path | str, root: Path | str | None = None, backend: str = "auto") -> Run:
    """A network by the name of published weights, or from a file, ready to look at images.

    Parameters
    ----------
    weights : str or Path
        ``"torchvision"``, or a file that `read` takes.
    root : path, optional
        Where downloads are kept.
    backend : str

    Raises
    ------
    DataError
        Published weights that have not been downloaded.
    CheckpointError, ConfigError, BackendError
        As in `read`.
    """
    named = str(weights) in PUBLISHED or not Path(weights).suffix
    path = find(str(weights), root) if named else Path(weights)
    return read(path).run(backend)
