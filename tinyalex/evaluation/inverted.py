"""Dark ink on light paper, for a network that was trained on light ink on dark paper."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.data import Split
from tinyalex.errors import ConfigError
from tinyalex.runs.load import Run

_DARK = 96  # highest mean of dark training images, 0 to 255; that of photographs is higher
_LIGHT = 160  # lowest median of a light image's edge
_SAMPLE = 256  # images of a data set that are examined

Host = np.ndarray[Any, Any]


def look_inverted(images: Host, training_mean: float) -> Host:
    """Which images, uint8 (n, H, W, C), look like negatives of the training images: bool (n,).

    Only where the training images are grey and their mean (0 to 255) is dark: they show light
    strokes on a dark background, and an image with a light edge has a light background.
    """
    n, H, W, C = images.shape
    if C != 1 or training_mean >= _DARK:
        return np.zeros(n, bool)
    edge = np.ones((H, W), bool)
    edge[1:-1, 1:-1] = False
    light: Host = np.median(images[:, edge, 0], axis=1) > _LIGHT
    return light


def inverted(run: Run, split: Split) -> Split:
    """The same images with light and dark exchanged, for networks of grey images alone."""
    if split.image_shape[2] != 1:
        raise ConfigError(
            f"--invert is for networks that take grey images; {run.model.name} in {run.folder}"
            " takes colours",
            "leave --invert out",
        )
    return Split(lambda rows: 255 - split.images(rows), split.labels, split.image_shape)


def warning(run: Run, split: Split) -> str | None:
    """Warn if most of the images look like negatives of the training images."""
    mean = float(run.statistics.mean_image.mean())
    if not len(split) or split.image_shape[2] != 1 or mean >= _DARK:
        return None
    N = min(_SAMPLE, len(split))
    negatives = look_inverted(split.images(np.arange(N) * len(split) // N), mean).sum()
    if 2 * negatives < N:
        return None
    which = "the image looks" if N == 1 else f"{negatives} of {N} images look"
    return (
        f"{which} dark on light, and the network was trained on light on dark: its answers may"
        " be wrong; --invert exchanges the two"
    )
