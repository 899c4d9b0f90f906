"""Mistakes after which a run seems not to learn: other labels, another mean, other layers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from tinyalex import data
from tinyalex.errors import CheckpointError, DataError
from tinyalex.layers import Sequential
from tinyalex.preprocessing import Preprocessing

_SYNSET = re.compile(r"n\d{8}")
_FEWEST_IMAGES = 50  # an error on fewer images cannot be told from chance
_SAMPLE = 256  # images whose mean colour is compared

# Recorded lines that differ from the model's lines now, but compute the same. ceil_mode only adds
# a last window; that would change the inputs of the first Linear layer, and so another line.
_SAME_LAYERS = {
    "alexnet-caffe": {
        "(14): MaxPool2d(kernel_size=3, stride=2, ceil_mode=False)": (
            "(14): MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)"
        )
    }
}


def class_order_warning(classes: Sequence[str], where: str) -> str | None:
    """Warn of classes that are ImageNet synsets, but not in alphabetical order.

    Caffe, torchvision and the folders of the training set number the synsets alphabetically. The
    development kit, and so the published validation labels, has its own ids (ILSVRC2012_ID).
    """
    if not classes or not all(_SYNSET.fullmatch(str(name)) for name in classes):
        return None
    order = sorted(classes)
    if list(classes) == order:
        return None
    i = next(i for i, (a, b) in enumerate(zip(classes, order, strict=True)) if a != b)
    return (
        f"{where}: the classes are ImageNet synsets, but not in alphabetical order (class {i} is "
        f"{classes[i]}, alphabetically it would be {order[i]}). Are they numbered by the "
        "development kit's own ids? Published weights use the alphabetical order"
    )


def repeats_notes(config_facts: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """Warn if a run that repeats another one (`RunConfig.from_file`) has other data or weights."""
    before = config_facts.get("repeats", {})
    weights = facts.get("initialised", {}).get("weights_sha256")
    now = {"data_fingerprint": facts["data_fingerprint"], "weights_sha256": weights}
    names = {"data_fingerprint": "the data", "weights_sha256": "the weights of --init-from"}
    return [
        f"{names[name]} are not those of {before.get('run', 'the run')} in --config: the result "
        "will differ"
        for name, fact in now.items()
        if before.get(name, fact) != fact
    ]


def near_chance_warning(
    test_error: float, train_error: float | None, num_classes: int, test_images: int
) -> str | None:
    """Warn if a network is good on its training images, and at chance on the test images.

    The training accuracy must be at least 20 points above chance, and the test accuracy at most a
    tenth as far above it.
    """
    if train_error is None or test_images < _FEWEST_IMAGES:
        return None
    chance = 1 / num_classes
    learned, general = 1 - train_error - chance, 1 - test_error - chance
    if learned < 0.2 or general > 0.1 * learned:
        return None
    return (
        f"the test error is {test_error:.1%}, close to chance ({1 - chance:.1%}), the training "
        f"error {train_error:.1%}: are the test images' labels numbered in another order, such as "
        "the development kit's ids instead of sorted synsets? `tinyalex evaluate` looks for an "
        "order that explains the predictions"
    )


def check_layers(model: Sequential, recorded: Any, where: str) -> None:
    """Raise CheckpointError if weights were trained with other layers than the model has now.

    They may fit all the same, for example if ReLU has become tanh. ``recorded`` are the lines of
    the model's ``repr`` when the run began; None in runs of older versions.
    """
    if recorded is None:
        return
    before = recorded if isinstance(recorded, list) else []  # config.json is not checked for it
    name = getattr(model, "name", type(model).__name__)
    same = _SAME_LAYERS.get(name, {})
    pairs = zip_longest(before, repr(model).splitlines(), fillvalue="nothing")
    for was, here in ((str(a).strip(), b.strip()) for a, b in pairs if a != b):
        if same.get(was) != here:
            break
    else:
        return
    raise CheckpointError(
        f"{where}: the layers of {name} have changed since this run began: it had "
        f"{was}, now there is {here}",
        "the code that the run was trained with, or a new run in another folder",
    )


def check_mean(images: Preprocessing, image_shape: Sequence[int], where: str) -> None:
    """Raise DataError if the mean cannot belong to images (H, W, C) before the crop.

    A mean image has the size of the crop or of the images, of which the loader takes the centre.
    """
    mean = images.mean
    if mean is None:
        return
    H, W, C = image_shape
    crop = (H, W) if images.crop is None else (images.crop, images.crop)
    kind = f"{where}: the mean {images.mean_kind}"
    if images.mean_kind == "image" and mean.shape not in ((C, *crop), (C, H, W)):
        raise DataError(
            f"{kind} must be {(C, *crop)}, the size of the crop, or {(C, H, W)} (got {mean.shape})",
            "the mean of the same images at the same size",
        )
    if images.mean_kind == "channel" and len(mean) != C:
        raise DataError(f"{kind} must have {C} channels (got {len(mean)})")
    low, high = float(mean.min()), float(mean.max())
    if low < 0 or high > 255:
        raise DataError(
            f"{kind} must be of pixels from 0 to 255 (got values from {low:g} to {high:g})",
            "the mean before any scaling",
        )


def sample_means(split: data.Split) -> np.ndarray:
    """Channel means (C,) of up to 256 images, evenly spaced."""
    N = min(_SAMPLE, len(split))
    images = split.images(np.arange(N) * len(split) // N)
    means: np.ndarray = images.mean(axis=(0, 1, 2), dtype=np.float64)
    return means


def mean_warning(statistics: data.Statistics, of_data: np.ndarray, where: str) -> str | None:
    """Warn if a mean's channels look scaled or reversed (BGR), compared with the data's means.

    The tint is compared: each channel minus the mean of the three.
    """
    mean = np.asarray(statistics.mean_image, np.float64).mean(axis=(1, 2))
    if of_data.mean() > 5 and mean.max() <= 1:
        return (
            f"{where}: the mean looks as if pixels went from 0 to 1 (channel means "
            f"{_numbers(mean)}; those of the data {_numbers(of_data)})"
        )
    if len(mean) != 3:
        return None
    tint, wanted = mean - mean.mean(), of_data - of_data.mean()
    straight = float(np.linalg.norm(tint - wanted))
    swapped = float(np.linalg.norm(tint[::-1] - wanted))
    if straight < 8 or swapped > straight / 2:
        return None
    return (
        f"{where}: the mean's channels look swapped: RGB {_numbers(mean)}, the data's are "
        f"{_numbers(of_data)}. Does the mean come from a BGR program (Caffe, OpenCV)? Then the "
        "first layer's weights may be swapped as well"
    )


def _numbers(values: np.ndarray) -> str:
    return ", ".join(f"{v:.1f}" for v in values)
