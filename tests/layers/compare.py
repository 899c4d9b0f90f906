"""Run a layer and its PyTorch counterpart side by side."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.strategies import normal
from tinyalex.layers import Layer


def float64(layer: Layer) -> Layer:
    """The layer with its parameters in float64."""
    for key, value in layer.params.items():
        layer.params[key] = value.astype(np.float64)
    return layer


def assert_equals_torch(torch: ModuleType, layer: Layer, module: Any, x: np.ndarray) -> None:
    """Output, input gradient and every parameter gradient, after copying the parameters over."""
    module = module.double()
    with torch.no_grad():
        for key, value in layer.params.items():
            getattr(module, key).copy_(torch.from_numpy(value.copy()))
    there = torch.from_numpy(x.copy()).requires_grad_()
    expected = module(there)
    y = layer.forward(x)
    close("y", y, expected)
    dy = normal(y.shape, 99)
    expected.backward(torch.from_numpy(dy))
    close("dx", layer.backward(dy), there.grad)
    for key in layer.params:
        close(f"d{key}", layer.grads[key], getattr(module, key).grad)


def close(name: str, got: np.ndarray, expected: Any) -> None:
    """Compare an array with a tensor."""
    np.testing.assert_allclose(
        got, expected.detach().numpy(), rtol=1e-9, atol=1e-10, err_msg=name, strict=True
    )
