"""The output, parameters, memory and cost of each layer of a model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinyalex.backends import Array
from tinyalex.check.stopwatch import layer_calls, stopwatch
from tinyalex.errors import ConfigError
from tinyalex.layers import (
    Container,
    Conv2d,
    Dropout,
    Sequential,
    SoftmaxCrossEntropy,
)

FLOAT32 = 4  # bytes


@dataclass(frozen=True)
class LayerRow:
    """One layer of a model.

    Attributes
    ----------
    name : str
        Dotted name, as in the state dict without the parameter: ``features.0``.
    kind : str
        The layer's class.
    detail : str
        Kernel and stride, groups or dropout probability, for people: ``11x11/4``.
    output_shape : tuple of int
        Shape of one image's output, without the batch axis.
    parameters : int
        Weights and biases.
    multiply_adds : int
        Of the forward pass of one image, in convolutions and matrix products, without biases.
    activation_bytes : int
        Output of the whole batch in float32.
    weight_bytes : int
        Parameters in float32. Training needs as much again for gradients and for momentum.
    seconds : float or None
        Forward and backward pass of the whole batch, if measured.
    time_share : float or None
        ``seconds`` as a fraction of all layers' seconds.

    Examples
    --------
    >>> from tinyalex import models
    >>> conv1, *_ = layer_table(models.build("alexnet", init=models.ZEROS), (3, 227, 227))
    >>> conv1.kind, conv1.detail, conv1.output_shape, conv1.parameters
    ('Conv2d', '11x11/4', (96, 55, 55), 34944)
    """

    name: str
    kind: str
    detail: str
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    activation_bytes: int
    weight_bytes: int
    seconds: float | None = None
    time_share: float | None = None


def layer_table(
    model: Container,
    input_shape: tuple[int, int, int],
    batch_size: int = 1,
    seconds: Mapping[str, float] | None = None,
) -> list[LayerRow]:
    """List a model's layers in the order in which they run.

    Parameters
    ----------
    model : Container
        As `tinyalex.models.build` makes it.
    input_shape : (C, H, W)
        One image.
    batch_size : int
        For the activations' memory.
    seconds : mapping of layer name to float, optional
        From `measure_layers`.

    Raises
    ------
    ConfigError
        ``batch_size`` is below 1.

    Examples
    --------
    >>> from tinyalex import models
    >>> rows = layer_table(models.build("alexnet", init=models.ZEROS), (3, 227, 227))
    >>> sum(row.parameters for row in rows)
    60965224
    """
    if batch_size < 1:
        raise ConfigError(f"batch_size must be at least 1 (got {batch_size})", "batch_size=128")
    total = sum(seconds.values()) if seconds else 0.0
    rows = []
    for name, layer, shape in model.named_inputs((1, *input_shape)):
        output = layer.output_shape(shape)
        parameters = sum(math.prod(array.shape) for array in layer.params.values())
        spent = seconds.get(name) if seconds else None
        rows.append(
            LayerRow(
                name=name,
                kind=type(layer).__name__,
                detail=_detail(layer),
                output_shape=output[1:],
                parameters=parameters,
                multiply_adds=layer.flops(shape) // 2,
                activation_bytes=FLOAT32 * math.prod(output) * batch_size,
                weight_bytes=FLOAT32 * parameters,
                seconds=spent,
                time_share=spent / total if spent is not None and total else None,
            )
        )
    return rows


def measure_layers(
    model: Sequential, input_shape: tuple[int, int, int], batch_size: int, passes: int = 3
) -> dict[str, float]:
    """Time each layer in a training step: forward and backward, on noise images.

    The model's gradients and its dropout counters change. The time of a layer is the smallest of
    ``passes``, since the first pass also allocates memory. As in training, the gradient with
    respect to the images is not computed.

    Returns
    -------
    dict of layer name to seconds for the whole batch

    Examples
    --------
    >>> from tinyalex import models
    >>> seconds = measure_layers(models.build("tiny"), (1, 16, 16), batch_size=8, passes=1)
    >>> len(seconds) > 5, min(seconds.values()) > 0
    (True, True)
    """
    backend = model.backend
    x = backend.generator(0).normal((batch_size, *input_shape))
    classes = model.output_shape((1, *input_shape))[1]
    labels = backend.generator(1).integers(0, classes, batch_size)
    times: dict[str, list[float]] = defaultdict(list)
    loss = SoftmaxCrossEntropy()
    loss.to(backend)
    model.train()
    model.skip_input_gradient()

    def note(name: str, method: str, seconds: float, *_: Array) -> None:
        times[name].append(seconds)

    with stopwatch(layer_calls(model), backend, note):
        for _ in range(passes):
            loss.forward(model.forward(x), labels)
            model.backward(loss.backward())
    model.skip_input_gradient(False)
    return {name: min(map(sum, zip(t[::2], t[1::2], strict=True))) for name, t in times.items()}


def _detail(layer: Any) -> str:
    """Describe the layer's options in a few characters."""
    if isinstance(layer, Dropout):
        return f"{layer.p:g}"
    kernel = getattr(layer, "kernel_size", None)
    if kernel is None:
        size = getattr(layer, "size", None)
        parts = f" g{layer.groups}" if getattr(layer, "groups", 1) > 1 else ""
        return "" if size is None else f"{size}{parts}"
    text = f"{kernel[0]}x{kernel[1]}/{layer.stride[0]}"
    if isinstance(layer, Conv2d) and layer.groups > 1:
        text += f" g{layer.groups}"
    return text
