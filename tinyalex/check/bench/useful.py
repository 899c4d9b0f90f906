"""How many operations a network needs, and how many bytes its layers must move at least."""

from __future__ import annotations

import math

from tinyalex.functional.arrays import Shape
from tinyalex.layers import Flatten, Layer, MaxPool2d, Sequential, Towers

FLOAT32 = 4  # bytes


def step_flop(model: Layer, input_shape: Shape) -> int:
    """Return the operations of a training step that every direct algorithm needs.

    Forward, gradients of weights, and gradients of data; the last are not needed if the input is
    the image. The optimizer and layers without products count as 0.
    """
    return 3 * model.flops(input_shape) - first_flop(model, input_shape)


def first_flop(layer: Layer, input_shape: Shape) -> int:
    """Return the forward operations of the layers whose input is the image."""
    if isinstance(layer, Sequential):
        return first_flop(next(iter(layer.children.values())), input_shape)
    if isinstance(layer, Towers):
        shape = layer.tower_input(input_shape)
        return sum(first_flop(child, shape) for child in layer.children.values())
    return layer.flops(input_shape)


def layer_flop(layer: Layer, input_shape: Shape, sees_image: bool) -> tuple[int, int]:
    """Return the operations of one layer's forward and backward pass."""
    forward = layer.flops(input_shape)
    return forward, forward * (1 if sees_image else 2)


def layer_bytes(
    layer: Layer, input_shape: Shape, sees_image: bool, width: int = FLOAT32
) -> tuple[int, int]:
    """Return the bytes that one layer's forward and backward pass move, each array once.

    A number of an activation has ``width`` bytes, one of a weight four.

    Forward: the input, the weights and the output. Backward: the output's gradient, the input,
    the weights, their gradients, and the input's gradient unless the layer ``sees_image``.
    Max pooling reads one-byte positions instead of its input. An estimate: caches reduce it,
    workspaces add to it.
    """
    if isinstance(layer, Flatten):
        return 0, 0
    x = math.prod(input_shape) * width
    y = math.prod(layer.output_shape(input_shape)) * width
    w = sum(math.prod(array.shape) for array in layer.params.values()) * FLOAT32
    remembered = y // width if isinstance(layer, MaxPool2d) else x
    return x + w + y, y + remembered + 2 * w + (0 if sees_image else x)
