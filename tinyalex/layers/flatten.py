"""From images to vectors."""

import math

from tinyalex.backends import Array
from tinyalex.functional.arrays import Shape
from tinyalex.layers.base import Layer


class Flatten(Layer):
    """Put each image's numbers in one row, in the order C, H, W: (N, C, H, W) -> (N, C*H*W).

    Examples
    --------
    >>> Flatten().output_shape((128, 256, 6, 6))  # between AlexNet's convolutions and classifier
    (128, 9216)
    """

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        return self.xp.reshape(x, self.output_shape(x.shape))

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy)
        return self.xp.reshape(dy, self.x_shape)

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        return (input_shape[0], math.prod(input_shape[1:]))
