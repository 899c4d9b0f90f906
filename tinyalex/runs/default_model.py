"""The model that suits a data set, if the user names none."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tinyalex import data
from tinyalex.data import Glance

_THUMBNAIL, _SMALL = 24, 48  # upper limits of the shorter side, in pixels
_MANY_SMALL = 5_000  # with fewer images, cifar-80sec's ten epochs are too few steps
_LIKE_IMAGENET, _PAPER_SIDE = 500_000, 227


class Choice(NamedTuple):
    """A model's name and, for people, the data it was chosen for."""

    model: str
    reason: str

    def __str__(self) -> str:
        return f"model: {self.model}, for {self.reason}; another one: --model"


def default_model(name: str, ours: Path | None = None) -> Choice:
    """Choose the model for a data set by its kind and by the number and size of its images.

    Arguments and errors are those of `tinyalex.data.glance`.

    Examples
    --------
    >>> print(default_model("digits"))
    model: tiny, for handwritten digits; another one: --model
    >>> default_model("cifar10@2000").model
    'alexnet-small'
    """
    seen = data.glance(name, ours)
    return Choice(_model(seen), _reason(seen))


def _model(seen: Glance) -> str:
    if seen.kind == "digits" or seen.side < _THUMBNAIL:
        return "tiny"
    if seen.side < _SMALL:
        return "cifar-80sec" if seen.images >= _MANY_SMALL else "alexnet-small"
    if seen.images >= _LIKE_IMAGENET and seen.side >= _PAPER_SIDE:
        return "alexnet"
    return "alexnet-mini"


def _reason(seen: Glance) -> str:
    if seen.kind == "digits":
        return "handwritten digits"
    if seen.kind == "CIFAR":
        return f"{seen.images:,} training images of {seen.side} x {seen.side} pixels"
    where = "packed" if seen.kind == "packed" else "in a folder"
    many = "s" if seen.images > 1 else ""
    return (
        f"{seen.images:,} image{many} of {seen.classes:,} classes {where},"
        f" {seen.side:,} pixels per side"
    )
