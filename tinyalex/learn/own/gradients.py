"""The gradient check of a whole network that computes with a student's operations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinyalex import models
from tinyalex.backends import Backend
from tinyalex.check import GradientError, gradcheck
from tinyalex.errors import ShapeError
from tinyalex.layers import SoftmaxCrossEntropy
from tinyalex.learn.own.answers import OwnError
from tinyalex.learn.own.parts import Part, operations_of
from tinyalex.models import Model

SIDES = (8, 12, 16, 24, 32, 48, 64)  # of the images to try, in pixels; small ones are quick
IMAGES = 2
EPS = 1e-7  # so small that few steps meet a kink of ReLU or of a maximum
TRIES = 4


def check_gradients(name: str, backend: Backend, parts: Sequence[Part], channels: int = 1) -> None:
    """Check a network's gradients on two small random images, dropout included, and the loss's.

    Parameters
    ----------
    name : str
        Of the network; it is built for the smallest images that it allows.
    backend : Backend
        With the student's operations.
    parts : sequence of Part
        Whose they are, for the message.

    Raises
    ------
    OwnError
        A gradient is wrong; the message names the operations of the layer where it is.
    """
    model = _smallest(name, channels).to(backend)
    rng = np.random.default_rng(0)
    for left in reversed(range(TRIES)):
        x = rng.normal(size=(IMAGES, *model.input_shape))
        try:
            gradcheck(model, x, directions=1, eps=EPS)
            break
        except GradientError as error:
            if "kink" in error.message and left:
                continue
            raise _explained(model, error, parts) from None
    logits, labels = rng.normal(size=(IMAGES, 10)), np.arange(IMAGES)
    try:
        gradcheck(SoftmaxCrossEntropy().to(backend), logits, extra=(labels,))
    except GradientError as error:
        raise _wrong(("cross_entropy",), parts, error) from None


def _smallest(name: str, channels: int) -> Model:
    for side in SIDES:
        try:
            return models.build(name, image_size=side, in_channels=channels, num_classes=10)
        except ShapeError:
            continue
    return models.build(name)


def _explained(model: Model, error: GradientError, parts: Sequence[Part]) -> OwnError:
    """Find the first layer whose own gradients are wrong."""
    rng = np.random.default_rng(1)
    for _, layer, shape in model.named_inputs((IMAGES, *model.input_shape)):
        names = operations_of(layer)
        if not any(part.is_own for part in parts if part.operation in names):
            continue
        try:
            gradcheck(layer, rng.normal(size=tuple(shape)), directions=1, eps=EPS)
        except GradientError as of_layer:
            if "kink" not in of_layer.message:
                return _wrong(names, parts, of_layer)
    return _wrong((), parts, error)


def _wrong(operations: Sequence[str], parts: Sequence[Part], error: GradientError) -> OwnError:
    own = {part.operation: part.exercises for part in parts if part.is_own}
    named = [f"{name} ({' and '.join(own[name])})" for name in operations if name in own]
    whose = f"your {' and your '.join(named)}" if named else "the network with your operations"
    exercises = dict.fromkeys(x for name in operations for x in own.get(name, ()))
    leave_out = " ".join(f"--without {name}" for name in exercises)
    return OwnError(
        f"gradcheck: the gradient does not fit the forward pass in {whose}:\n{error.message}",
        f"tinyalex exercise check on these answers; or {leave_out or 'leave some out: --without'}",
    )
