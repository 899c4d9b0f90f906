"""ReLU, and the tanh that it replaced (paper, section 3.1)."""

from tinyalex.backends import Array
from tinyalex.layers.base import Layer


class ReLU(Layer):
    """`tinyalex.functional.relu` as a layer.

    Parameters
    ----------
    inplace : write the result over the input, and ``backward``'s over ``dy``: half the memory
        traffic. Only for a layer whose input nobody else needs, such as a convolution's output.
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
        self.check_dy(dy)
        return self.backend.relu_backward(dy, self.y, self.inplace)


class Tanh(Layer):
    """`tinyalex.functional.tanh` as a layer."""

    remembers = ("y",)

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        self.y = self.backend.tanh(x)
        return self.y

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy)
        return self.backend.tanh_backward(dy, self.y)
