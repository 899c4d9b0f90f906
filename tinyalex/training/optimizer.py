"""The paper's SGD (section 5): momentum, weight decay, learning rate inside the velocity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from tinyalex.backends import Array
from tinyalex.errors import CheckpointError, ConfigError
from tinyalex.layers import Layer


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
    ) -> None:
        for name, value in (("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)):
            if not (math.isfinite(value) and value >= 0):
                raise ConfigError(f"SGD: {name} must be a number of at least 0 (got {value})")
        self.lr = self.first_lr = float(lr)
        self.momentum = float(momentum)
        self.weight_decay = float(weight_decay)
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
        for name, layer, key in self.parameters:
            if name in self.frozen:
                continue
            if key not in layer.grads:
                raise ConfigError(
                    f"SGD: {name} has no gradient yet", "call backward() before step()"
                )
            w, g = layer.params[key], layer.grads[key]
            v = self.velocity.get(name)
            if v is None or v.shape != w.shape or v.dtype != w.dtype:
                v = self.velocity[name] = layer.xp.zeros_like(w)
            lr_multiplier, decay_multiplier = self.multipliers[name]
            lr = self.first_lr if name in self.steady else self.lr
            layer.backend.sgd_step(
                w,
                g,
                v,
                lr * lr_multiplier,
                self.momentum,
                self.weight_decay * decay_multiplier,
            )

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


def _last_match(name: str, multipliers: Sequence[tuple[str, float, float]]) -> tuple[float, float]:
    matched = (1.0, 1.0)
    for pattern, lr_multiplier, decay_multiplier in multipliers:
        if fnmatchcase(name, pattern):
            matched = (float(lr_multiplier), float(decay_multiplier))
    return matched
