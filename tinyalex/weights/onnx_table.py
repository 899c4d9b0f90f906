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
from tinyalex.weights import onnx_layers, onnx_nodes, onnx_simple
from tinyalex.weights.onnx_layout import Reader
from tinyalex.weights.onnx_nodes import Writer


class Ways(NamedTuple):
    """Into an ONNX graph, and out of one."""

    write: Writer
    read: Reader


LAYERS: dict[type[Layer], Ways] = {
    Conv2d: Ways(onnx_nodes.conv, onnx_simple.conv),
    Linear: Ways(onnx_nodes.linear, onnx_simple.linear),
    LocallyConnected2d: Ways(onnx_nodes.local, onnx_layers.local),
    MaxPool2d: Ways(onnx_nodes.pool, onnx_simple.pool),
    AvgPool2d: Ways(onnx_nodes.pool, onnx_simple.pool),
    LocalResponseNorm: Ways(onnx_nodes.cross_map_norm, onnx_simple.norm),
    SpatialResponseNorm: Ways(onnx_nodes.same_map_norm, onnx_layers.same_map_norm),
    Towers: Ways(onnx_nodes.towers, onnx_layers.towers),
    Dropout: Ways(onnx_nodes.dropout, onnx_simple.dropout),
    Flatten: Ways(onnx_nodes.flatten, onnx_simple.flatten),
    ReLU: Ways(onnx_nodes.relu, onnx_simple.activation("Relu")),
    Tanh: Ways(onnx_nodes.tanh, onnx_simple.activation("Tanh")),
}
WRITERS = {kind: ways.write for kind, ways in LAYERS.items()}
READERS = {kind: ways.read for kind, ways in LAYERS.items()}
