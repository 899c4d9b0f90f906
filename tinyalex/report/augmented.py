"""The images of a training batch as the network saw them: cropped, flipped, recoloured."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import numpy as np
from PIL import Image

from tinyalex import backends
from tinyalex.data import Loader, Split, Statistics
from tinyalex.preprocessing import Preprocessing
from tinyalex.report.sheet import sheet
from tinyalex.runs.config import ResolvedConfig
from tinyalex.runs.film import HostArray

SHOWN = 32  # images
MOST_SIDE = 80  # pixels of an image on the sheet


class Augmented:
    """A run's training images, to be seen.

    Parameters
    ----------
    config : ResolvedConfig
    statistics : Statistics
        Of the training images, from the run's checkpoint.
    split : Split
        The training images.
    """

    def __init__(self, config: ResolvedConfig, statistics: Statistics, split: Split) -> None:
        self._until = config.recipe.colour_until
        prepared = Preprocessing.of(config.recipe, statistics)
        # Without the mean and the scale: what is left are pixels.
        self._prepared = replace(prepared, mean=None, scale=1.0, colour_scale=1.0)
        self._split, self._config = split, config

    def images(self, epoch: int) -> HostArray:
        """The first `SHOWN` images of an epoch that counts from 0: uint8 (n, H, W, C)."""
        loader = self._loader(colour=self._until is None or epoch < self._until)
        with closing(loader.epoch(epoch)) as batches:
            x, _ = next(batches)
        pixels: HostArray = np.clip(np.round(x), 0, 255).astype(np.uint8)
        return pixels.transpose(0, 2, 3, 1)

    def _loader(self, colour: bool) -> Loader:
        """Which image, crop and flip is where depends on the seed, not on the batch's size."""
        return self._prepared.loader(
            self._split,
            backends.get("numpy", threads=1),
            batch_size=min(SHOWN, self._config.batch_size),
            training=True,
            colour=colour,
            seed=self._config.seed,
            shuffle=self._config.shuffle,
            workers=1,
            prefetch=1,
        )


def batch_sheet(images: HostArray) -> bytes:
    """Images uint8 (n, H, W, C) in rows of eight, large ones reduced: a PNG file."""
    factor = -(-min(images.shape[1:3]) // MOST_SIDE)
    n, _, _, C = images.shape
    small = [Image.fromarray(image[..., 0] if C == 1 else image).reduce(factor) for image in images]
    tiles = np.stack([np.asarray(image) for image in small])
    return sheet(tiles.reshape(n, *tiles.shape[1:3], C), min(n, 8))
