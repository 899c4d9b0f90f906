"""Classifying image files with a trained network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex import data, notice
from tinyalex.data.file_types import say_kinds
from tinyalex.data.splits import ARCHIVES, has_images, is_image, packed_up, subfolders, visible
from tinyalex.errors import ConfigError, DataError
from tinyalex.evaluation import inverted as negatives
from tinyalex.evaluation.views import probabilities
from tinyalex.runs.load import Run, load_run

_BATCH = 32
_SHOWN = 5  # folders named in an error


def predict(
    run: Run | Path | str,
    image_paths: Sequence[Path | str],
    top: int = 5,
    crops: int = 1,
    backend: str = "auto",
    invert: bool = False,
    threads: int | None = None,
    batch_size: int = _BATCH,
) -> list[dict[str, Any]]:
    """Name the most probable classes of images.

    Parameters
    ----------
    run : Run or folder
    image_paths : sequence of files or folders
        Anything that Pillow reads, or folders of such files. They are converted to the size and
        the channels of the training images.
    top : int
        Number of classes to name.
    crops : int
        1, 9 or 10 crops per image; see `probabilities`.
    backend : str
    invert : bool
        Exchange light and dark: for ink on paper, and a network trained on grey images of light
        strokes. Where images seem to need it, the user is warned.
    threads : int, optional
    batch_size : int
        Images that are read and computed at once.

    Returns
    -------
    list of dict
        For each image its path, ``image``, and ``classes``, the most probable first: dicts of
        ``name`` (for people), ``class`` (the label) and ``probability``.

    Raises
    ------
    ConfigError
        ``top`` is below 1, no image is named, or the network takes colours and ``invert`` is True.
    DataError
        A file cannot be read as an image.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (16, 16)).save(f"{folder}/black.png")
    ...     [found] = predict("runs/tiny-digits-seed0", [folder], top=3, backend="numpy")
    >>> len(found["classes"]), list(found["classes"][0])
    (3, ['name', 'class', 'probability'])
    """
    if top < 1:
        raise ConfigError(f"top must be at least 1 (got {top})", "--top 5")
    if not image_paths:
        raise ConfigError("predict: no image is named", "tinyalex predict RUN IMAGE...")
    if not isinstance(run, Run):
        run = load_run(run, backend, threads)
    paths = picture_files(image_paths)
    H, W, C = run.config.facts["image_shape"]

    def read(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.stack([data.read_image(paths[i], H, C) for i in rows])

    no_labels = np.zeros(len(paths), dtype=np.int64)
    split = data.Split(read, no_labels, (H, W, C))
    if invert:
        split = negatives.inverted(run, split)
    elif warning := negatives.warning(run, split):
        notice.warn(warning)
    names = run.config.facts.get("class_names") or run.classes
    predictions = []
    for path, p in zip(paths, probabilities(run, split, crops, batch_size), strict=True):
        best = np.argsort(-p, kind="stable")[:top]
        classes = [
            {"name": names[i], "class": run.classes[i], "probability": float(p[i])} for i in best
        ]
        predictions.append({"image": str(path), "classes": classes})
    return predictions


def picture_files(paths: Sequence[Path | str]) -> list[Path]:
    """The named files; for a folder the images in it, sorted by name, or DataError if none."""
    files: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir():
            if path.name.lower().endswith(ARCHIVES):
                raise packed_up(path)
            files.append(path)
            continue
        inside = sorted(path / name for name in visible(path) if is_image(path / name))
        if not inside:
            raise _no_pictures(path)
        files += inside
    return files


def _no_pictures(folder: Path) -> DataError:
    """The error for a folder without images; its subfolders may have some."""
    deeper = [path for path in subfolders(folder) if has_images(path)]
    kinds = say_kinds(folder / name for name in visible(folder) if (folder / name).is_file())
    if not deeper:
        text = f"{folder}: a folder without images in it" + (f" ({kinds})" if kinds else "")
        return DataError(text, "the path of an image")
    names = ", ".join(path.name for path in deeper[:_SHOWN])
    return DataError(
        f"{folder}: no images in it, but in its subfolders: {names}"
        + (f" and {len(deeper) - _SHOWN:,} more" if len(deeper) > _SHOWN else ""),
        f"one of these: {deeper[0]}; or `tinyalex evaluate` with --data {folder}, if they are "
        "classes",
    )
