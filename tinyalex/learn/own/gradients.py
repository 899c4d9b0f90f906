"""The gradient check of a whole network that computes with a student's operations."""

from __future__ import annotations

import numpy as np

from tinyalex import backends, models
from tinyalex.check import GradientError, gradcheck
from tinyalex.errors import ShapeError
from tinyalex.layers import Layer, SoftmaxCrossEntropy
from tinyalex.learn.own import supply
from tinyalex.learn.own.answers import OwnError
from tinyalex.learn.own.operations import OwnOperations
from tinyalex.learn.own.parts import operations_of
from tinyalex.models import Model

SIDES = (8, 12, 16, 24, 32, 48, 64)  # of the images to try, in pixels; small ones are quick
IMAGES = 2
EPS = 1e-7  # so small that few steps meet a kink of ReLU or of a maximum
TRIES = 4


def check_gradients(name: str, operations: OwnOperations) -> None:
    """Check the loss's gradient and a network's, on two small random images, dropout included.

    Parameters
    ----------
    name : str
        Of the network; it is built for the smallest images that it allows.
    operations : OwnOperations

    Raises
    ------
    OwnError
        A gradient is wrong; the message names the operation and the answer.
    """
    backend = operations.backend(backends.get("numpy", threads=1))
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(IMAGES, 10)), np.arange(IMAGES)
    try:
        gradcheck(SoftmaxCrossEntropy().to(backend), logits, extra=(labels,))
    except GradientError as error:
        raise _wrong("cross_entropy", operations.choice("cross_entropy"), error) from None
    model = _smallest(name).to(backend)
    for left in reversed(range(TRIES)):
        x = rng.normal(size=(IMAGES, *model.input_shape))
        try:
            gradcheck(model, x, directions=1, eps=EPS)
            return
        except GradientError as error:
            if "kink" not in error.message or not left:
                raise _explained(model, error, operations) from None


def _smallest(name: str) -> Model:
    for side in SIDES:
        try:
            return models.build(name, image_size=side, num_classes=10)
        except ShapeError:
            continue
    return models.build(name)


def _explained(model: Model, error: GradientError, own: OwnOperations) -> OwnError:
    """Find the first layer whose own gradients are wrong, and which of its passes is."""
    rng = np.random.default_rng(1)
    for _, layer, shape in model.named_inputs((IMAGES, *model.input_shape)):
        x = rng.normal(size=tuple(shape))
        exercises = {
            name: own.choice(name, supply.variant_of(name, layer)) for name in operations_of(layer)
        }
        if not any(exercises.values()):
            continue
        try:
            gradcheck(layer, x, directions=1, eps=EPS)
        except GradientError as of_layer:
            if "kink" not in of_layer.message:
                names = list(exercises)
                name = names[-1] if _same_forward(layer, x) else names[0]
                return _wrong(name, exercises[name], of_layer)
    return _wrong("", (), error)


def _same_forward(layer: Layer, x: np.ndarray) -> bool:
    """Whether a layer's forward pass gives what the package's own code gives."""
    own = layer.backend
    layer.train(False)
    try:
        y = np.array(layer.forward(x.copy()))
        layer.to(backends.get("numpy", threads=1))
        return bool(np.allclose(y, layer.forward(x.copy()), rtol=1e-4, atol=1e-6))
    finally:
        layer.to(own).train()


def _wrong(operation: str, exercises: supply.Alternative, error: GradientError) -> OwnError:
    named = f"your {operation} ({' and '.join(exercises)})"
    if not exercises:
        named = "the network with your operations"
    leave_out = " ".join(f"--without {name}" for name in exercises) or "--without an answer"
    return OwnError(
        f"gradcheck: forward and backward pass do not fit together, in {named}:\n{error.message}",
        f"tinyalex exercise check on your answers; or {leave_out}",
    )
