"""ReLU, and the tanh that it replaced (paper, section 3.1)."""

from tinyalex.backends import Array
from tinyalex.layers.base import Layer


class ReLU(Layer):
    """`tinyalex.functional.relu` as a layer.

    Parameters
    ----------
    inplace : write the result over the input, and ``backward``'s over ``dy``: half the memory
        traffic. Only for a layer whose input nobody else needs, such as a convolution's output.

    Examples
    --------
    >>> layer = ReLU()
    >>> layer(np.array([[-1.0, 2]]))  # a call is layer.forward
    array([[0., 2.]])
    >>> layer.backward(np.array([[5.0, 5]]))
    array([[0., 5.]])
    """

    remembers = ("y",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        return self.keep(self.backend.relu(x, self.inplace))

    def keep(self, y: Array) -> Array:
        """Remember the layer's result, which may come from the layer before (`layers.fusion`)."""
        self.x_shape, self.y = tuple(y.shape), y
        return y

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy)
        return self.backend.relu_backward(dy, self.y, self.inplace)


class Tanh(Layer):
    """`tinyalex.functional.tanh` as a layer.

    Examples
    --------
    >>> layer = Tanh()
    >>> y = layer(np.array([[0.0, 1]]))
    >>> y.round(3), layer.backward(np.ones((1, 2))).round(3)  # tanh(x), and 1 - tanh(x)**2
    (array([[0.   , 0.762]]), array([[1.  , 0.42]]))
    """

    remembers = ("y",)

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        self.y = self.backend.tanh(x)
        return self.y

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy)
        return self.backend.tanh_backward(dy, self.y)
