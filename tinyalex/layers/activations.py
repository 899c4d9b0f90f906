"""ReLU, and the tanh that it replaced (paper, section 3.1)."""

from __future__ import annotations

from tinyalex.backends import Array
from tinyalex.layers.base import Layer


class ReLU(Layer):
    """Let positive numbers pass, make the rest zero: y = max(x, 0).

    Parameters
    ----------
    inplace : bool
        Write the result over the input, and in ``backward`` over ``dy``: half the memory
        traffic. For a layer whose input nobody else needs, such as a convolution's output.
    """

    remembers = ("y",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        self.y = self.backend.relu(x, self.inplace)
        return self.y

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy, self.y.shape)
        return self.backend.relu_backward(dy, self.y, self.inplace)


class Tanh(Layer):
    """Squash to (-1, 1): what ReLU replaced, because it learns slowly."""

    remembers = ("y",)

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        self.y = self.backend.tanh(x)
        return self.y

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy, self.y.shape)
        return self.backend.tanh_backward(dy, self.y)
