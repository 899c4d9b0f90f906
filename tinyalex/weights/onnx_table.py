"""The layers that an ONNX file can hold: who adds the nodes of each kind, and who takes them."""

from __future__ import annotations

from typing import NamedTuple

from tinyalex.layers import (
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocallyConnected2d,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    SpatialResponseNorm,
    Tanh,
    Towers,
)
from tinyalex.weights import onnx_read, onnx_simple, onnx_write
from tinyalex.weights.onnx_walk import Reader
from tinyalex.weights.onnx_write import Writer


class Ways(NamedTuple):
    """Into an ONNX graph, and out of one."""

    write: Writer
    read: Reader


LAYERS: dict[type[Layer], Ways] = {
    Conv2d: Ways(onnx_write.conv, onnx_simple.conv),
    Linear: Ways(onnx_write.linear, onnx_simple.linear),
    LocallyConnected2d: Ways(onnx_write.local, onnx_read.local),
    MaxPool2d: Ways(onnx_write.pool, onnx_simple.pool),
    AvgPool2d: Ways(onnx_write.pool, onnx_simple.pool),
    LocalResponseNorm: Ways(onnx_write.cross_map_norm, onnx_simple.norm),
    SpatialResponseNorm: Ways(onnx_write.same_map_norm, onnx_read.same_map_norm),
    Towers: Ways(onnx_write.towers, onnx_read.towers),
    Dropout: Ways(onnx_write.dropout, onnx_simple.dropout),
    Flatten: Ways(onnx_write.flatten, onnx_simple.flatten),
    ReLU: Ways(onnx_write.relu, onnx_simple.activation("Relu")),
    Tanh: Ways(onnx_write.tanh, onnx_simple.activation("Tanh")),
}
WRITERS = {kind: ways.write for kind, ways in LAYERS.items()}
READERS = {kind: ways.read for kind, ways in LAYERS.items()}
