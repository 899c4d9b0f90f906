"""What a training step must cost on a GPU: operations, bytes, and the time that both take at least.

Two counts for each layer. The least: its operations, and each array moved once, whoever computes.
Ours: kernel by kernel, what `tinyalex.backends.cuda.conv` and its neighbours move, also the
rows of windows that they write and read. A kernel takes the longer of its two times, and one
kernel runs after another. In mixed precision ("bf16") activations have two bytes, weights four.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinyalex.backends.cuda.feed import pinned_bytes
from tinyalex.check.bench.useful import FLOAT32, layer_bytes, layer_flop
from tinyalex.layers import (
    Container,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
)

AHEAD = 2  # batches that the loader lets wait, by default
BFLOAT16 = 2  # bytes


@dataclass(frozen=True)
class Speeds:
    """How fast a GPU is at most.

    Attributes
    ----------
    name : str
    flops : mapping of precision to operations a second
        Of matrix products.
    bytes_per_second : float
        Of its memory.
    """

    name: str
    flops: Mapping[str, float]
    bytes_per_second: float


# Assumed, not measured: NVIDIA's data sheets, without sparsity. The two differ in their memory.
PRODUCTS = {"float32": 67e12, "tf32": 494.7e12, "bf16": 989.4e12}
H100, H200 = Speeds("H100 SXM5", PRODUCTS, 3.35e12), Speeds("H200 SXM", PRODUCTS, 4.8e12)


@dataclass(frozen=True)
class Cost:
    """One kernel, or one direction of a layer."""

    what: str
    flop: int
    bytes: int

    def seconds(self, gpu: Speeds, precision: str) -> float:
        """The longer of computing and moving."""
        return max(self.flop / gpu.flops[precision], self.bytes / gpu.bytes_per_second)


@dataclass(frozen=True)
class LayerCost:
    """A layer in a training step, forward and backward."""

    name: str
    kind: str
    least: tuple[Cost, ...]
    ours: tuple[Cost, ...]

    @property
    def flop(self) -> int:
        """Operations in both directions."""
        return sum(cost.flop for cost in self.least)


def seconds(costs: Sequence[Cost], gpu: Speeds, precision: str) -> float:
    """Of one cost after another."""
    return math.fsum(cost.seconds(gpu, precision) for cost in costs)


def moved(costs: Sequence[Cost], what: str = "") -> int:
    """Bytes of all costs, or of those with a name."""
    return sum(cost.bytes for cost in costs if not what or cost.what == what)


def step_costs(
    model: Container, input_shape: tuple[int, int, int], batch: int, width: int = FLOAT32
) -> list[LayerCost]:
    """Every layer of a training step on a batch, then the loss and the optimizer.

    ``width`` is the bytes of an activation's number: `BFLOAT16` in mixed precision.

    Examples
    --------
    >>> from tinyalex import models
    >>> rows = step_costs(models.build("alexnet", init=models.ZEROS), (3, 227, 227), 128)
    >>> rows[0].name, round(rows[0].flop / 1e9, 1)
    ('features.0', 54.0)
    """
    rows: list[LayerCost] = []
    for name, layer, shape in model.named_inputs((batch, *input_shape)):
        sees_image = not rows
        flop = layer_flop(layer, shape, sees_image)
        moves = layer_bytes(layer, shape, sees_image, width)
        least = tuple(
            Cost(*each) for each in zip(("forward", "backward"), flop, moves, strict=True)
        )
        ours = least
        if isinstance(layer, Conv2d):
            ours = convolution(layer, shape, sees_image, width)
        elif extra := _extra(layer, shape, width):
            ours = (*least, Cost("extra", 0, extra))
        if sees_image and width != FLOAT32:
            ours = (*ours, Cost("convert", 0, (FLOAT32 + width) * math.prod(shape)))
        rows.append(LayerCost(name, type(layer).__name__, least, ours))
    classes = model.output_shape((batch, *input_shape))[1]
    loss = (Cost("loss", 0, 2 * batch * classes * FLOAT32),)
    # weight, gradient and velocity in; weight and velocity out
    update = (Cost("sgd_step", 0, 5 * model.count_parameters() * FLOAT32),)
    rows += [LayerCost("loss", "Loss", loss, loss), LayerCost("optimizer", "SGD", update, update)]
    return rows


def saved_by_neighbours(rows: Sequence[LayerCost]) -> tuple[int, int]:
    """Bytes that need not move if a neighbour's kernel does a layer's work, in both directions.

    Of ReLU: forward after a convolution, backward before a normalisation. Of max pooling in a
    normalisation's kernels: y and dy between the two, each written and read.
    """
    relus = pools = 0
    for before, row, after in zip(rows, rows[1:], rows[2:], strict=False):
        forward, backward = row.least[0].bytes, row.least[-1].bytes
        if row.kind == "ReLU":
            relus += forward * (before.kind == "Conv2d")
            relus += backward * (after.kind == "LocalResponseNorm")
        if (row.kind, after.kind) == ("LocalResponseNorm", "MaxPool2d"):
            pools += 2 * forward
    return relus, pools


def convolution(
    layer: Conv2d, shape: tuple[int, ...], sees_image: bool, width: int = FLOAT32
) -> tuple[Cost, ...]:
    """Our kernels of one convolution, forward and backward, for a stride of 1 or no ``dx``.

    Rows are written once and counted as read once: that they are read for each output row which
    they belong to, the cache may hide.
    """
    N, C, H, W = shape
    F, per_group, KH, KW = layer.params["weight"].shape
    _, _, OH, OW = layer.output_shape(shape)
    flop = layer.flops(shape)
    x, y, w = math.prod(shape), N * F * OH * OW, F * per_group * KH * KW
    rows = (H + 2 * layer.padding[0]) * C * KW * N * OW
    # Each with its numbers in activations, and in sums and weights.
    kernels = [
        ("write_rows", 0, x + rows, 0),
        ("gemm forward", flop, rows + w + y, 0),
        ("write_images", 0, 2 * y, 0),
        # backward: the weights' gradient, a sum for each output row
        ("write_rows", 0, x + rows + 2 * y, 0),
        ("gemm dw", flop, rows + y, OH * w),
        ("sum", 0, 0, OH * w + w),
        ("sum_maps", 0, y, 0),
    ]
    if width != FLOAT32:
        kernels += 2 * [("convert", 0, w, w)]  # the weights are rounded in each direction
    if not sees_image:
        around = KH - 1 - layer.padding[0]
        dy_rows = (OH + 2 * around) * F * KW * N * W
        kernels += [
            ("write_rows", 0, y + dy_rows, 0),
            ("gemm dx", flop, dy_rows + w + x, 0),
            ("write_images", 0, 2 * x, 0),
        ]
    return tuple(Cost(what, flop, width * a + FLOAT32 * b) for what, flop, a, b in kernels)


def _extra(layer: Layer, shape: tuple[int, ...], width: int) -> int:
    """Bytes that our kernels move beyond the least, both directions together."""
    numbers = math.prod(shape)
    if isinstance(layer, MaxPool2d):
        return math.prod(layer.output_shape(shape))  # the position of each maximum, a byte
    if isinstance(layer, LocalResponseNorm):
        return 2 * FLOAT32 * numbers  # the scale, written and read again
    if isinstance(layer, Linear) and width != FLOAT32:
        weights, y = math.prod(layer.params["weight"].shape), math.prod(layer.output_shape(shape))
        # Twice, a rounded copy is written and read; the sums of y and of db are float32.
        return 2 * 2 * width * weights + (2 + 2) * FLOAT32 * y
    if isinstance(layer, Dropout) and width != FLOAT32:
        # Numbers drawn and read, the mask written and read, which the least has narrower.
        return (4 * FLOAT32 - width) * numbers
    if isinstance(layer, Dropout):
        # Numbers drawn (4 bytes a number), compared (5), made float (5), scaled (8), multiplied.
        return (4 + 5 + 5 + 8 + FLOAT32) * numbers
    return 0


@dataclass(frozen=True)
class Memory:
    """Bytes that a training step needs at its fullest, at the end of the forward pass.

    Attributes
    ----------
    weights : int
        Weights, their gradients and their velocities.
    kept : int
        The batch, and what layers keep for the backward pass.
    workspace : int
        A convolution's rows of windows.
    coming : int
        Batches in transit, see `coming`.
    pinned : int
        Of the host's memory, see `tinyalex.backends.cuda.feed.pinned_bytes`.
    """

    weights: int
    kept: int
    workspace: int
    coming: int
    pinned: int

    @property
    def gpu(self) -> int:
        """Of the GPU's memory."""
        return self.weights + self.kept + self.workspace + self.coming


def step_memory(
    model: Container, image: tuple[int, int, int], batch: int, stored: int, workspace: int
) -> Memory:
    """What a step takes on images (C, H, W) that are cut from ``stored`` x ``stored`` pixels.

    Examples
    --------
    >>> from tinyalex import models
    >>> net = models.build("alexnet", init=models.ZEROS)
    >>> need = step_memory(net, (3, 227, 227), 128, 256, 512 << 20)
    >>> round(need.gpu / 2**30, 1), need.pinned >> 20
    (2.4, 96)
    """
    kept = FLOAT32 * batch * math.prod(image)
    for _, layer, shape in model.named_inputs((batch, *image)):
        numbers = math.prod(layer.output_shape(shape))
        if not (isinstance(layer, Flatten) or (isinstance(layer, ReLU) and layer.inplace)):
            kept += FLOAT32 * numbers
        if isinstance(layer, MaxPool2d):
            kept += numbers  # where each maximum was
        if isinstance(layer, LocalResponseNorm | Dropout):
            kept += FLOAT32 * numbers  # the scale, or the mask
    pixels = batch * stored * stored * image[0]
    return Memory(
        weights=3 * FLOAT32 * model.count_parameters(),
        kept=kept,
        workspace=workspace,
        coming=coming(batch, image, pixels, AHEAD),
        pinned=pinned_bytes(pixels, AHEAD),
    )


def coming(batch: int, image: tuple[int, int, int], pixels: int, ahead: int) -> int:
    """Bytes on the GPU of batches beside the one that a step works on.

    ``ahead`` wait, one is in the hand of the thread that prepares them, and one is taken while
    the one before is still held; the bytes of the images as they are stored are there once.
    """
    return (ahead + 2) * FLOAT32 * batch * math.prod(image) + pixels
