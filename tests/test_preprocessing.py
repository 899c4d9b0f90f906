"""Preprocessing takes everything from the recipe and the statistics, and gives it to the loader."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tinyalex import backends, data, recipes
from tinyalex.data.dataset import array_split
from tinyalex.preprocessing import Preprocessing
from tinyalex.recipes import Recipe

N, SIDE, CROP = 6, 9, 7
IMAGES = np.random.default_rng(0).integers(0, 256, (N, SIDE, SIDE, 3), np.uint8)
SPLIT = array_split(IMAGES, np.arange(N) % 2, 2, "here")
STATISTICS = data.statistics(SPLIT, CROP)
RECIPE = replace(
    recipes.get("paper"), crop=CROP, crop_at="center", mirror=False, scale=(0.5, 1.0, 2.0)
)
CENTRE = IMAGES[:, 1:8, 1:8].transpose(0, 3, 1, 2).astype(np.float32)


def batch(recipe: Recipe, **how: bool) -> np.ndarray:
    """All images as the network gets them, in their own order."""
    images = Preprocessing.of(recipe, STATISTICS)
    loader = images.loader(SPLIT, backends.get("numpy", threads=1), N, **how)
    ((x, _),) = loader.epoch(0)
    return x[np.argsort(loader._plan(0).order)]


@pytest.mark.parametrize("kind", ["image", "channel", "none"])
@pytest.mark.parametrize("training", [False, True])
def test_the_mean_is_subtracted_and_the_rest_multiplied(kind, training):
    mean = STATISTICS.mean(kind)
    wanted = CENTRE - (0 if mean is None else mean)
    wanted *= np.array(RECIPE.scale, np.float32)[:, None, None]
    found = batch(replace(RECIPE, mean=kind, colour_scale=0.1), training=training)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-4)


def test_colours_are_shifted_and_spread_only_where_asked():
    """A shift moves all pixels of one channel of an image by the same amount."""
    recipe = replace(RECIPE, colour="std", colour_sigma=0.5, colour_scale=0.5)
    plain = batch(recipe, training=True)
    shift = batch(recipe, training=True, colour=True) - plain / 2
    one = shift.mean(axis=(2, 3), keepdims=True)
    np.testing.assert_allclose(shift, np.broadcast_to(one, shift.shape), atol=1e-3)
    assert np.abs(one).min() > 1e-3


def test_training_crops_and_flips_are_those_of_the_recipe():
    recipe = replace(RECIPE, mean="none")
    moved = batch(replace(recipe, crop_at="random"), training=True)
    flipped = batch(replace(recipe, mirror=True), training=True)
    plain = batch(recipe, training=True)
    assert not np.array_equal(moved, plain)
    same = [np.array_equal(a, b) for a, b in zip(flipped, plain, strict=True)]
    other = [np.array_equal(a[..., ::-1], b) for a, b in zip(flipped, plain, strict=True)]
    assert any(same) and any(other) and all(np.logical_or(same, other))


@pytest.mark.parametrize(("crop", "mirror"), [(CROP, True), (CROP, False), (None, True)])
def test_ten_crops_suit_a_network_that_was_trained_on_crops_and_flips(crop, mirror):
    images = Preprocessing.of(replace(RECIPE, crop=crop, mirror=mirror), STATISTICS)
    assert images.suits_ten_crops == (crop is not None and mirror)


def test_only_a_mean_image_is_one():
    kinds = {kind: replace(RECIPE, mean=kind) for kind in ("image", "channel", "none")}
    means = {kind: Preprocessing.of(recipe, STATISTICS) for kind, recipe in kinds.items()}
    assert means["image"].mean_image is STATISTICS.mean_image
    assert means["channel"].mean_image is None and means["none"].mean_image is None
