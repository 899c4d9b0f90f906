"""The paper's SGD (section 5): momentum, weight decay, learning rate inside the velocity; LARS."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from numbers import Real
from typing import Any

import numpy as np

from tinyalex.backends import Array
from tinyalex.errors import CheckpointError, ConfigError
from tinyalex.layers import Layer
from tinyalex.parallel import Part

Owner = tuple[str, Layer, str]  # a parameter: its name, its layer, its key there

_PIECE = 1 << 22  # numbers that are converted to float64 at a time


class SGD:
    """Stochastic gradient descent with momentum.

    ``v = momentum * v - lr * (weight_decay * w + g)``, then ``w = w + v``. PyTorch keeps the
    learning rate outside (``w = w - lr * v``): the two differ when it changes.

    Parameters
    ----------
    model : Layer
        A network, or a single layer.
    lr : float
        Learning rate; assign ``optimizer.lr`` to change it.
    momentum, weight_decay : float
        0.9 and 0.0005 in the paper.
    multipliers : sequence of (pattern, lr_multiplier, decay_multiplier)
        By parameter name, as in ``("*.bias", 2, 0)``; the last pattern that matches counts.
    steady : sequence of pattern
        Parameters whose learning rate stays at its initial value.
    momentum_correction : bool
        When the learning rate changes, multiply the momentum by new / old, so that the steps equal
        PyTorch's (Goyal et al. 2017, remark 2).
    lars : float
        Trust coefficient of LARS; 0 turns it off. You et al. 2017 use 0.001 for AlexNet.

    Notes
    -----
    LARS (You, Gitman, Ginsburg 2017, arXiv 1708.03888) multiplies each parameter's learning rate by
    ``lars * |w| / (|g| + weight_decay * |w|)``, with Euclidean norms. As in the authors' code
    (nvcaffe, sgd_solver.cpp) this is each weight and each bias by itself, and none is exempt. Where
    a norm is 0, their factor is 1; here it is ``lars``, so that a bias that starts at 0 takes a
    small first step.

    Raises
    ------
    ConfigError
        A number is not allowed, or a pattern matches no parameter.

    Examples
    --------
    >>> from tinyalex import models, training
    >>> model = models.build("tiny")
    >>> optimizer = training.SGD(model, lr=0.01, multipliers=[("*.bias", 2, 0)])
    >>> optimizer.lr = 0.001
    """

    def __init__(
        self,
        model: Layer,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 5e-4,
        multipliers: Sequence[tuple[str, float, float]] = (),
        steady: Sequence[str] = (),
        momentum_correction: bool = False,
        lars: float = 0.0,
    ) -> None:
        numbers = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "lars": lars}
        for name, value in numbers.items():
            if not (isinstance(value, Real) and math.isfinite(value) and value >= 0):
                raise ConfigError(f"SGD: {name} must be a number of at least 0 (got {value!r})")
        self.model = model
        self.lr = self.first_lr = float(lr)
        self.momentum = float(momentum)
        self.weight_decay = float(weight_decay)
        self.momentum_correction, self.lars = momentum_correction, float(lars)
        self.last_rates: Sequence[float] | None = None  # of the last step, as in `step`
        self.parameters = list(model.parameter_owners())
        names = [name for name, _, _ in self.parameters]
        for pattern in (*(p for p, _, _ in multipliers), *steady):
            if not any(fnmatchcase(name, pattern) for name in names):
                raise ConfigError(
                    f"SGD: no parameter is called {pattern!r}", f"one of {', '.join(names)}"
                )
        self.multipliers = {name: _last_match(name, multipliers) for name in names}
        self.steady = {n for n in names if any(fnmatchcase(n, p) for p in steady)}
        self.frozen: set[str] = set()
        self.velocity: dict[str, Array] = {}

    def step(self) -> None:
        """Update every parameter, in place."""
        moving = [owner for owner in self.parameters if owner[0] not in self.frozen]
        for name, layer, key in moving:
            if key not in layer.grads:
                raise ConfigError(
                    f"SGD: {name} has no gradient yet", "call backward() before step()"
                )
        rates = self.lr, self.first_lr  # the second one is for steady parameters
        last = self.last_rates if self.momentum_correction and self.last_rates else rates
        changes = [new / old if old else 1.0 for new, old in zip(rates, last, strict=True)]
        self.last_rates = rates
        local = self._local_rates(moving) if self.lars else {}
        for name, layer, key in moving:
            w, g = layer.params[key], layer.grads[key]
            v = self.velocity.get(name)
            if v is None or v.shape != w.shape or v.dtype != w.dtype:
                v = self.velocity[name] = layer.xp.zeros_like(w)
            lr_multiplier, decay_multiplier = self.multipliers[name]
            steady = name in self.steady
            layer.backend.sgd_step(
                w,
                g,
                v,
                rates[steady] * lr_multiplier * local.get(name, 1.0),
                self.momentum * changes[steady],
                self.weight_decay * decay_multiplier,
            )

    def _local_rates(self, moving: Sequence[Owner]) -> dict[str, float]:
        """LARS's factor of each parameter; the host waits for the device once.

        All workers of a network that is split must call this.
        """
        squares = [
            _sum_of_squares(layer.xp, array)
            for _, layer, key in moving
            for array in (layer.params[key], layer.grads[key])
        ]
        sums: dict[str, list[float]] = {}
        if moving:
            _, layer, _ = moving[0]
            pairs = layer.backend.to_host(layer.xp.stack(squares)).reshape(-1, 2).tolist()
            sums = {name: pair for (name, _, _), pair in zip(moving, pairs, strict=True)}
        if isinstance(self.model, Part):
            sums = self.model.total(sums)
        factors = {}
        for name, _, _ in moving:
            w, g = map(math.sqrt, sums[name])
            decay = self.weight_decay * self.multipliers[name][1]
            factors[name] = self.lars * (w / (g + decay * w) if w and g else 1.0)
        return factors

    def freeze(self, pattern: str) -> None:
        """Stop updating the parameters that match ``pattern``."""
        self.frozen |= {n for n, _, _ in self.parameters if fnmatchcase(n, pattern)}

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """The velocities on the host, by parameter name; zeros before the first step."""
        state = {}
        for name, layer, key in self.parameters:
            v = self.velocity.get(name)
            state[name] = layer.backend.to_host(
                layer.xp.zeros_like(layer.params[key]) if v is None else v
            ).copy()
        return state

    def load_state_dict(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Set the velocities.

        Raises
        ------
        CheckpointError
            A name is missing or unknown, or a shape differs; nothing is changed.
        """
        shapes = {name: tuple(layer.params[key].shape) for name, layer, key in self.parameters}
        if shapes.keys() != arrays.keys():
            odd = sorted(shapes.keys() ^ arrays.keys())
            raise CheckpointError(f"momentum: missing or unknown parameters {odd[:3]}")
        for name, shape in shapes.items():
            if arrays[name].shape != shape:
                raise CheckpointError(
                    f"momentum of {name} must be {shape} (got {arrays[name].shape})"
                )
        for name, layer, key in self.parameters:
            self.velocity[name] = layer.backend.asarray(
                arrays[name].copy(), dtype=layer.params[key].dtype
            )


def _sum_of_squares(xp: Any, array: Array) -> Array:
    """In float64 and in a fixed order, whatever the number of threads."""
    flat = array.reshape(-1)
    pieces = (flat[i : i + _PIECE].astype(xp.float64) for i in range(0, flat.size, _PIECE))
    return sum(xp.sum(piece * piece) for piece in pieces)


def _last_match(name: str, multipliers: Sequence[tuple[str, float, float]]) -> tuple[float, float]:
    matched = (1.0, 1.0)
    for pattern, lr_multiplier, decay_multiplier in multipliers:
        if fnmatchcase(name, pattern):
            matched = (float(lr_multiplier), float(decay_multiplier))
    return matched
