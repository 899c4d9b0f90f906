"""Weights of `tiny` for the digits that come with the package, trained by the package's own run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from tinyalex import data, models, recipes
from tinyalex.backends import Backend
from tinyalex.models import Model
from tinyalex.preprocessing import Preprocessing

# `tinyalex train --backend numba --seed 0`, tinyalex 0.1.0: test error 0.56 % on 360 images. The
# weights are stored in float16, which changes no prediction. `tests/learn/own` says how it is made.
WEIGHTS = Path(__file__).with_name("tiny-digits.safetensors")


def trained_tiny(backend: Backend) -> tuple[Model, Preprocessing]:
    """The trained network, in test mode, and how its images are prepared."""
    tensors = load_file(WEIGHTS)
    recipe = recipes.get("tiny")
    model = models.build("tiny", init=models.ZEROS, image_size=recipe.crop)
    weights = {
        name.removeprefix("model/"): array.astype(np.float32)
        for name, array in tensors.items()
        if name.startswith("model/")
    }
    model.load_state_dict(weights)
    statistics = data.Statistics.from_arrays(
        {
            name.removeprefix("statistics/"): array
            for name, array in tensors.items()
            if name.startswith("statistics/")
        }
    )
    return model.to(backend).eval(), Preprocessing.of(recipe, statistics)
