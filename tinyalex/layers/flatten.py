"""From images to vectors."""

from __future__ import annotations

import math

from tinyalex.backends import Array
from tinyalex.layers.base import Layer, Shape


class Flatten(Layer):
    """Put each image's numbers in one row, in the order C, H, W."""

    def forward(self, x: Array) -> Array:  # (N, C, H, W) -> (N, C*H*W)
        self.check_input(x)
        self.x_shape = x.shape
        return self.xp.reshape(x, self.output_shape(x.shape))

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy, self.output_shape(self.x_shape))
        return self.xp.reshape(dy, self.x_shape)

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        return (input_shape[0], math.prod(input_shape[1:]))
