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
    """What is done to an image before the network sees it.

    Attributes
    ----------
    crop : int or None
        Side of the crop in pixels; None is the whole image.
    random_crop : bool
        Whether training crops lie at random places; otherwise at the centre, as in tests.
    mirror : bool
        Whether half of the training images are flipped left to right.
    mean_kind : ``"image"``, ``"channel"`` or ``"none"``
    mean : float32 (C, H, W) or (C, 1, 1), or None
        Subtracted from the pixels (0 to 255).
    scale : float, or tuple with one per channel
        Factor on the pixels after the mean was subtracted.
    colour : float32 (C, C) or None
        Colour shift of training images; see `Statistics.colour`.
    colour_scale : float
        Another factor on training images while their colours are shifted.
    """

    crop: int | None
    random_crop: bool
    mirror: bool
    mean_kind: str
    mean: np.ndarray | None
    scale: float | tuple[float, ...]
    colour: np.ndarray | None
    colour_scale: float

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
        """A loader of prepared images; for tests, if ``training`` does not say otherwise.

        Parameters
        ----------
        colour : bool
            Whether to shift the colours.
        **options
            Of `Loader`: seed, views, shuffle, workers.
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
