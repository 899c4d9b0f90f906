"""What layers and losses share: parameters, a backend, and the mode, training or not."""

from __future__ import annotations

import difflib
import dis
import inspect
from typing import TYPE_CHECKING, Any, Self

from tinyalex import backends
from tinyalex.backends import Array, Backend
from tinyalex.errors import ShapeError, TinyalexError

_NO_SETTINGS = ("seed", "inplace")  # arguments of layers that do not change what they are


class NotReadyError(TinyalexError, AttributeError):
    """A layer was asked for something that only ``forward`` provides."""


class Module:
    """What computes on a backend, forward and then backward.

    Attributes
    ----------
    params, grads : dict of str to array
        Weights, and their gradients after ``backward``, under the same keys; a loss has none.
    training : bool
        Set by ``train()`` and ``eval()``; only dropout behaves differently.
    backend : Backend
        Where the arrays live; ``to(backend)`` moves them.
    """

    remembers: tuple[str, ...] = ()  # what forward keeps for backward

    def __init__(self) -> None:
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self.training = True
        self.backend: Backend = backends.get("numpy")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            kind = type(self).__name__
            if name in self.remembers or name in set_by_forward(type(self)):
                raise NotReadyError(f"{kind}: no {name!r} yet", "call forward before backward")
            known = {key: f"params[{key!r}]" for key in self.__dict__.get("params", ())}
            known = {key: key for key in dir(self) if key[0] != "_"} | known
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"\nTry: {known[near[0]]}" if near else ""
            raise AttributeError(f"{kind} has no attribute {name!r}{hint}")

    @property
    def xp(self) -> Any:
        """The array module."""
        return self.backend.xp

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

    # ------------------------------------------------------------------ help for forward

    def cast(self, x: Array, dtype: Any) -> Array:
        """``x`` in ``dtype``; the same array where it has it already."""
        return x if x.dtype == dtype else self.backend.asarray(x, dtype=dtype)

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


def set_by_forward(kind: type) -> set[str]:
    """Attributes that ``forward`` assigns, inherited or not."""
    functions = [vars(c).get("forward") for c in kind.__mro__]
    steps = [step for f in functions if inspect.isfunction(f) for step in dis.get_instructions(f)]
    return {step.argval for step in steps if step.opname == "STORE_ATTR"}
