"""What layers and losses share: parameters, a backend, and the mode, training or not."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from tinyalex import backends
from tinyalex.backends import Array, Backend
from tinyalex.backends.foreign import bring, is_own
from tinyalex.errors import ShapeError, TinyalexError
from tinyalex.functional.arrays import Shape


class NotReadyError(TinyalexError, AttributeError):
    """A layer was asked for something that only ``forward`` provides.

    Examples
    --------
    >>> from tinyalex.layers import ReLU
    >>> ReLU().backward(np.ones((1, 2)))
    Traceback (most recent call last):
        ...
    tinyalex.layers.module.NotReadyError: ReLU: no 'x_shape' yet
    Try: call forward before backward...
    """


class Module:
    """What computes on a backend, forward and then backward.

    Attributes
    ----------
    params, grads : weights, and their gradients after ``backward``, under the same keys
    training : set by ``train()`` and ``eval()``; only dropout behaves differently
    backend : where the arrays live; ``to(backend)`` moves them
    children : the layers inside, by name

    Examples
    --------
    >>> from tinyalex.layers import Linear
    >>> layer = Linear(4, 2)
    >>> {name: w.shape for name, w in layer.params.items()}
    {'weight': (2, 4), 'bias': (2,)}
    >>> layer.training, layer.eval().training, layer.backend.name
    (True, False, 'numpy')
    """

    forward: Callable[..., Array]
    ndim: int | None = None  # axes of x: 2 for (N, features), 4 for (N, C, H, W), None for any
    remembers: tuple[str, ...] = ()  # the attributes that forward sets for backward

    def __init__(self) -> None:
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self.children: dict[str, Any] = {}
        self.training = True
        self.backend: Backend = backends.get("numpy")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            kind = type(self).__name__
            if name == "x_shape" or name in self.remembers:
                raise NotReadyError(f"{kind}: no {name!r} yet", "call forward before backward")
            known = {key: f"params[{key!r}]" for key in self.__dict__.get("params", ())}
            known = {key: key for key in dir(self) if key[0] != "_"} | known
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"\nTry: {known[near[0]]}" if near else ""
            raise AttributeError(f"{kind} has no attribute {name!r}{hint}")

    def __call__(self, x: Any, *more: Any) -> Array:
        """``forward``; x may also be a list or another library's array (`backends.foreign`)."""
        return self.forward(bring(x, self.backend, type(self).__name__), *more)

    @property
    def xp(self) -> Any:
        """The array module."""
        return self.backend.xp

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._settings())})"

    def _settings(self) -> list[str]:
        """The arguments that decide what is computed, as PyTorch writes them."""
        shown = []
        for name in inspect.signature(type(self)).parameters:
            value = self.__dict__.get(name)
            if value is None or name in ("seed", "inplace"):
                continue  # not set, or no part of what the layer computes
            if isinstance(value, tuple) and len(set(value)) == 1:
                value = value[0]  # a pair of equal numbers
            plain = name.startswith(("in_", "out_"))
            shown.append(repr(value) if plain else f"{name}={value!r}")
        return shown

    def train(self, mode: bool = True) -> Self:
        """Switch to training behaviour, children included."""
        for child in self.children.values():
            child.train(mode)
        self.training = mode
        return self

    def eval(self) -> Self:
        """Switch to test behaviour."""
        return self.train(False)

    def to(self, backend: str | Backend) -> Self:
        """Move weights and work to a backend, children included."""
        for child in self.children.values():
            child.to(backend)
        new = backends.get(backend)
        for arrays in (self.params, self.grads):
            for key, value in arrays.items():
                arrays[key] = new.asarray(self.backend.to_host(value))
        self.backend = new
        return self

    def cast(self, x: Array, dtype: Any) -> Array:
        """``x`` in ``dtype``; the same array where it has it already."""
        return x if x.dtype == dtype else self.backend.asarray(x, dtype=dtype)

    def check_input(self, x: Array) -> None:
        """Refuse arrays that are not floating-point or have the wrong rank."""
        name = type(self).__name__
        if not is_own(x, self.backend):
            got = f"{type(x).__module__}.{type(x).__name__}".removeprefix("builtins.")
            raise ShapeError(
                f"{name}: x must be an array of backend {self.backend.name!r} (got {got})",
                "layer(x) in place of layer.forward(x) brings other arrays and lists to it",
            )
        if not self.backend.is_floating(x):
            raise ShapeError(
                f"{name}: x must be floating-point (got {x.dtype})",
                "convert it first: float32 for training, float64 for gradient checks",
            )
        self.check_rank(x.shape)

    def check_rank(self, x_shape: Shape) -> tuple[int, ...]:
        """``x_shape``; refuses another number of axes than ``ndim``."""
        if self.ndim not in (None, len(x_shape)):
            axes = "(N, C, H, W)" if self.ndim == 4 else "(N, features)"
            raise ShapeError(
                f"{type(self).__name__}: x must be {axes} (got shape {tuple(x_shape)})",
                "x[None] adds the batch axis to an image" if self.ndim == 4 else "Flatten() first",
            )
        return tuple(x_shape)

    def forget(self) -> None:
        """Delete what forward kept for backward: its memory can serve again."""
        for name in ("x_shape", *self.remembers):
            self.__dict__.pop(name, None)
