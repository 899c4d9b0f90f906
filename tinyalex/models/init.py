"""Initial weights, drawn by the rules that a recipe states as data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from tinyalex.backends import Array
from tinyalex.errors import ConfigError, unknown
from tinyalex.layers import Container, Dropout, Layer, LocallyConnected2d

Rule = Sequence[Any]
Rules = Mapping[str, Rule]

ZEROS: Rules = {"*": ("constant", 0.0)}  # costs nothing: for weights that are about to be set
KINDS = ("normal", "constant", "he_normal", "kaiming_uniform")


def initialise(model: Container, rules: Rules, seed: int) -> None:
    """Draw every parameter again, and give every dropout layer its own stream of masks.

    Parameters
    ----------
    model : Container
    rules : mapping of pattern to rule
        A pattern over parameter names ("features.*.weight"; the last one that matches wins) to
        ``("normal", sigma)``, ``("constant", value)``, ``("he_normal",)``: N(0, sqrt(2/fan_in)),
        or ``("kaiming_uniform",)``: U(-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's default.
    seed : int
        Each parameter has its own random stream, set by the seed and the parameter's place in
        the network. So a change of one layer does not change the values of the others.

    Raises
    ------
    ConfigError
        A parameter has no rule, or a rule's kind is unknown.

    Examples
    --------
    >>> from tinyalex.layers import Linear, Sequential
    >>> net = Sequential([Linear(100, 100)])
    >>> initialise(net, {"*.weight": ("normal", 0.01), "*.bias": ("constant", 1)}, seed=0)
    >>> round(float(net[0].params["weight"].std()), 3), net[0].params["bias"][:2].tolist()
    (0.01, [1.0, 1.0])
    """
    for i, (name, layer, key) in enumerate(model.parameter_owners()):
        matching = [rule for pattern, rule in rules.items() if fnmatchcase(name, pattern)]
        if not matching:
            raise ConfigError(f"no initialisation rule for {name}", 'add a rule for "*"')
        layer.params[key] = draw(matching[-1], layer, key, seed, i)
        layer.grads[key] = _zeros(layer, key)
    dropouts = [layer for _, layer in model.named_layers() if isinstance(layer, Dropout)]
    for i, dropout in enumerate(dropouts):
        dropout.seed, dropout.draws = seed * 1009 + i + 1, 0


def draw(rule: Rule, layer: Layer, key: str, seed: int, index: int) -> Array:
    """Draw the initial values of one parameter."""
    kind, *numbers = rule
    shape = layer.params[key].shape
    generator = layer.backend.generator(seed, index)
    if kind == "constant":
        return _zeros(layer, key) + numbers[0] if numbers[0] else _zeros(layer, key)
    if kind == "normal":
        return generator.normal(shape, numbers[0])
    if kind == "he_normal":
        return generator.normal(shape, math.sqrt(2 / fan_in(layer)))
    if kind == "kaiming_uniform":
        return (2 * generator.random(shape) - 1) / math.sqrt(fan_in(layer))
    raise unknown("initialisation rule", str(kind), KINDS)


def _zeros(layer: Layer, key: str) -> Array:
    """Zeros in a parameter's shape; unlike zeros_like, they take no memory until they are used."""
    zeros: Array = layer.xp.zeros(layer.params[key].shape, dtype=layer.xp.float32)
    return zeros


def fan_in(layer: Layer) -> int:
    """Number of inputs of one output of the layer."""
    shape = layer.params["weight"].shape
    return math.prod(shape[3:] if isinstance(layer, LocallyConnected2d) else shape[1:])
