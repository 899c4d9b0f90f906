"""The contracts of a layer and of a loss, and what every layer shares.

A layer checks its input, remembers what ``backward`` needs, and calls one operation of its
backend; `tinyalex.functional` has the mathematics under the same name, and the letters' legend.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from numbers import Integral

from tinyalex.backends import Array
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.functional import out_hw
from tinyalex.functional.arrays import Pair, Shape
from tinyalex.layers.module import Module

_skips_init: ContextVar[bool] = ContextVar("skips_init", default=False)


@contextlib.contextmanager
def skip_init() -> Iterator[None]:
    """Layers made in here hold zeros, which cost nothing: their weights are about to be set."""
    token = _skips_init.set(True)
    try:
        yield
    finally:
        _skips_init.reset(token)


class Layer(Module):
    """One step of a network.

    Examples
    --------
    >>> class Double(Layer):
    ...     def forward(self, x):
    ...         return 2 * x
    ...     def backward(self, dy):  # d(loss)/dx
    ...         return 2 * dy
    >>> layer = Double()
    >>> layer(np.array([[3.0]])), layer.backward(np.array([[1.0]]))
    (array([[6.]]), array([[2.]]))
    """

    needs_dx = True  # False saves backward's work for dx: in training the first layer needs none
    done: Callable[[Layer], None] | None = None  # called when a network's backward has its grads
    x_shape: tuple[int, ...]  # of the last input

    def forward(self, x: Array) -> Array:
        """Compute the layer's output and keep what ``backward`` needs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(x)")

    def backward(self, dy: Array) -> Array:
        """Turn d(loss)/d(output) into d(loss)/d(input), and fill ``grads``."""
        raise NotImplementedError(f"{type(self).__name__} has no backward(dy)")

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        """Shape of the output for an input of ``input_shape``; refuses what does not fit."""
        return self.check_rank(input_shape)

    def flops(self, input_shape: Shape) -> int:
        """Floating-point operations of ``forward``: 2 for each multiply-add, biases left out."""
        return 0

    def named_layers(self) -> Iterator[tuple[str, Layer]]:
        """Yield (dotted name, layer) for every layer inside, or ("", itself)."""
        yield "", self

    def parameter_owners(self) -> Iterator[tuple[str, Layer, str]]:
        """Yield (name, layer, key) for every parameter: it is ``layer.params[key]``."""
        for name, layer in self.named_layers():
            for key in layer.params:
                yield f"{name}.{key}".strip("."), layer, key

    def named_parameters(self) -> Iterator[tuple[str, Array]]:
        """Yield (dotted name, array) for every parameter: ``("features.0.weight", array)``."""
        return ((name, layer.params[key]) for name, layer, key in self.parameter_owners())

    def parameters(self) -> Iterator[Array]:
        """Yield every parameter's array."""
        return (array for _, array in self.named_parameters())

    def named_inputs(self, input_shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
        """Like `named_layers`, with the shape of each layer's input."""
        yield "", self, input_shape

    def check_input(self, x: Array) -> None:
        """Refuse an input that the layer does not take; remember its shape."""
        super().check_input(x)
        self.output_shape(x.shape)
        self.x_shape = tuple(x.shape)

    def check_dy(self, dy: Array) -> None:
        """Refuse a gradient whose shape is not the output's."""
        kind, shape = type(self).__name__, self.output_shape(self.x_shape)
        if (got := tuple(dy.shape)) != shape:
            raise ShapeError(f"{kind}: dy must have the output's shape {shape} (got {got})")


class WeightedLayer(Layer):
    """A layer with a weight and a bias: ``operation(x, weight, bias, *options)`` of its backend.

    It computes in the weight's dtype. Its gradients are ``operation_backward``'s dx, dw and db.
    """

    operation = ""  # the backend's name of it
    options: tuple[str, ...] = ()  # attributes that the operation takes after the arrays
    remembers = ("x",)

    def __init__(self, weight_shape: Shape, seed: int, bias_axes: int = 1) -> None:
        """Draw weight and bias from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's default.

        The bias has the first ``bias_axes`` axes of the weight; the others are an output's inputs.
        """
        super().__init__()
        self.weight_shape = tuple(weight_shape)
        self.fan_in = math.prod(weight_shape[bias_axes:])
        bound = 1 / math.sqrt(self.fan_in)
        draw = self.backend.generator(seed)
        for key, shape in (("weight", weight_shape), ("bias", weight_shape[:bias_axes])):
            zeros = [self.xp.zeros(tuple(shape), dtype=self.xp.float32) for _ in range(2)]
            self.params[key], self.grads[key] = zeros  # takes no memory before the first write
            if not _skips_init.get():
                self.params[key] = (2 * draw.random(shape) - 1) * bound

    def forward(self, x: Array, *, relu: bool = False) -> Array:
        """See `Layer`; ``relu``: also the ReLU after a convolution (`layers.fusion`)."""
        self.check_input(x)
        w, b = self.weight_and_bias()
        self.x = x = self.backend.activations(x, w.dtype)
        operation = getattr(self.backend, f"{self.operation}_relu" if relu else self.operation)
        return operation(x, w, b, *(getattr(self, name) for name in self.options))

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy)
        w, _ = self.weight_and_bias()
        dy = self.backend.activations(dy, w.dtype)
        self.grads.clear()  # the old ones' memory can serve the new ones
        operation = getattr(self.backend, f"{self.operation}_backward")
        options = (getattr(self, name) for name in self.options)
        dx, dw, db = operation(dy, self.x, w, *options, self.needs_dx)
        self.grads["weight"], self.grads["bias"] = dw, db
        return dx

    def weight_and_bias(self) -> tuple[Array, Array]:
        """The parameters, in the weight's dtype; refuses a weight of another shape."""
        w, b = self.params["weight"], self.params["bias"]
        if tuple(w.shape) != self.weight_shape:
            kind = type(self).__name__
            raise ShapeError(f"{kind}: weight must be {self.weight_shape} (got {w.shape})")
        return w, self.cast(b, w.dtype)

    def flops(self, input_shape: Shape) -> int:
        return 2 * math.prod(self.output_shape(input_shape)) * self.fan_in


class Loss(Module):
    """What training makes small: the last step forward, the first one backward.

    Examples
    --------
    >>> class MeanSquare(Loss):
    ...     def forward(self, y, wanted):
    ...         self.error = y - wanted
    ...         return np.mean(self.error**2)
    ...     def backward(self):
    ...         return 2 * self.error / self.error.size
    >>> loss = MeanSquare()
    >>> float(loss(np.array([1.0, 3]), np.array([1.0, 1]))), loss.backward()
    (2.0, array([0., 2.]))
    """

    def forward(self, logits: Array, labels: Array) -> Array:
        """Compute the mean loss of a batch, a scalar, and keep what ``backward`` needs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(logits, labels)")

    def backward(self) -> Array:
        """Return d(loss)/d(logits), in the logits' shape."""
        raise NotImplementedError(f"{type(self).__name__} has no backward()")


def pair(name: str, value: Pair, minimum: int) -> tuple[int, int]:
    """Read an int or a (height, width) pair."""
    both = tuple(value) if isinstance(value, Sequence) else (value, value)
    if len(both) != 2 or any(not isinstance(v, Integral) or v < minimum for v in both):
        raise ConfigError(
            f"{name} must be a whole number >= {minimum} or a pair of them (got {value!r})"
        )
    return int(both[0]), int(both[1])


def positive(name: str, value: int) -> int:
    """Read a whole number of at least 1."""
    if not isinstance(value, Integral) or value < 1:
        raise ConfigError(f"{name} must be a whole number >= 1 (got {value!r})")
    return int(value)


def read_window(kernel_size: Pair, stride: Pair, padding: Pair = 0) -> list[tuple[int, int]]:
    """Read ``kernel_size``, ``stride`` and ``padding``: a (height, width) pair of each."""
    arguments = ("kernel_size", kernel_size, 1), ("stride", stride, 1), ("padding", padding, 0)
    return [pair(*argument) for argument in arguments]


def windows(
    where: str,
    x_shape: Shape,
    kernel: Shape,
    stride: Shape,
    padding: Shape,
    ceil_mode: bool = False,
) -> tuple[int, int]:
    """`tinyalex.functional.out_hw`; refuses images into which not even one window fits."""
    counts = out_hw(x_shape, kernel, stride, padding, ceil_mode)
    for size, side, p, count in zip(x_shape[2:], kernel, padding, counts, strict=True):
        room = size + 2 * p
        if room < 1 or count < 1 or (room < side and not ceil_mode):
            raise ShapeError(
                f"{where}: a window of {side} does not fit into {size} pixels with padding {p}",
                "a larger image, a smaller kernel_size or more padding",
            )
    return counts
