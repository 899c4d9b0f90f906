"""Layers made of layers: one after the other, or side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Self, overload

from tinyalex.backends import Array, Backend
from tinyalex.errors import CheckpointError, ConfigError, TinyalexError, unknown
from tinyalex.layers.base import Layer, Shape
from tinyalex.layers.dropout import Dropout


class NoSuchLayerError(TinyalexError, IndexError, KeyError):
    """A network has no layer of that name, or not so many."""


class Container(Layer):
    """A layer with named children; what is done to it is done to them."""

    children: dict[str, Layer]

    def __repr__(self) -> str:
        """A line for each layer, with its name."""
        inside = "".join(f"({name}): {child!r}\n" for name, child in self.children.items())
        head = "".join(f"{setting}," for setting in self._settings())
        return f"{type(self).__name__}({head}\n{textwrap.indent(inside, '  ')})"

    def train(self, mode: bool = True) -> Self:
        for child in self.children.values():
            child.train(mode)
        return super().train(mode)

    def to(self, backend: str | Backend) -> Self:
        for child in self.children.values():
            child.to(backend)
        return super().to(backend)

    def named_layers(self, prefix: str = "") -> Iterator[tuple[str, Layer]]:
        """Yield every leaf with its dotted name: ``("features.0", Conv2d)``."""
        for name, child in self.children.items():
            if isinstance(child, Container):
                yield from child.named_layers(f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", child

    def parameter_owners(self) -> Iterator[tuple[str, Layer, str]]:
        for name, layer in self.named_layers():
            for key in layer.params:
                yield f"{name}.{key}", layer, key

    def state_dict(self) -> dict[str, Array]:
        """Every parameter by its dotted name, copied to NumPy arrays on the host."""
        owners = self.parameter_owners()
        return {n: layer.backend.to_host(layer.params[key]).copy() for n, layer, key in owners}

    def load_state_dict(self, arrays: Mapping[str, Array]) -> None:
        """Set every parameter; names and shapes must be exactly the model's.

        Raises
        ------
        CheckpointError
            A name is missing or unknown, or a shape differs. Nothing is changed then.
        """
        wanted = {name: tuple(w.shape) for name, w in self.named_parameters()}
        missing = sorted(wanted.keys() - arrays.keys())
        extra = sorted(arrays.keys() - wanted.keys())
        if missing or extra:
            raise CheckpointError(
                f"the weights are not this model's: missing {missing[:3]}, unknown {extra[:3]}",
                "build the model that the weights were saved from",
            )
        for name, shape in wanted.items():
            if tuple(arrays[name].shape) != shape:
                raise CheckpointError(
                    f"{name} must be {shape} (got {tuple(arrays[name].shape)})",
                    "the same num_classes and the same kind of images as when it was saved",
                )
        for name, layer, key in self.parameter_owners():
            dtype = layer.params[key].dtype
            layer.params[key] = layer.backend.asarray(arrays[name].copy(), dtype=dtype)

    def random_state(self) -> dict[str, int]:
        """How many masks each dropout layer has drawn."""
        return {n: layer.draws for n, layer in self.named_layers() if isinstance(layer, Dropout)}

    def load_random_state(self, draws: Mapping[str, int]) -> None:
        """Continue drawing masks where `random_state` was taken."""
        for name, layer in self.named_layers():
            if isinstance(layer, Dropout):
                if name not in draws:
                    raise CheckpointError(f"the checkpoint has no random state for {name}")
                layer.draws = int(draws[name])

    def count_parameters(self) -> int:
        """Number of weights and biases."""
        return sum(int(w.size) for w in self.parameters())


class Sequential(Container):
    """One layer after the other; backward runs the same way back, once for each forward.

    Each layer forgets what it kept as soon as its gradient is known, so memory is at its peak
    at the end of forward.

    Parameters
    ----------
    layers : sequence of layers, or dict of name to layer
        A sequence is named "0", "1", ...
    """

    def __init__(self, layers: Sequence[Layer] | Mapping[str, Layer]) -> None:
        super().__init__()
        named = layers if isinstance(layers, Mapping) else {str(i): y for i, y in enumerate(layers)}
        self.children = dict(named)
        for name, layer in self.children.items():
            if not isinstance(layer, Layer):
                raise ConfigError(
                    f"Sequential: {name!r} must be a Layer (got {type(layer).__name__})"
                )

    def __len__(self) -> int:
        return len(self.children)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.children.values())

    @overload
    def __getitem__(self, which: slice) -> Sequential: ...

    @overload
    def __getitem__(self, which: int | str) -> Layer: ...

    def __getitem__(self, which: int | str | slice) -> Layer:
        """A layer by its place or its name; by a slice, a network of layers that both share.

        Raises
        ------
        NoSuchLayerError
            There is no such layer. It is an IndexError and a KeyError.
        """
        if isinstance(which, slice):
            part = Sequential(dict(list(self.children.items())[which]))
            part.training, part.backend = self.training, self.backend
            return part
        if isinstance(which, str):
            if which not in self.children:
                no_such = unknown("layer", which, self.children)
                raise NoSuchLayerError(no_such.message, no_such.hint)
            return self.children[which]
        layers = list(self)
        if not -len(layers) <= which < len(layers):
            raise NoSuchLayerError(f"no layer {which}: the network has {len(layers)} layers")
        return layers[which]

    def forward(self, x: Array) -> Array:
        for layer in self:
            x = layer.forward(x)
        return x

    def backward(self, dy: Array) -> Array:
        for layer in reversed(self.children.values()):
            dy = layer.backward(dy)
            layer.forget()
        return dy

    def skip_input_gradient(self, skip: bool = True) -> None:
        """Do not compute d(loss)/d(image) in ``backward``: training has no use for it."""
        first = self[0]
        if isinstance(first, Sequential):
            first.skip_input_gradient(skip)
        else:
            first.needs_dx = not skip

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        for layer in self:
            input_shape = layer.output_shape(input_shape)
        return tuple(input_shape)

    def flops(self, input_shape: Shape) -> int:
        total = 0
        for layer in self:
            total += layer.flops(input_shape)
            input_shape = layer.output_shape(input_shape)
        return total


class Towers(Container):
    """Two columns side by side, as on the paper's two GPUs (figure 2).

    Parameters
    ----------
    left, right : Sequential
        The same layers with their own weights, each with half of the channels.
    crossing : bool
        Whether each column sees the whole input (the dashed lines that cross in figure 2), or
        only its own half of the channels.
    """

    def __init__(self, left: Sequential, right: Sequential, *, crossing: bool) -> None:
        super().__init__()
        self.children = {"left": left, "right": right}
        self.crossing = crossing

    def forward(self, x: Array) -> Array:  # channels (or features) are axis 1
        x_left, x_right = (x, x) if self.crossing else halves(x)
        y_left = self.children["left"].forward(x_left)
        y_right = self.children["right"].forward(x_right)
        return self.xp.concat([y_left, y_right], axis=1)

    def backward(self, dy: Array) -> Array:
        dy_left, dy_right = halves(dy)
        dx_left = self.children["left"].backward(dy_left)
        dx_right = self.children["right"].backward(dy_right)
        if self.crossing:
            return dx_left + dx_right
        return self.xp.concat([dx_left, dx_right], axis=1)

    def tower_input(self, input_shape: Shape) -> tuple[int, ...]:
        """What one column sees."""
        N, C, *rest = input_shape
        return (N, C if self.crossing else C // 2, *rest)

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, C, *rest = self.children["left"].output_shape(self.tower_input(input_shape))
        return (N, 2 * C, *rest)

    def flops(self, input_shape: Shape) -> int:
        return sum(c.flops(self.tower_input(input_shape)) for c in self.children.values())


def halves(x: Array) -> tuple[Array, Array]:
    """The first and the second half of the channels."""
    middle = x.shape[1] // 2
    return x[:, :middle, ...], x[:, middle:, ...]
