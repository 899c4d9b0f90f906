"""Dark ink on light paper, shown to a network that was trained on the opposite."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.data import Split
from tinyalex.errors import ConfigError
from tinyalex.runs.load import Run

_DARK = 96  # mean of the training images, 0 to 255; photographs lie above it
_LIGHT = 160  # median of a picture's edge
_SAMPLE = 256  # images of a data set that are looked at

Host = np.ndarray[Any, Any]


def look_inverted(images: Host, training_mean: float) -> Host:
    """Which pictures look like negatives of the training images: bool (n,).

    Parameters
    ----------
    images : uint8 (n, H, W, C)
    training_mean : float
        Mean of the training images' pixels, 0 to 255.

    Notes
    -----
    Only for grey images with a dark mean: those are light strokes on a dark ground, and a picture
    with a light edge has the ground of the opposite. Of photographs nothing can be said.
    """
    n, H, W, C = images.shape
    if C != 1 or training_mean >= _DARK:
        return np.zeros(n, bool)
    edge = np.ones((H, W), bool)
    edge[1:-1, 1:-1] = False
    light: Host = np.median(images[:, edge, 0], axis=1) > _LIGHT
    return light


def inverted(run: Run, split: Split) -> Split:
    """The same images with light and dark exchanged.

    Raises
    ------
    ConfigError
        The network takes colours: a negative of a photograph is nothing that it knows.
    """
    if split.image_shape[2] != 1:
        raise ConfigError(
            f"--invert is for networks that take grey pictures; {run.model.name} in {run.folder}"
            " takes colours",
            "leave --invert out",
        )
    return Split(lambda rows: 255 - split.images(rows), split.labels, split.image_shape)


def warning(run: Run, split: Split) -> str | None:
    """One sentence if most of some pictures look like negatives of what the network knows."""
    mean = float(run.statistics.mean_image.mean())
    if not len(split) or split.image_shape[2] != 1 or mean >= _DARK:
        return None
    N = min(_SAMPLE, len(split))
    odd = look_inverted(split.images(np.arange(N) * len(split) // N), mean).sum()
    if 2 * odd < N:
        return None
    which = "the picture looks" if N == 1 else f"{odd} of {N} pictures look"
    return (
        f"{which} dark on light, and the network was trained on light on dark: what it says may"
        " be wrong; --invert exchanges the two"
    )
