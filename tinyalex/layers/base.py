"""The contract of a layer, and what every layer shares.

A layer is written once, forward and backward, against ``self.xp`` (the array module) and the
kernels of ``self.backend``. Capitals are sizes (N C H W batch, channels, height, width);
``d`` before a name is the gradient of the loss with respect to it, in that array's shape.
"""

from __future__ import annotations

import contextlib
import difflib
import dis
import inspect
import math
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

from tinyalex import backends
from tinyalex.backends import Array, Backend, Pair
from tinyalex.errors import ConfigError, ShapeError, TinyalexError
from tinyalex.functional import out_hw

Shape = Sequence[int]

_skips_init: ContextVar[bool] = ContextVar("skips_init", default=False)
_NO_SETTINGS = ("seed", "inplace")  # arguments of layers that do not change what they are


@contextlib.contextmanager
def skip_init() -> Iterator[None]:
    """Layers made in here hold zeros, which cost nothing: their weights are about to be set."""
    token = _skips_init.set(True)
    try:
        yield
    finally:
        _skips_init.reset(token)


class NotReadyError(TinyalexError, AttributeError):
    """A layer was asked for something that only ``forward`` provides."""


class Layer:
    """One step of a network.

    Attributes
    ----------
    params, grads : dict of str to array
        Weights, and their gradients after ``backward``, under the same keys.
    training : bool
        Set by ``train()`` and ``eval()``; only dropout behaves differently.
    backend : Backend
        Where the arrays live; ``to(backend)`` moves the layer.
    needs_dx : bool
        Whether ``backward`` must return the gradient of its input. A network's first layer can
        save that work while training.
    """

    remembers: tuple[str, ...] = ()  # what forward keeps for backward

    def __init__(self) -> None:
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self.training = True
        self.backend: Backend = backends.get("numpy")
        self.needs_dx = True

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            kind = type(self).__name__
            if name in self.remembers or name in set_by_forward(type(self)):
                raise NotReadyError(
                    f"{kind}: no {name!r} yet", "call forward(x) before backward(dy)"
                )
            known = {key: f"params[{key!r}]" for key in self.__dict__.get("params", ())}
            known = {key: key for key in dir(self) if key[0] != "_"} | known
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"\nTry: {known[near[0]]}" if near else ""
            raise AttributeError(f"{kind} has no attribute {name!r}{hint}")

    @property
    def xp(self) -> Any:
        """The array module."""
        return self.backend.xp

    def forward(self, x: Array) -> Array:
        """Compute the layer's output and keep what ``backward`` needs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(x): define it")

    def backward(self, dy: Array) -> Array:
        """Turn d(loss)/d(output) into d(loss)/d(input); fill ``grads`` on the way."""
        raise NotImplementedError(f"{type(self).__name__} has no backward(dy): define it")

    def __call__(self, x: Array) -> Array:
        return self.forward(x)

    def __repr__(self) -> str:
        """The settings that decide what is computed, as PyTorch writes them."""
        return f"{type(self).__name__}({', '.join(self._settings())})"

    def _settings(self) -> list[str]:
        shown = []
        for name in inspect.signature(type(self)).parameters:
            value = self.__dict__.get(name)
            if value is None or name in _NO_SETTINGS:
                continue
            if isinstance(value, tuple) and len(set(value)) == 1:
                value = value[0]  # a pair of equal numbers
            plain = name.startswith(("in_", "out_"))
            shown.append(repr(value) if plain else f"{name}={value!r}")
        return shown

    def forget(self) -> None:
        """Let go of what forward kept for backward: its memory can serve again."""
        for name in self.remembers:
            self.__dict__.pop(name, None)

    def train(self, mode: bool = True) -> Self:
        """Switch to training behaviour."""
        self.training = mode
        return self

    def eval(self) -> Self:
        """Switch to test behaviour."""
        return self.train(False)

    def to(self, backend: str | Backend) -> Self:
        """Move weights and work to a backend."""
        new = backends.get(backend)
        for arrays in (self.params, self.grads):
            for key, value in arrays.items():
                arrays[key] = new.asarray(self.backend.to_host(value))
        self.backend = new
        return self

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

    def set_uniform(self, weight_shape: Shape, bias_shape: Shape, fan_in: int, seed: int) -> None:
        """Draw weight and bias from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's default."""
        bound = 1 / math.sqrt(fan_in)
        draw = self.backend.generator(seed)
        for key, shape in (("weight", weight_shape), ("bias", bias_shape)):
            zeros = [self.xp.zeros(tuple(shape), dtype=self.xp.float32) for _ in range(2)]
            self.params[key], self.grads[key] = zeros  # a system gives them without writing any
            if not _skips_init.get():
                self.params[key] = (2 * draw.random(shape) - 1) * bound

    def weight_and_bias(self, weight_shape: Shape) -> tuple[Array, Array]:
        """The parameters, in the weight's dtype; refuses a weight of another shape."""
        w, b = self.params["weight"], self.params["bias"]
        if tuple(w.shape) != tuple(weight_shape):
            raise ShapeError(
                f"{type(self).__name__}: weight must be {tuple(weight_shape)} (got {w.shape})"
            )
        return w, self.cast(b, w.dtype)

    def cast(self, x: Array, dtype: Any) -> Array:
        """``x`` in ``dtype``; the same array where it has it already."""
        return x if x.dtype == dtype else self.backend.asarray(x, dtype=dtype)

    def itemsize(self, dtype: Any) -> int:
        """Bytes of one floating-point number."""
        return int(self.xp.finfo(dtype).bits) // 8

    def check_input(self, x: Array, ndim: int | None = None) -> None:
        """Refuse arrays that are not floating-point or have the wrong rank."""
        name = type(self).__name__
        if not hasattr(x, "shape"):
            raise ShapeError(f"{name}: x must be an array (got {type(x).__name__})")
        if not self.backend.is_floating(x):
            raise ShapeError(
                f"{name}: x must be floating-point (got {x.dtype})",
                "convert it first: float32 for training, float64 for gradient checks",
            )
        if ndim is not None and len(x.shape) != ndim:
            axes = {2: "(N, features)", 4: "(N, C, H, W)"}[ndim]
            raise ShapeError(
                f"{name}: x must be {axes} (got shape {tuple(x.shape)})",
                "a single image needs a batch axis: x[None]" if ndim == 4 else "Flatten() first",
            )

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


def set_by_forward(kind: type) -> set[str]:
    """Attributes that a layer's ``forward`` assigns, and those that it inherits."""
    functions = [vars(c).get("forward") for c in kind.__mro__]
    steps = [step for f in functions if inspect.isfunction(f) for step in dis.get_instructions(f)]
    return {step.argval for step in steps if step.opname == "STORE_ATTR"}


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
