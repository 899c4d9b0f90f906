"""Compare a layer's backward pass with slopes measured on its forward pass.

The layer's output y is turned into one number, L = sum(r * y), with a fixed random r. The backward
pass claims to know how L changes when the input or a parameter moves; the check moves it along a
random direction and measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyalex.backends.base import Array
from tinyalex.errors import ConfigError, ShapeError, TinyalexError

Host = np.ndarray[Any, np.dtype[np.float64]]
UNIT_ROUNDOFF = float(np.finfo(np.float64).eps)


class GradientError(TinyalexError, AssertionError):
    """A backward pass disagrees with the forward pass it belongs to."""


@dataclass(frozen=True)
class GradRow:
    """One direction along which one array was moved."""

    name: str
    direction: int
    analytic: float
    numeric: float
    tolerance: float

    @property
    def right(self) -> bool:
        """Whether both slopes agree; never true of NaN."""
        return abs(self.analytic - self.numeric) <= self.tolerance


@dataclass(frozen=True)
class GradReport:
    """What a gradient check that passed has compared; ``print`` it."""

    layer: str
    rows: tuple[GradRow, ...]

    def __str__(self) -> str:
        names = dict.fromkeys(row.name for row in self.rows)
        return f"{self.layer}: gradients of {', '.join(names)} are right\n{_table(self.rows)}"


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
        (both may be missing when there is nothing to learn): a layer of tinyalex, a whole
        ``Sequential``, or a class of your own. It is checked in the mode, training or not, that it
        is in. A layer whose forward gives one number is a loss: its ``backward()`` takes nothing.
    x : array
        The input, of any float dtype. Keep it away from kinks: ``permuted_grid`` does.
    extra : sequence
        Further arguments of ``forward``: the labels of a loss.
    directions : int
        Random directions for each array.
    eps : float
        How far each value is moved, either way.
    rtol : float
        Allowed difference, as a share of the gradient's length.
    seed : int
        Of the directions and of r.

    Returns
    -------
    GradReport
        All compared slopes.

    Raises
    ------
    GradientError
        When a slope is wrong, a gradient is missing or misshapen, the forward pass is not the same
        twice, or a kink lies so near that slopes mean nothing there.

    Notes
    -----
    Central difference (L(+eps) - L(-eps)) / (2 eps) along directions of -1 and +1, so that every
    value moves by eps exactly. Dropout's counter ``draws`` is set back before each
    evaluation, so that the mask stays the same.

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
    title = type(layer).__name__
    parameters = list(_parameters(layer))
    kept = [(owner, key, owner.params[key]) for _, owner, key in parameters]
    probe = _Probe(layer, extra)
    values = {"x": probe.host(x)}
    values |= {name: probe.host(owner.params[key]) for name, owner, key in parameters}
    if values["x"].size == 0:
        raise ShapeError(f"gradcheck: x is empty (shape {values['x'].shape}): nothing can be moved")
    try:

        def forward(changed: dict[str, Host]) -> Host:
            for name, owner, key in parameters:
                owner.params[key] = probe.device(changed.get(name, values[name]))
            return probe.forward(changed.get("x", values["x"]))

        y = forward({})
        rng = np.random.default_rng(seed)
        r = np.asarray(rng.standard_normal(y.shape) if y.ndim else 1.0)
        dx = probe.backward(r)
        grads = {"x": _gradient(title, "x", dx, values["x"])}
        for name, owner, key in parameters:
            found = getattr(owner, "grads", {}).get(key)
            found = None if found is None else probe.host(found)
            grads[name] = _gradient(title, name, found, values[name])
        if not np.array_equal(forward({}), y, equal_nan=True):
            raise GradientError(
                f"{title}: forward gives another result for the same x",
                "draw random numbers from a seed and from a counter named draws, as Dropout does: "
                "the check sets it back; or check the layer in evaluation mode",
            )
        # Each evaluation rounds to about this much; below it no slope can be told from zero.
        noise = 16 * UNIT_ROUNDOFF * float(np.sum(np.abs(r * y))) / eps
        rows: list[GradRow] = []
        for name, value in values.items():
            if value.size:
                measure = _Slopes(forward, name, value, r)
                rows += _check_one(title, measure, grads[name], directions, eps, rtol, noise, rng)
    finally:
        for owner, key, original in kept:
            owner.params[key] = original
    return GradReport(title, tuple(rows))


def permuted_grid(shape: Sequence[int], seed: int = 0) -> Host:
    """Values in random order, none near zero and no two near each other.

    The slope of ReLU jumps at 0 and that of max pooling where two values are equal: a check there
    measures nothing. Neighbouring values of the grid are at least 1e-3 apart and all are at least
    2.5e-4 from zero.

    Parameters
    ----------
    shape : tuple of int
        Of the result; small inputs span about -1 to 1.
    seed : int
        Of the order.

    Returns
    -------
    numpy.ndarray
        float64.
    """
    size = int(np.prod(shape))
    spacing = max(2 / max(size, 1), 1e-3)
    # The quarter step keeps the middle value of an odd count off zero.
    values = (np.arange(size) - (size - 1) / 2 + 0.25) * spacing
    return np.random.default_rng(seed).permutation(values).reshape(tuple(shape))


class _Probe:
    """Run a layer on host float64 arrays, wherever the layer itself lives."""

    def __init__(self, layer: Any, extra: Sequence[Any]) -> None:
        self.layer = layer
        self.extra = tuple(extra)
        self.backend = getattr(layer, "backend", None)
        self.random = layer.random_state() if hasattr(layer, "random_state") else None
        self.draws = getattr(layer, "draws", None)

    def host(self, a: Array) -> Host:
        if self.backend is not None and not isinstance(a, np.ndarray):
            a = self.backend.to_host(a)
        return np.array(a, dtype=np.float64)

    def device(self, a: Host) -> Array:
        return a.copy() if self.backend is None else self.backend.asarray(a.copy())

    def forward(self, x: Host) -> Host:
        if self.random is not None:
            self.layer.load_random_state(self.random)
        if self.draws is not None:
            self.layer.draws = self.draws
        return self.host(self.layer.forward(self.device(x), *self.extra))

    def backward(self, dy: Host) -> Host | None:
        dx = self.layer.backward(self.device(dy)) if dy.ndim else self.layer.backward()
        return None if dx is None else self.host(dx)


@dataclass(frozen=True)
class _Slopes:
    """L as one array is moved along a direction."""

    forward: Callable[[dict[str, Host]], Host]
    name: str
    value: Host
    r: Host

    def change(self, step: Host) -> float:
        """L(value + step) - L(value), subtracted output by output to keep the digits."""
        moved = self.forward({self.name: self.value + step})
        return float(np.sum(self.r * (moved - self.forward({}))))

    def central(self, d: Host, eps: float) -> float:
        ahead = self.forward({self.name: self.value + eps * d})
        behind = self.forward({self.name: self.value - eps * d})
        return float(np.sum(self.r * (ahead - behind))) / (2 * eps)

    def bend(self, d: Host, eps: float) -> float:
        """Slope ahead minus slope behind: shrinks with eps where L is smooth."""
        return (self.change(eps * d) + self.change(-eps * d)) / eps


def _parameters(layer: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield (name, the layer that holds it, its key) for every parameter."""
    if hasattr(layer, "named_parameters"):
        yield from layer.named_parameters()
    else:
        for key in getattr(layer, "params", {}):
            yield key, layer, key


def _gradient(title: str, name: str, gradient: Host | None, value: Host) -> Host:
    where = f"{title}: the gradient of {name}"
    if gradient is None:
        hint = "return dx" if name == "x" else f"set grads[{name.rsplit('.', 1)[-1]!r}]"
        raise GradientError(f"{where} is missing after backward", f"{hint} in backward")
    if gradient.shape != value.shape:
        raise GradientError(
            f"{where} has shape {gradient.shape}, {name} has {value.shape}",
            "a gradient has the shape of what it belongs to; sum over the axes that were broadcast",
        )
    return gradient


def _check_one(
    title: str,
    slopes: _Slopes,
    gradient: Host,
    directions: int,
    eps: float,
    rtol: float,
    noise: float,
    rng: np.random.Generator,
) -> list[GradRow]:
    # <gradient, d> is about as large as the gradient is long, whatever the direction.
    scale = float(np.linalg.norm(gradient))
    rows = []
    for i in range(directions):
        d = rng.choice([-1.0, 1.0], size=slopes.value.shape)
        analytic, numeric = float(np.sum(gradient * d)), slopes.central(d, eps)
        tolerance = rtol * max(scale, abs(numeric)) + noise
        row = GradRow(slopes.name, i, analytic, numeric, tolerance)
        rows.append(row)
        if row.right:
            continue
        # A quarter of the step leaves a quarter of the bend, unless there is a kink.
        bend, smaller = slopes.bend(d, eps), slopes.bend(d, eps / 4)
        if abs(bend - 4 * smaller) > 1e-3 * max(scale, abs(numeric)) + 64 * noise:
            raise GradientError(
                f"{title}: a kink lies within eps = {eps:g} of {slopes.name}, "
                f"no slope can be measured there\n{_table([row])}",
                "x = check.permuted_grid(x.shape), other weights, or a smaller eps",
            )
    wrong = [row for row in rows if not row.right]
    if wrong:
        raise GradientError(
            f"{title}: the gradient of {slopes.name} is wrong in {len(wrong)} of {len(rows)} "
            f"directions\n{_table(rows)}",
            _advice(slopes.name, rows),
        )
    return rows


def _advice(name: str, rows: Sequence[GradRow]) -> str:
    """Say what the numbers of a wrong gradient point at."""
    analytic = np.array([row.analytic for row in rows])
    numeric = np.array([row.numeric for row in rows])
    if not np.any(analytic):
        return "the analytic gradient is zero everywhere: does backward fill it in?"
    if not np.any(numeric):
        return f"the output does not depend on {name}: does forward use it?"
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = analytic / numeric
    if len(rows) > 1 and np.all(np.abs(ratio - ratio[0]) < 1e-4 * abs(ratio[0])):
        return f"analytic is {ratio[0]:.6g} times numeric in every direction: look for that factor"
    return "check one small case by hand: batch 1, one channel, then two"


def _table(rows: Sequence[GradRow]) -> str:
    width = max(len("array"), *(len(row.name) for row in rows))
    lines = [f"  {'array':<{width}}  {'analytic':>16}  {'numeric':>16}  {'difference':>11}"]
    lines += [
        f"  {row.name:<{width}}  {row.analytic:>+16.9e}  {row.numeric:>+16.9e}"
        f"  {row.analytic - row.numeric:>+11.2e}" + ("" if row.right else "  <- wrong")
        for row in rows
    ]
    return "\n".join(lines)
