"""Weights by name: taking them out of a network and putting them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from tinyalex.backends import Array
from tinyalex.errors import CheckpointError
from tinyalex.layers.base import Layer
from tinyalex.layers.dropout import Dropout


class Named(Protocol):
    """A network whose layers and parameters have names."""

    def named_layers(self) -> Iterator[tuple[str, Layer]]: ...

    def named_parameters(self) -> Iterator[tuple[str, Array]]: ...

    def parameter_owners(self) -> Iterator[tuple[str, Layer, str]]: ...


def state_dict(model: Named) -> dict[str, Array]:
    """Every parameter by its dotted name, copied to the host."""
    return {
        name: layer.backend.to_host(layer.params[key]).copy()
        for name, layer, key in model.parameter_owners()
    }


def load_state_dict(model: Named, arrays: Mapping[str, Array]) -> None:
    """Set every parameter; all names and shapes are checked before the first is set."""
    wanted = {name: w.shape for name, w in model.named_parameters()}
    missing, extra = sorted(wanted.keys() - arrays.keys()), sorted(arrays.keys() - wanted.keys())
    if missing or extra:
        raise CheckpointError(
            f"the weights are not this model's: missing {missing[:3]}, unknown {extra[:3]}",
            "build the model that the weights were saved from",
        )
    for name, shape in wanted.items():
        if tuple(arrays[name].shape) != tuple(shape):
            raise CheckpointError(
                f"{name} must be {tuple(shape)} (got {tuple(arrays[name].shape)})",
                "the same num_classes and the same kind of images as when it was saved",
            )
    for name, layer, key in model.parameter_owners():
        dtype = layer.params[key].dtype
        layer.params[key] = layer.backend.asarray(arrays[name].copy(), dtype=dtype)


def random_state(model: Named) -> dict[str, int]:
    """How many masks each dropout layer has drawn."""
    return {n: layer.draws for n, layer in model.named_layers() if isinstance(layer, Dropout)}


def load_random_state(model: Named, draws: Mapping[str, int]) -> None:
    """Set the dropout layers' counters."""
    for name, layer in model.named_layers():
        if isinstance(layer, Dropout):
            if name not in draws:
                raise CheckpointError(f"the checkpoint has no random state for {name}")
            layer.draws = int(draws[name])
