"""Translate a tinyalex network to PyTorch, layer by layer, with the same weights."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from tinyalex import layers
from tinyalex.backends import Array
from tinyalex.errors import ConfigError
from tinyalex.extras import install

Module = Any  # torch.nn.Module; PyTorch is not needed to import this file


def import_torch() -> Any:
    """Import PyTorch.

    Raises
    ------
    ConfigError
        PyTorch is not installed.
    """
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise ConfigError(
            f"--compare torch: PyTorch cannot be imported ({error})",
            install("compare"),
        ) from error


def translate(layer: layers.Layer) -> Module:
    """Make the PyTorch module that computes what ``layer`` computes.

    The parameters are copied. A dropout layer in mode ``"paper"`` becomes PyTorch's, which differs
    in training by a factor 1/(1-p): the work is the same.

    Raises
    ------
    ConfigError
        PyTorch has no counterpart for the layer.
    """
    torch = import_torch()
    make = _MAKERS.get(type(layer))
    if make is None and isinstance(layer, layers.Sequential):
        make = _sequential
    if make is None:
        raise ConfigError(f"--compare torch: {type(layer).__name__} has no PyTorch counterpart")
    module = make(torch, layer)
    with torch.no_grad():
        for key, value in layer.params.items():
            host = layer.backend.to_host(value)
            getattr(module, key).copy_(torch.from_numpy(host))
    return module


def _module(torch: Any, forward: Callable[[Any], Any], **members: Any) -> Module:
    """Make a module from a function; members are its parameters and its child modules."""
    module = torch.nn.Module()
    for name, member in members.items():
        setattr(module, name, member)
    module.forward = forward
    return module


def _sequential(torch: Any, layer: layers.Sequential) -> Module:
    module = torch.nn.Sequential()
    for name, child in layer.children.items():
        module.add_module(name, translate(child))
    return module


def _towers(torch: Any, layer: layers.Towers) -> Module:
    left, right = translate(layer.children["left"]), translate(layer.children["right"])

    def forward(x: Any) -> Any:
        x_left, x_right = (x, x) if layer.crossing else torch.chunk(x, 2, dim=1)
        return torch.cat([left(x_left), right(x_right)], dim=1)

    return _module(torch, forward, left=left, right=right)


def _conv(torch: Any, layer: layers.Conv2d) -> Module:
    return torch.nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        groups=layer.groups,
    )


def _local(torch: Any, layer: layers.LocallyConnected2d) -> Module:
    """Unfold the windows, then one matrix product per position."""
    weight = torch.nn.Parameter(torch.empty(layer.weight_shape))
    bias = torch.nn.Parameter(torch.empty(layer.params["bias"].shape))
    positions, F = layer.out_hw[0] * layer.out_hw[1], layer.out_channels

    def forward(x: Any) -> Any:
        cols = torch.nn.functional.unfold(
            x, layer.kernel_size, stride=layer.stride, padding=layer.padding
        )  # (N, K, P)
        w = weight.reshape(positions, F, -1)
        y = torch.einsum("nkp,pfk->nfp", cols, w) + bias.reshape(positions, F).T
        return y.reshape(-1, F, *layer.out_hw)

    return _module(torch, forward, weight=weight, bias=bias)


def _local_norm(torch: Any, layer: layers.LocalResponseNorm) -> Module:
    # PyTorch divides alpha by the size.
    norm = torch.nn.LocalResponseNorm(layer.size, layer.alpha * layer.size, layer.beta, layer.k)

    def forward(x: Any) -> Any:
        N, C, H, W = x.shape
        seen = x.float() if x.device.type == "cpu" else x  # on CPUs it has none in bfloat16
        if layer.groups > 1:
            seen = seen.reshape(N * layer.groups, C // layer.groups, H, W)
        return norm(seen).reshape(x.shape).to(x.dtype)

    return _module(torch, forward)


def _spatial_norm(torch: Any, layer: layers.SpatialResponseNorm) -> Module:
    if layer.size % 2 == 0:
        raise ConfigError("--compare torch: SpatialResponseNorm needs an odd size")
    area = layer.size**2

    def forward(x: Any) -> Any:
        # Zeros around the image count in the mean, so mean times area is the clipped sum.
        mean = torch.nn.functional.avg_pool2d(
            x * x, layer.size, stride=1, padding=layer.size // 2, count_include_pad=True
        )
        return x / (layer.k + layer.alpha * area * mean) ** layer.beta

    return _module(torch, forward)


def _dropout(torch: Any, layer: layers.Dropout) -> Module:
    inverted = torch.nn.Dropout(layer.p)
    if layer.mode == "inverted":
        return inverted

    def forward(x: Any) -> Any:
        return inverted(x) if inverted.training else x * (1 - layer.p)

    return _module(torch, forward, inverted=inverted)


_MAKERS: dict[type[layers.Layer], Callable[[Any, Any], Module]] = {
    layers.Conv2d: _conv,
    layers.LocallyConnected2d: _local,
    layers.Linear: lambda torch, a: torch.nn.Linear(a.in_features, a.out_features),
    layers.MaxPool2d: lambda torch, a: torch.nn.MaxPool2d(
        a.kernel_size, a.stride, ceil_mode=a.ceil_mode
    ),
    # Without padding, PyTorch also divides a clipped window by what it has.
    layers.AvgPool2d: lambda torch, a: torch.nn.AvgPool2d(
        a.kernel_size, a.stride, ceil_mode=a.ceil_mode, count_include_pad=False
    ),
    layers.LocalResponseNorm: _local_norm,
    layers.SpatialResponseNorm: _spatial_norm,
    layers.ReLU: lambda torch, a: torch.nn.ReLU(inplace=a.inplace),
    layers.Tanh: lambda torch, a: torch.nn.Tanh(),
    layers.Dropout: _dropout,
    layers.Flatten: lambda torch, a: torch.nn.Flatten(),
    layers.Towers: _towers,
}


def tensor(x: Array, device: str = "cpu") -> Any:
    """Bring a NumPy array to PyTorch."""
    return import_torch().from_numpy(x).to(device)
