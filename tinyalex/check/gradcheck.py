"""Compare a layer's backward pass with slopes measured on its forward pass.

The layer's output y is reduced to one number, L = sum(r * y), with a fixed random r. The backward
pass predicts how L changes with the input or a parameter; the check changes it and measures L.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinyalex.backends.base import Array
from tinyalex.check.gradreport import GradientError, GradReport, GradRow, table, wrong_gradient
from tinyalex.errors import ConfigError, ShapeError

Host = np.ndarray[Any, np.dtype[np.float64]]
UNIT_ROUNDOFF = float(np.finfo(np.float64).eps)
SMALL = 64  # arrays of at most this size are checked value by value
LARGEST = 8  # number of single values checked in a larger array


def gradcheck(
    layer: Any,
    x: Array,
    *,
    extra: Sequence[Any] = (),
    directions: int = 3,
    eps: float = 1e-5,
    rtol: float = 1e-6,
    seed: int = 0,
) -> GradReport:
    """Check the gradients of the input and of every parameter of a layer, in float64.

    Parameters
    ----------
    layer : object
        Anything with ``forward(x)``, ``backward(dy) -> dx`` and the dicts ``params`` and ``grads``
        (both may be missing if there are no parameters): a layer of tinyalex, a whole
        ``Sequential``, or your own class. It is checked in its current mode, training or not. A
        layer whose forward returns one number is a loss: its ``backward()`` takes no argument.
    x : array
        The input, of any float dtype. Keep it away from kinks: ``permuted_grid`` does.
    extra : sequence
        Further arguments of ``forward``, such as the labels of a loss.
    directions : int
        Number of random directions per array, along which all its values change.
    eps : float
        Maximum change of a value, in both directions.
    rtol : float
        Allowed difference, relative to the slope; along a random direction, relative to the
        gradient's norm.
    seed : int
        Seed of the directions and of r.

    Returns
    -------
    GradReport
        All compared slopes.

    Raises
    ------
    GradientError
        A slope is wrong, a gradient is missing or has the wrong shape, the forward pass is not
        repeatable or computes in float32, or a kink is so near that slopes are meaningless.

    Notes
    -----
    Central difference (L(+eps) - L(-eps)) / (2 eps). Random directions find a wrong gradient
    anywhere in an array; single values find a small error among large gradients: all values of an
    array of at most 64, else the 8 with the largest gradients. Dropout's counter ``draws`` is reset
    before each evaluation, so that the mask stays the same.

    Examples
    --------
    >>> from tinyalex import check, layers
    >>> report = check.gradcheck(layers.Tanh(), check.permuted_grid((2, 3)))
    >>> sorted({row.name for row in report.rows})
    ['x']
    """
    if directions < 1 or not eps > 0:
        raise ConfigError(
            f"gradcheck: directions must be >= 1 and eps > 0 (got {directions} and {eps})"
        )
    function = _Function(layer, x, extra)
    values = function.values
    if values["x"].size == 0:
        raise ShapeError(
            f"gradcheck: x is empty (shape {values['x'].shape}): there is no value to change"
        )
    rng = np.random.default_rng(seed)
    try:
        y = function({})
        r = _around_one(rng, y.shape) if y.ndim else np.ones(())
        gradients = function.gradients(r)
        if not np.array_equal(function({}), y, equal_nan=True):
            raise GradientError(
                f"{function.title}: forward gives another result for the same x",
                "draw random numbers from a seed and from a counter named draws, as Dropout does: "
                "the check sets it back; or check the layer in evaluation mode",
            )
        rows: list[GradRow] = []
        for name, gradient in gradients.items():
            if gradient.size:
                compared = _Comparison(function, name, gradient, r, eps, rtol)
                rows += compared.rows([_around_one(rng, gradient.shape) for _ in range(directions)])
    finally:
        function.restore()
    return GradReport(function.title, tuple(rows))


def _around_one(rng: np.random.Generator, shape: Sequence[int]) -> Host:
    """Draw numbers with random signs and magnitudes from 1/2 to 1: all different, none near 0."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 1, size=shape)


class _Function:
    """A layer, on any backend, as a function of named float64 arrays on the host."""

    def __init__(self, layer: Any, x: Array, extra: Sequence[Any]) -> None:
        self.layer = layer
        self.title = type(layer).__name__
        self.extra = tuple(extra)
        self.backend = getattr(layer, "backend", None)
        self.random = layer.random_state() if hasattr(layer, "random_state") else None
        self.draws = getattr(layer, "draws", None)
        self.owners = {name: (owner, key) for name, owner, key in _parameters(layer)}
        self.originals = {name: owner.params[key] for name, (owner, key) in self.owners.items()}
        self.float32_gradients: dict[str, bool] = {}
        self.values = {"x": self._host(x)}
        self.values |= {name: self._host(value) for name, value in self.originals.items()}

    def __call__(self, moved: Mapping[str, Host]) -> Host:
        """Return the output with the ``moved`` arrays replaced."""
        arrays = {**self.values, **moved}
        for name, (owner, key) in self.owners.items():
            owner.params[key] = self._device(arrays[name])
        if self.random is not None:
            self.layer.load_random_state(self.random)
        if self.draws is not None:
            self.layer.draws = self.draws
        y = self.layer.forward(self._device(arrays["x"]), *self.extra)
        if str(dtype := getattr(y, "dtype", "")) in ("float16", "float32"):
            raise _too_coarse(f"{self.title}: the layer gives {dtype}")
        return self._host(y)

    def gradients(self, dy: Host) -> dict[str, Host]:
        """Return the gradients that backward gives for the last call, by array name."""
        dx = self.layer.backward(self._device(dy)) if dy.ndim else self.layer.backward()
        gradients = {"x": dx}
        for name, (owner, key) in self.owners.items():
            gradients[name] = getattr(owner, "grads", {}).get(key)
        return {name: self._gradient(name, gradient) for name, gradient in gradients.items()}

    def _gradient(self, name: str, gradient: Array | None) -> Host:
        where = f"{self.title}: the gradient of {name}"
        if gradient is None:
            hint = "return dx" if name == "x" else f"set grads[{name.rsplit('.', 1)[-1]!r}]"
            raise GradientError(f"{where} is missing after backward", f"{hint} in backward")
        host, shape = self._host(gradient), self.values[name].shape
        self.float32_gradients[name] = str(getattr(gradient, "dtype", "")) == "float32"
        if host.shape != shape:
            raise GradientError(
                f"{where} has shape {host.shape}, {name} has {shape}",
                "a gradient has the shape of what it belongs to; "
                "sum over the axes that were broadcast",
            )
        if bad := int(np.count_nonzero(~np.isfinite(host))):
            raise GradientError(
                f"{where} is NaN or infinite in {bad} of {host.size} values",
                "look for a division by 0, a logarithm of 0 or an array that was never filled",
            )
        return host

    def is_coarse(self, name: str) -> bool:
        """Whether most outputs that depend on an array ignore a change of its tenth digit."""
        value = self.values[name]
        y, step = self({}), 1 + np.abs(value)
        changed = self({name: value + 1e-2 * step}) != y
        changed_by_little = self({name: value + 1e-10 * step}) != y
        return bool(2 * changed_by_little.sum() < changed.sum())

    def restore(self) -> None:
        """Restore the layer's own parameters."""
        for name, (owner, key) in self.owners.items():
            owner.params[key] = self.originals[name]

    def _host(self, a: Array) -> Host:
        if self.backend is not None and not isinstance(a, np.ndarray):
            a = self.backend.to_host(a)
        return np.array(a, dtype=np.float64)

    def _device(self, a: Host) -> Array:
        return a.copy() if self.backend is None else self.backend.asarray(a.copy())


def _parameters(layer: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield (name, the layer that owns it, its key) for every parameter."""
    if hasattr(layer, "parameter_owners"):
        yield from layer.parameter_owners()
    else:
        for key in getattr(layer, "params", {}):
            yield key, layer, key


class _Comparison:
    """Compares the gradient of one array with slopes of L = sum(r * y)."""

    def __init__(
        self, function: _Function, name: str, gradient: Host, r: Host, eps: float, rtol: float
    ) -> None:
        self.function, self.name, self.gradient = function, name, gradient
        self.r, self.eps, self.rtol = r, eps, rtol
        self.value = function.values[name]
        # <gradient, d> is about as large as the gradient's norm, for any direction.
        self.length = float(np.linalg.norm(gradient))

    def rows(self, directions: Sequence[Host]) -> list[GradRow]:
        """Compare along all directions and for single values; raise for a wrong gradient."""
        rows = [self.row(None, d) for d in directions]
        size = self.gradient.size
        largest = np.argsort(-np.abs(self.gradient), axis=None, kind="stable")
        for flat in range(size) if size <= SMALL else largest[:LARGEST]:
            index = tuple(int(i) for i in np.unravel_index(flat, self.gradient.shape))
            d = np.zeros_like(self.gradient)
            d[index] = 1
            rows.append(self.row(index, d))
        if not all(row.right for row in rows):
            nearly = all(abs(row.difference) < 1e-5 * self.length for row in rows)
            if nearly and self.function.float32_gradients[self.name]:
                raise _too_coarse(f"{self.function.title}: the gradient of {self.name} is float32")
            raise wrong_gradient(self.function.title, rows)
        return rows

    def row(self, index: tuple[int, ...] | None, d: Host) -> GradRow:
        """Compare along one direction; raise if nothing can be measured there."""
        row, smaller = self.measure(index, d, self.eps), None
        if not row.right:
            # A strongly curved L needs a smaller step, which costs digits.
            smaller = self.measure(index, d, self.eps / 8)
        if smaller is None or smaller.right:
            return smaller or row
        if self.function.is_coarse(self.name):
            raise _too_coarse(
                f"{self.function.title}: forward computes with {self.name} in float32"
            )
        # A quarter of the step gives a quarter of the bend, unless there is a kink.
        bend, less = self.bend(d, self.eps), self.bend(d, self.eps / 4)
        if abs(bend - 4 * less) > 1e-3 * max(self.length, abs(row.numeric)) + 64 * row.tolerance:
            raise GradientError(
                f"{self.function.title}: a kink lies within eps = {self.eps:g} of {self.name}, "
                f"no slope can be measured there\n{table([row])}",
                "x = check.permuted_grid(x.shape), other weights, or a smaller eps",
            )
        return row

    def measure(self, index: tuple[int, ...] | None, d: Host, eps: float) -> GradRow:
        """Return both slopes along d, and the tolerance."""
        ahead, behind = self.value + eps * d, self.value - eps * d
        analytic = float(np.sum(self.gradient * (ahead - behind))) / (2 * eps)
        y_ahead, y_behind = (self.function({self.name: value}) for value in (ahead, behind))
        numeric = float(np.sum(self.r * (y_ahead - y_behind))) / (2 * eps)
        # Rounding errors of an output that changes; an unchanged output may hide one rounding.
        roundings = np.where(y_ahead != y_behind, 16, 1)
        noise = UNIT_ROUNDOFF * float(np.sum(roundings * np.abs(self.r * y_ahead))) / eps
        # The slope of one value may be almost zero; rounding errors are not.
        steepness = self.length if index is None else max(abs(analytic), 1e-4 * self.length)
        tolerance = self.rtol * max(steepness, abs(numeric)) + noise
        return GradRow(self.name, index, analytic, numeric, tolerance)

    def bend(self, d: Host, eps: float) -> float:
        """Forward minus backward difference: shrinks with eps if L is smooth."""
        y = self.function({})
        ahead = np.sum(self.r * (self.function({self.name: self.value + eps * d}) - y))
        behind = np.sum(self.r * (y - self.function({self.name: self.value - eps * d})))
        return float(ahead - behind) / eps


def _too_coarse(what: str) -> GradientError:
    return GradientError(
        f"{what}: its rounding drowns the small steps of the check, which needs float64",
        "use float64: leave out .astype(np.float32) and np.float32(...), "
        "and make new arrays with dtype=x.dtype",
    )
