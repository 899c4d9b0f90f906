"""The parts of a network, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tinyalex.layers import (
    AvgPool2d,
    Conv2d,
    Dropout,
    Layer,
    Linear,
    LocallyConnected2d,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    SpatialResponseNorm,
    Tanh,
)
from tinyalex.learn.own import supply
from tinyalex.learn.own.operations import OwnOperations

_OPERATIONS: dict[type[Layer], str] = {
    AvgPool2d: "avg_pool2d",
    Conv2d: "conv2d",
    Dropout: "dropout",
    Linear: "linear",
    LocallyConnected2d: "local_conv2d",
    LocalResponseNorm: "local_response_norm",
    MaxPool2d: "max_pool2d",
    ReLU: "relu",
    SpatialResponseNorm: "spatial_response_norm",
    Tanh: "tanh",
}
_ONE_FOR_BOTH = ("dropout",)  # forward and backward are the same function


@dataclass(frozen=True)
class Part:
    """An operation that a network uses.

    Attributes
    ----------
    operation : str
        Its name in `tinyalex.functional`.
    exercises : tuple of str
        The student's answers that it is made of; empty if it is the package's.
    candidates : tuple of str
        The exercises that it could be made of.
    """

    operation: str
    exercises: tuple[str, ...]
    candidates: tuple[str, ...]

    @property
    def is_own(self) -> bool:
        return bool(self.exercises)


def operations_of(layer: Layer) -> tuple[str, ...]:
    """The operations that a layer uses, forward and backward."""
    forward = _OPERATIONS.get(type(layer))
    if forward is None or (isinstance(layer, Dropout) and layer.p == 0):
        return ()
    return (forward,) if forward in _ONE_FOR_BOTH else (forward, f"{forward}_backward")


def parts_of(
    layers: Iterable[Layer], operations: OwnOperations, images: str | None = ""
) -> list[Part]:
    """The parts of a network that trains.

    Parameters
    ----------
    layers : layers of the network
    operations : OwnOperations
    images : str or None
        How images are prepared: "colour" if colours are shifted, "" if they are only cropped; None
        if they are used as they are.
    """
    uses: dict[str, list[str]] = {}  # the variants of each operation, in the order of the layers
    for layer in layers:
        for name in operations_of(layer):
            uses.setdefault(name, []).append(supply.variant_of(name, layer))
    uses |= {"cross_entropy": [""], "sgd_step": [""]}
    if images is not None:
        uses["augment"] = [images]
    return [_part(name, variants, operations) for name, variants in uses.items()]


def _part(operation: str, variants: Sequence[str], operations: OwnOperations) -> Part:
    chosen = [operations.choice(operation, variant) for variant in variants]
    exercises = tuple(dict.fromkeys(name for names in chosen for name in names))
    possible = supply.candidates(operation, variants)
    return Part(operation, exercises if all(chosen) else (), possible)


def count(parts: Sequence[Part]) -> str:
    """``9 of 14 parts are yours``."""
    return f"{sum(part.is_own for part in parts)} of {len(parts)} parts are yours"


def yours(parts: Sequence[Part]) -> str:
    """The parts that are the student's, in one line."""
    return ", ".join(part.operation for part in parts if part.is_own) or "none yet"


def ours(parts: Sequence[Part], outcomes: Mapping[str, str]) -> str:
    """The package's parts in one line, each with the exercise that would make it the student's.

    Parameters
    ----------
    outcomes : dict of str to str
        Verdicts by exercise.
    """
    named = []
    for part in (part for part in parts if not part.is_own):
        tried = [name for name in part.candidates if name in outcomes] or part.candidates
        reason = (
            f"{tried[0]}: {outcomes.get(tried[0], 'not handed in')}" if tried else "no exercise"
        )
        named.append(f"{part.operation} ({reason})")
    return ", ".join(named) or "none"
