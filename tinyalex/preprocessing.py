"""How a network's images are prepared: in training, in tests, for predictions and in exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyalex.backends import Backend
from tinyalex.data import Loader, Split, Statistics
from tinyalex.recipes import Recipe


@dataclass(frozen=True, eq=False)
class Preprocessing:
    """What is done to an image before the network sees it; see `Recipe` for the numbers."""

    crop: int | None  # side in pixels; None is the whole image
    random_crop: bool  # of training images; otherwise from the centre, as in tests
    mirror: bool  # flip half of the training images left to right
    mean_kind: str  # "image", "channel" or "none"
    mean: np.ndarray | None  # float32 (C, H, W) or (C, 1, 1), subtracted from pixels 0 to 255
    scale: float | tuple[float, ...]  # factor after that, or one per channel
    colour: np.ndarray | None  # float32 (C, C): shift of training images, `Statistics.colour`
    colour_scale: float  # another factor on training images whose colours are shifted

    @classmethod
    def of(cls, recipe: Recipe, statistics: Statistics) -> Preprocessing:
        """What a recipe does to images, with the statistics of the training images."""
        return cls(
            crop=recipe.crop,
            random_crop=recipe.crop_at == "random",
            mirror=recipe.mirror,
            mean_kind=recipe.mean,
            mean=statistics.mean(recipe.mean),
            scale=recipe.scale,
            colour=statistics.colour(recipe.colour, recipe.colour_sigma),
            colour_scale=recipe.colour_scale,
        )

    @property
    def mean_image(self) -> np.ndarray | None:
        """The mean, if it is an image."""
        return self.mean if self.mean_kind == "image" else None

    @property
    def suits_ten_crops(self) -> bool:
        """Whether ten crops look like the training images: crops, and crops flipped."""
        return self.crop is not None and self.mirror

    def loader(
        self,
        split: Split,
        backend: Backend,
        batch_size: int,
        *,
        training: bool = False,
        colour: bool = False,
        **options: Any,
    ) -> Loader:
        """A loader of prepared images, with more ``options`` of `Loader`: seed, views, workers.

        By default for tests; ``colour`` shifts the colours of training images.
        """
        factor = self.colour_scale if colour else 1.0
        return Loader(
            split,
            backend,
            batch_size,
            crop=self.crop,
            random_crop=self.random_crop,
            mirror=self.mirror,
            mean=self.mean,
            scale=np.multiply(self.scale, factor).tolist(),
            colour=self.colour if colour else None,
            training=training,
            **options,
        )
