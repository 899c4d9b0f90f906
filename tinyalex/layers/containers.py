"""Layers made of layers: one after the other, or side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, overload

from tinyalex.backends import Array
from tinyalex.backends.foreign import bring
from tinyalex.errors import CheckpointError, ConfigError, TinyalexError, unknown
from tinyalex.functional.arrays import Shape
from tinyalex.layers.base import Layer
from tinyalex.layers.dropout import Dropout
from tinyalex.layers.fusion import with_relu
from tinyalex.layers.outputs import output_of
from tinyalex.layers.summary import Summary, summarise


class NoSuchLayerError(TinyalexError, IndexError, KeyError):
    """A network has no layer of that name, or not so many.

    Examples
    --------
    >>> Sequential([Dropout()])[1]
    Traceback (most recent call last):
        ...
    tinyalex.layers.containers.NoSuchLayerError: no layer 1: the network has 1 layers
    """


class Container(Layer):
    """A layer with layers inside, one after the other unless it says otherwise.

    Examples
    --------
    >>> from tinyalex.layers import Linear
    >>> net = Sequential({"hidden": Linear(4, 3), "out": Linear(3, 2)})
    >>> net.count_parameters(), [name for name, _ in net.named_parameters()]
    (23, ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias'])
    >>> net.load_state_dict(net.state_dict())
    """

    children: dict[str, Layer]

    def __repr__(self) -> str:
        """One line per layer, with its name."""
        inside = "".join(f"({name}): {child!r}\n" for name, child in self.children.items())
        head = "".join(f"{setting}," for setting in self._settings())
        return f"{type(self).__name__}({head}\n{textwrap.indent(inside, '  ')})"

    def named_layers(self) -> Iterator[tuple[str, Layer]]:
        for name, child in self.children.items():
            for inner, layer in child.named_layers():
                yield f"{name}.{inner}".strip("."), layer

    def named_inputs(self, input_shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
        children = zip(self.children.items(), self.child_inputs(input_shape), strict=True)
        for (name, child), shape in children:
            for inner, layer, seen in child.named_inputs(shape):
                yield f"{name}.{inner}".strip("."), layer, seen

    def child_inputs(self, input_shape: Shape) -> Iterator[Shape]:
        """Yield the shape of each child's input."""
        for child in self.children.values():
            yield input_shape
            input_shape = child.output_shape(input_shape)

    def flops(self, input_shape: Shape) -> int:
        return sum(layer.flops(shape) for _, layer, shape in self.named_inputs(input_shape))

    def state_dict(self) -> dict[str, Array]:
        """Every parameter by its dotted name, copied to NumPy arrays on the host."""
        owners = self.parameter_owners()
        return {n: layer.backend.to_host(layer.params[key]).copy() for n, layer, key in owners}

    def load_state_dict(self, arrays: Mapping[str, Array]) -> None:
        """Set every parameter; changes nothing if a name or a shape is not the model's."""
        wanted = {name: tuple(w.shape) for name, w in self.named_parameters()}
        names, given = wanted.keys(), arrays.keys()
        missing, extra = sorted(names - given), sorted(given - names)
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

    def features(self, x: Any, at: str) -> Array:
        """The output of one layer in test mode, such as ``model.features(x, at="classifier.5")``.

        Whatever the layers remember (mode, activations for backward, dropout counters) stays.

        Parameters
        ----------
        x : array, float (N, ...)
            What ``forward`` takes.
        at : str
            Dotted name of a layer (or of a network inside), as ``print(model)`` nests them.

        Returns
        -------
        array (N, ...) of the model's backend

        Raises
        ------
        NoSuchLayerError
            No layer has this name.

        Examples
        --------
        >>> import numpy as np
        >>> from tinyalex import models
        >>> model = models.build("tiny")
        >>> images = np.zeros((5, 1, 16, 16), np.float32)
        >>> model.features(images, at="classifier.5").shape
        (5, 128)
        """
        return output_of(self, bring(x, self.backend, type(self).__name__), self.find(at))

    def find(self, name: str) -> Layer:
        """The layer of a dotted name; NoSuchLayerError if there is none."""
        layer: Layer = self
        for part in name.split("."):
            if part not in layer.children:
                names = [dotted for dotted, _ in self.named_layers()]
                error = unknown("layer", name, names)
                raise NoSuchLayerError(error.message, error.hint)
            layer = layer.children[part]
        return layer

    def summary(self, input_shape: Shape | None = None) -> Summary:
        """A table of the layers: output shape, parameters and multiply-adds, for one image.

        Parameters
        ----------
        input_shape : (C, H, W), or (features,), optional
            Of one image. `tinyalex.models.build`'s networks know their own.

        Raises
        ------
        ShapeError
            The network does not take such images.

        Examples
        --------
        >>> from tinyalex.layers import Flatten, Linear, Sequential
        >>> print(Sequential(Flatten(), Linear(64, 10)).summary((1, 8, 8)))
        layer  kind     output  parameters  multiply-adds
        0      Flatten  64               0              0
        1      Linear   10             650            640
        total                          650            640
        """
        return summarise(self, input_shape)

    def _repr_html_(self) -> str:
        """The summary, in a notebook."""
        return summarise(self, None)._repr_html_()

    def count_parameters(self) -> int:
        """Number of weights and biases."""
        return sum(int(w.size) for w in self.parameters())


class Sequential(Container):
    """One layer after the other; backward runs the same way back, once per forward.

    Each layer forgets what it kept once its gradient is known: memory peaks after forward.
    ``layers`` are named "0", "1", ...; one list of them, or one dict with other names, will do.

    Examples
    --------
    >>> from tinyalex.layers import Linear, ReLU
    >>> net = Sequential(Linear(2, 3), ReLU())
    >>> net([[1.0, 2.0]]).shape, net.backward(np.ones((1, 3))).shape
    ((1, 3), (1, 2))
    >>> net[0], len(net[:1])
    (Linear(2, 3), 1)
    >>> named = Sequential({"fc": Linear(2, 3), "relu": ReLU()})
    """

    @overload
    def __init__(self, layers: Iterable[Layer] | Mapping[str, Layer], /) -> None: ...
    @overload
    def __init__(self, *layers: Layer) -> None: ...

    def __init__(self, *layers: Any) -> None:
        super().__init__()
        given: Any = layers
        if len(layers) == 1 and not isinstance(layers[0], Layer):
            given = layers[0]
        named = given if isinstance(given, Mapping) else {str(i): y for i, y in enumerate(given)}
        self.children = dict(named)
        for name, layer in self.children.items():
            if not isinstance(layer, Layer):
                kind = type(layer).__name__
                raise ConfigError(f"Sequential: {name!r} must be a Layer (got {kind})")
        self._check_that_layers_differ()

    def _check_that_layers_differ(self) -> None:
        """A layer keeps what its backward pass needs, so it has one place in a network."""
        places: dict[int, str] = {}
        for name, layer in self.named_layers():
            if (other := places.setdefault(id(layer), name)) != name:
                kind = type(layer).__name__
                raise ConfigError(
                    f"Sequential: {other!r} and {name!r} are the same {kind} object, which can "
                    "keep the arrays of one place only",
                    f"{kind}(...) for each place",
                )

    def __len__(self) -> int:
        return len(self.children)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.children.values())

    def __getitem__(self, which: int | str | slice) -> Layer:
        """A layer by its place or its name; for a slice, a network of the same layers."""
        if isinstance(which, slice):
            part = Sequential(dict(list(self.children.items())[which]))
            part.training, part.backend = self.training, self.backend
            return part
        if isinstance(which, str):
            if which not in self.children:
                error = unknown("layer", which, self.children)
                raise NoSuchLayerError(error.message, error.hint)
            return self.children[which]
        layers = list(self)
        if not -len(layers) <= which < len(layers):
            raise NoSuchLayerError(f"no layer {which}: the network has {len(layers)} layers")
        return layers[which]

    def forward(self, x: Any) -> Array:
        x = bring(x, self.backend, type(self).__name__)
        for layer, relu in with_relu(self, "forward"):
            x = layer.forward(x) if relu is None else relu.keep(layer.forward(x, relu=True))
        return x

    def backward(self, dy: Array) -> Array:
        for layer, relu in with_relu(reversed(self.children.values()), "backward"):
            dy = layer.backward(dy) if relu is None else layer.backward(dy, relu=True)
            for finished in (layer, relu):
                if finished is not None:
                    finished.forget()
                    if finished.done is not None:
                        finished.done(finished)
        return dy

    def skip_input_gradient(self, skip: bool = True) -> None:
        """Do not compute d(loss)/d(image) in ``backward``: training has no use for it."""
        first = self[0]
        while isinstance(first, Sequential):
            first = first[0]
        first.needs_dx = not skip

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        for layer in self:
            input_shape = layer.output_shape(input_shape)
        return tuple(input_shape)


class Towers(Container):
    """Two towers side by side, as on the paper's two GPUs (figure 2).

    Parameters
    ----------
    left, right : the same layers with their own weights, each with half of the channels
    crossing : whether each tower sees the whole input (the dashed lines that cross in figure 2),
        or only its own half of the channels

    Examples
    --------
    >>> from tinyalex.layers import Conv2d
    >>> left, right = Sequential([Conv2d(2, 3, 1)]), Sequential([Conv2d(2, 3, 1)])
    >>> Towers(left, right, crossing=False).output_shape((1, 4, 8, 8))  # each sees two channels
    (1, 6, 8, 8)
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
        """What one tower sees."""
        N, C, *rest = input_shape
        return (N, C if self.crossing else C // 2, *rest)

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, C, *rest = self.children["left"].output_shape(self.tower_input(input_shape))
        return (N, 2 * C, *rest)

    def child_inputs(self, input_shape: Shape) -> Iterator[Shape]:
        yield from [self.tower_input(input_shape)] * 2


def halves(x: Array) -> tuple[Array, Array]:
    """The first and the second half of the channels."""
    middle = x.shape[1] // 2
    return x[:, :middle, ...], x[:, middle:, ...]
