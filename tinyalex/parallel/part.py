"""One worker's part of a network that several workers train together.

- ``"towers"`` (Krizhevsky et al. 2012, figure 2): every worker sees all images and has its part of
  each layer's filters. They exchange feature maps only where a layer reads all channels, and the
  channels next to the border where normalisation does.
- ``"hybrid"`` (Krizhevsky 2014, "One weird trick"): each worker has all convolutions and its own
  images. Before the first fully connected layer all workers get all images' features; from there
  on each has its part of every layer's outputs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinyalex.errors import ConfigError
from tinyalex.group import Group
from tinyalex.layers import (
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    SpatialResponseNorm,
    Tanh,
    Towers,
)
from tinyalex.layers.base import skip_init
from tinyalex.models import Model
from tinyalex.parallel.exchange import (
    DropoutPart,
    GatherChannels,
    GatherImages,
    GatherLogits,
    NormAcross,
    OwnImages,
)

# What each channel does by itself.
_BY_CHANNEL = (AvgPool2d, MaxPool2d, ReLU, SpatialResponseNorm, Tanh)

HostArray = np.ndarray[Any, Any]
Rows = list[tuple[int, int]]  # by rank: the first filter, and the one after the last


class Part(Model):
    """A worker's part of a network; all workers call ``forward`` and ``backward`` together.

    Attributes
    ----------
    rows : dict of parameter name to list
        Which filters (rows of the parameter) each worker has. Parameters that are not in it are
        whole on every worker.
    """

    rows: dict[str, Rows]
    names: list[str]
    group: Group
    _count: int

    def count_parameters(self) -> int:
        """Number of weights and biases of the whole network."""
        return self._count

    def mean(self, parts: Mapping[str, HostArray]) -> dict[str, HostArray]:
        """Averages over whole parameters, from (1, L) averages over this worker's parts."""
        repeated = {}  # once per filter, so that the parts count by their sizes
        for name, mean in parts.items():
            first, end = self.rows[name][self.group.rank] if name in self.rows else (0, 1)
            repeated[name] = np.repeat(mean, end - first, axis=0)
        return {name: values.mean(axis=0) for name, values in whole(self, repeated).items()}

    def total(self, parts: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
        """Sums over whole parameters, from sums over this worker's parts.

        All workers must call this.
        """
        everyone = self.group.gather(dict(parts))
        totals = {name: list(sums) for name, sums in parts.items()}
        for name in totals.keys() & self.rows.keys():
            of_all = (sums[name] for sums in everyone if name in sums)
            totals[name] = [sum(column) for column in zip(*of_all, strict=True)]
        return totals


def whole(model: Model, arrays: Mapping[str, HostArray]) -> dict[str, HostArray]:
    """The whole network's arrays, by parameter name, from those of every worker's part.

    Of a network that is not split, ``arrays`` themselves. All workers must call this.
    """
    if not isinstance(model, Part):
        return dict(arrays)
    joined, group = {}, model.group
    for name in model.names:
        if name not in model.rows:
            joined[name] = arrays[name]
            continue
        has_some = name in arrays
        known = group.gather([arrays[name].dtype.str, arrays[name].shape[1:]] if has_some else None)
        dtype, row = next(value for value in known if value is not None)
        part = arrays[name] if has_some else np.empty((0, *row), dtype)
        shapes = [(end - first, *row) for first, end in model.rows[name]]
        joined[name] = np.concatenate(group.exchange([part] * group.size, shapes))
    return joined


def own(model: Model, arrays: Mapping[str, HostArray]) -> dict[str, HostArray]:
    """From the whole network's arrays, by parameter name, those of this worker's part."""
    if not isinstance(model, Part):
        return dict(arrays)
    parts = {}
    for name, array in arrays.items():
        first, end = model.rows[name][model.group.rank] if name in model.rows else (0, len(array))
        if end > first:
            parts[name] = array[first:end]
    return parts


def split(model: Model, kind: str, group: Group) -> Part:
    """This worker's part of a network, with the network's weights, on its backend.

    Parameters
    ----------
    model : Model
        The whole network; the part takes over its layers.
    kind : "towers" or "hybrid"

    Raises
    ------
    ConfigError
        The network cannot be split so among so many workers.
    """
    weights = model.state_dict()
    work = _Splitting(model, kind, group)
    part = Part(work.layers)
    part.name, part.num_classes, part.input_shape = model.name, model.num_classes, model.input_shape
    part.rows, part.group, part.names = work.rows, group, list(weights)
    part._count = model.count_parameters()
    part.to(model.backend).train(model.training)
    mine = own(part, weights)
    for name, layer, key in part.parameter_owners():
        layer.params[key] = layer.backend.asarray(mine[name].copy())
    return part


class _Splitting:
    """Goes through a network's layers and makes this worker's part of each.

    ``cuts`` says which channels of the present feature maps each worker has; None: all.
    """

    def __init__(self, model: Model, kind: str, group: Group) -> None:
        self.model, self.kind, self.group = model, kind, group
        self.rows: dict[str, Rows] = {}
        self.cuts: list[int] | None = None
        self.images: GatherImages | None = None
        self.shape: tuple[int, ...] = (1, *model.input_shape)
        self.begin = _first_fully_connected(model) if kind == "hybrid" else None
        self.splits = kind == "towers"  # from here on
        self.layers = self._inside(model, "")
        if self.cuts is not None:
            last = next(reversed(self.layers))
            self.layers[f"{last} for all"] = self._logits()

    def _logits(self) -> Layer:
        assert self.cuts is not None
        if self.images is None:
            return GatherLogits(self.group, self.cuts)
        return OwnImages(self.group, self.cuts, self.images)

    def _inside(self, layer: Sequential, path: str) -> dict[str, Layer]:
        made: dict[str, Layer] = {}
        for name, child in layer.children.items():
            self._add(made, name, child, f"{path}{name}")
        return made

    def _add(self, made: dict[str, Layer], name: str, layer: Layer, path: str) -> None:
        """Make the part of one layer, after the exchange that it needs."""
        if isinstance(layer, Sequential):
            made[name] = Sequential(self._inside(layer, f"{path}."))
            return
        shape, self.shape = self.shape, layer.output_shape(self.shape)
        if layer is self.begin:
            self.images, self.splits = GatherImages(self.group), True
            made[f"{name} images"] = self.images
        if isinstance(layer, Towers):
            made[name] = self._tower(made, name, layer, path)
        elif not self.splits:
            made[name] = layer
        elif isinstance(layer, Conv2d | Linear):
            made[name] = self._filters(made, name, layer, path)
        elif self.cuts is None or isinstance(layer, _BY_CHANNEL):
            made[name] = layer
        elif isinstance(layer, Dropout):
            made[name] = DropoutPart(layer, self.group, self.cuts, self.images)
        elif isinstance(layer, Flatten):
            made[name] = layer
            self.cuts = [cut * math.prod(shape[2:]) for cut in self.cuts]
        elif isinstance(layer, LocalResponseNorm):
            made[name] = self._norm(layer, path)
        else:
            self._refuse(path, f"{type(layer).__name__} cannot be split")

    def _filters(
        self, made: dict[str, Layer], name: str, layer: Conv2d | Linear, path: str
    ) -> Layer:
        """This worker's filters of a layer, as many as every worker's."""
        size, rank = self.group.size, self.group.rank
        out = layer.weight_shape[0]
        groups = layer.groups if isinstance(layer, Conv2d) else 1
        if groups == 1:
            self._gather(made, name)
        elif self.cuts is None or groups % size:
            self._refuse(path, f"{groups} groups of filters")
        if out < size:
            self._refuse(path, f"{out} filters")
        inputs = layer.weight_shape[1] * max(1, groups // size)
        self.cuts = [out * r // size for r in range(size + 1)]
        own = self.cuts[rank + 1] - self.cuts[rank]
        for key in layer.params:
            self.rows[f"{path}.{key}"] = [
                (first, end) for first, end in zip(self.cuts, self.cuts[1:], strict=False)
            ]
        with skip_init():
            if isinstance(layer, Linear):
                return Linear(inputs, own)
            return Conv2d(
                inputs,
                own,
                layer.kernel_size,
                layer.stride,
                layer.padding,
                groups=max(1, groups // size),
            )

    def _tower(self, made: dict[str, Layer], name: str, layer: Towers, path: str) -> Layer:
        """This worker's one of two towers."""
        if self.group.size != 2 or self.kind == "hybrid":
            self._refuse(path, "two towers")
        if layer.crossing:
            self._gather(made, name)
        elif self.cuts is None:
            self._refuse(path, "towers that see half of what all workers have")
        channels = self.shape[1]
        self.cuts = [0, channels // 2, channels]
        for rank, side in enumerate(layer.children):
            for key, array in layer.children[side].named_parameters():
                none = (0, 0)
                own = (0, array.shape[0])
                rows = [own, none] if rank == 0 else [none, own]
                self.rows[f"{path}.{side}.{key}"] = rows
        side = list(layer.children)[self.group.rank]
        return Sequential({side: layer.children[side]})

    def _norm(self, layer: LocalResponseNorm, path: str) -> Layer:
        assert self.cuts is not None
        size = self.group.size
        if layer.groups > 1:
            if layer.groups % size:
                self._refuse(path, f"{layer.groups} groups of channels")
            return LocalResponseNorm(
                layer.size, layer.alpha, layer.beta, layer.k, groups=layer.groups // size
            )
        narrowest = min(end - first for first, end in zip(self.cuts, self.cuts[1:], strict=False))
        if narrowest < layer.size // 2:
            self._refuse(path, f"windows of {layer.size} channels, more than two workers have")
        return NormAcross(self.group, layer)

    def _gather(self, made: dict[str, Layer], name: str) -> None:
        """Give all workers all channels."""
        if self.cuts is not None:
            made[f"{name} channels"] = GatherChannels(self.group, self.cuts)
            self.cuts = None

    def _refuse(self, path: str, what: str) -> None:
        workers = self.group.size
        raise ConfigError(
            f"parallel={self.kind!r} cannot split {self.model.name} among {workers} workers: "
            f"{path} has {what}",
            "2 workers and a network of two groups, such as alexnet; or parallel='data'",
        )


def _first_fully_connected(model: Model) -> Layer:
    """The first layer all of whose outputs see the whole feature map."""
    for _, layer, shape in model.named_inputs((1, *model.input_shape)):
        full = isinstance(layer, Conv2d) and layer.output_shape(shape)[2:] == (1, 1)
        if full or isinstance(layer, Linear):
            return layer
    raise ConfigError(f"{model.name} has no fully connected layer", "parallel='data'")
