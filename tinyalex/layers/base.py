"""The contracts of a layer and of a loss, and what every layer shares.

A layer is written once, forward and backward, against ``self.xp`` (the array module) and the
kernels of ``self.backend``. Capitals are sizes (N C H W batch, channels, height, width);
``d`` before a name is the gradient of the loss with respect to it, in that array's shape.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from numbers import Integral
from typing import Any

from tinyalex.backends import Array, Pair
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.functional import out_hw
from tinyalex.layers.module import Module

Shape = Sequence[int]

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

    Attributes
    ----------
    needs_dx : bool
        Whether ``backward`` must return the gradient of its input. A network's first layer can
        save that work while training.
    """

    def __init__(self) -> None:
        super().__init__()
        self.needs_dx = True

    def forward(self, x: Array) -> Array:
        """Compute the layer's output and keep what ``backward`` needs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(x)")

    def backward(self, dy: Array) -> Array:
        """Turn d(loss)/d(output) into d(loss)/d(input); fill ``grads`` on the way."""
        raise NotImplementedError(f"{type(self).__name__} has no backward(dy)")

    def __call__(self, x: Array) -> Array:
        return self.forward(x)

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        """Shape of the output for an input of ``input_shape`` (batch included)."""
        return tuple(input_shape)

    def flops(self, input_shape: Shape) -> int:
        """Floating-point operations of ``forward``: 2 for each multiply-add, biases left out."""
        return 0

    # ------------------------------------------------------------------ parameters

    def parameter_owners(self) -> Iterator[tuple[str, Layer, str]]:
        """Yield (name, layer, key) for every parameter.

        The parameter is ``layer.params[key]`` and its gradient ``layer.grads[key]``, where they
        can be replaced too. A network's names are dotted: ``"features.0.weight"``.
        """
        for key in self.params:
            yield key, self, key

    def named_parameters(self) -> Iterator[tuple[str, Array]]:
        """Yield (name, array) for every parameter, in the order of `parameter_owners`."""
        for name, layer, key in self.parameter_owners():
            yield name, layer.params[key]

    def parameters(self) -> Iterator[Array]:
        """Yield every parameter's array."""
        for _, array in self.named_parameters():
            yield array

    # ------------------------------------------------------------------ help for layers

    def image_shape(self, shape: Shape) -> tuple[int, int, int, int]:
        """N, C, H and W of a batch of images; refuses another rank."""
        if len(shape) != 4:
            raise ShapeError(
                f"{type(self).__name__}: x must be (N, C, H, W) (got shape {tuple(shape)})",
                "a single image needs a batch axis: x[None]",
            )
        N, C, H, W = shape
        return N, C, H, W

    def check_dy(self, dy: Array, shape: Shape) -> None:
        """Refuse a gradient whose shape is not the output's."""
        if tuple(dy.shape) != tuple(shape):
            raise ShapeError(
                f"{type(self).__name__}: dy must have the output's shape {tuple(shape)} "
                f"(got {tuple(dy.shape)})"
            )


class WeightedLayer(Layer):
    """A layer with a weight and a bias: ``operation(x, weight, bias, *settings)`` of its backend.

    It computes in the weight's dtype. Its gradients are ``operation_backward``'s dx, dw and db.
    """

    operation = ""  # the backend's name of it
    ndim = 4  # axes of x
    remembers = ("x",)

    def __init__(self, weight_shape: Shape, bias_shape: Shape, fan_in: int, seed: int) -> None:
        """Draw weight and bias from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's default."""
        super().__init__()
        self.weight_shape = tuple(weight_shape)
        bound = 1 / math.sqrt(fan_in)
        draw = self.backend.generator(seed)
        for key, shape in (("weight", weight_shape), ("bias", bias_shape)):
            zeros = [self.xp.zeros(tuple(shape), dtype=self.xp.float32) for _ in range(2)]
            self.params[key], self.grads[key] = zeros  # a system gives them without writing any
            if not _skips_init.get():
                self.params[key] = (2 * draw.random(shape) - 1) * bound

    def settings(self) -> tuple[Any, ...]:
        """What the operation takes besides arrays."""
        return ()

    def forward(self, x: Array) -> Array:
        self.check_input(x, self.ndim)
        self.output_shape(x.shape)  # refuses what does not fit
        w, b = self.weight_and_bias()
        self.x = x = self.cast(x, w.dtype)
        return getattr(self.backend, self.operation)(x, w, b, *self.settings())

    def backward(self, dy: Array) -> Array:
        x = self.x
        self.check_dy(dy, self.output_shape(x.shape))
        w, _ = self.weight_and_bias()
        dy = self.cast(dy, w.dtype)
        self.grads.clear()  # the old ones' memory can serve the new ones
        operation = getattr(self.backend, f"{self.operation}_backward")
        dx, dw, db = operation(dy, x, w, *self.settings(), self.needs_dx)
        self.grads["weight"], self.grads["bias"] = dw, db
        return dx

    def weight_and_bias(self) -> tuple[Array, Array]:
        """The parameters, in the weight's dtype; refuses a weight of another shape."""
        w, b = self.params["weight"], self.params["bias"]
        if tuple(w.shape) != self.weight_shape:
            raise ShapeError(
                f"{type(self).__name__}: weight must be {self.weight_shape} (got {w.shape})"
            )
        return w, self.cast(b, w.dtype)


class Loss(Module):
    """What a network is trained to make small: the last step forward, the first one backward."""

    def forward(self, logits: Array, labels: Array) -> Array:
        """Compute the mean loss of a batch, a scalar, and keep what ``backward`` needs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(logits, labels)")

    def backward(self) -> Array:
        """Return d(loss)/d(logits), in the logits' shape."""
        raise NotImplementedError(f"{type(self).__name__} has no backward()")

    def __call__(self, logits: Array, labels: Array) -> Array:
        return self.forward(logits, labels)


def pair(name: str, value: int | Sequence[int], least: int) -> tuple[int, int]:
    """Read an int or a (height, width) pair."""
    both = tuple(value) if isinstance(value, Sequence) else (value, value)
    if len(both) != 2 or any(not isinstance(v, Integral) or v < least for v in both):
        raise ConfigError(
            f"{name} must be a whole number >= {least} or a pair of them (got {value!r})"
        )
    return int(both[0]), int(both[1])


def positive(name: str, value: int) -> int:
    """Refuse counts below 1."""
    if not isinstance(value, Integral) or value < 1:
        raise ConfigError(f"{name} must be a whole number >= 1 (got {value!r})")
    return int(value)


def windows(
    where: str,
    x_shape: Shape,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair = (0, 0),
    ceil_mode: bool = False,
) -> tuple[int, int]:
    """How many windows fit into images of ``x_shape`` (N, C, H, W): OH and OW.

    Raises
    ------
    ShapeError
        Not even one window fits.
    """
    counts = out_hw(x_shape, kernel_size, stride, padding, ceil_mode)
    for size, kernel, p, count in zip(x_shape[2:], kernel_size, padding, counts, strict=True):
        room = size + 2 * p
        if room < 1 or count < 1 or (room < kernel and not ceil_mode):
            raise ShapeError(
                f"{where}: a window of {kernel} does not fit into {size} pixels with padding {p}",
                "a larger image, a smaller kernel_size or more padding",
            )
    return counts
