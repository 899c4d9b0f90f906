"""Read Caffe's AlexNet: a .caffemodel and a mean file, in this package's conventions.

What differs in Caffe: images are B, G, R, so the channels of conv1's weight and of the mean are
reversed here; response normalisation divides alpha by the window's size, which the constants of
the model `alexnet-caffe` take into account; old files have four-dimensional biases and fully
connected weights. What is the same: the filters of a group are contiguous, fc6 reads C, H, W, and
dropout scales in training.

Source: BVLC/caffe src/caffe/proto/caffe.proto (field numbers), src/caffe/layers/lrn_layer.cpp,
models/bvlc_alexnet/train_val.prototxt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinyalex.errors import CheckpointError
from tinyalex.layers import Conv2d, Linear, LocalResponseNorm, MaxPool2d
from tinyalex.layers.containers import Container
from tinyalex.weights.protobuf import FIXED32, FIXED64, Message, read_message
from tinyalex.weights.tensors import MOST_NUMBERS, HostArray, as_float32

# Fields of NetParameter: today's layers, and those of files from before 2015 ("V1").
LAYER, V1_LAYER = 100, 2
V0_LAYER = 1  # older files still ("V0") have the whole layer in field 1 of a V1 layer
# caffe.proto: V1LayerParameter.LayerType
V1_TYPES = {4: "Convolution", 14: "InnerProduct", 15: "LRN", 17: "Pooling"}
KINDS = {
    Conv2d: "Convolution",
    Linear: "InnerProduct",
    LocalResponseNorm: "LRN",
    MaxPool2d: "Pooling",
}
MOST_LAYERS = 1000
MOST_BYTES = (1 << 31) - 1  # Caffe itself cannot write or read a larger message


class _Fields(NamedTuple):
    """Field numbers of a layer message."""

    name: int
    type: int
    blobs: int
    convolution: int
    lrn: int
    pooling: int


_NEW = _Fields(name=1, type=2, blobs=7, convolution=106, lrn=118, pooling=121)
_V1 = _Fields(name=4, type=5, blobs=6, convolution=10, lrn=18, pooling=19)


@dataclass(frozen=True)
class CaffeLayer:
    """A layer of the file: its name, its type, and its message."""

    name: str
    type: str
    message: Message
    fields: _Fields

    def settings(self, field: int) -> Message:
        """The message with the layer's settings; empty if the file has none."""
        messages = list(self.message.messages(field))
        return messages[-1] if messages else Message(memoryview(b""), self.message.where)

    def tensors(self) -> list[HostArray]:
        """The layer's blobs: weight and bias, if it has them."""
        return [read_blob(blob) for blob in self.message.messages(self.fields.blobs)]


def read_caffemodel(path: Path, model: Container, model_name: str) -> dict[str, HostArray]:
    """Read the weights of a model that has Caffe's layers in Caffe's order.

    Parameters
    ----------
    path : Path
    model : Container
        `alexnet-caffe`; its weights are not used.
    model_name : str
        For messages.

    Returns
    -------
    dict of str to float32 array
        The state dict, for R, G, B. Caffe's old four-dimensional shapes are reduced; shapes are
        not checked.

    Raises
    ------
    CheckpointError
        The file is damaged, or holds another network: other layers, another order, or other
        strides, paddings, groups or normalisation constants.
    """
    where = str(path)
    theirs = [layer for layer in caffe_layers(path) if layer.type in KINDS.values()]
    ours = [(name, layer) for name, layer in model.named_layers() if type(layer) in KINDS]
    wanted, got = [KINDS[type(layer)] for _, layer in ours], [layer.type for layer in theirs]
    if got != wanted:
        raise CheckpointError(
            f"{where}: {model_name} has the layers {_order(wanted)}, the file has {_order(got)}",
            "bvlc_alexnet.caffemodel; CaffeNet (bvlc_reference_caffenet) pools before it "
            "normalises, which is another network",
        )
    state: dict[str, HostArray] = {}
    for caffe_layer, (name, layer) in zip(theirs, ours, strict=True):
        _check_settings(caffe_layer, layer, where)
        if not isinstance(layer, Conv2d | Linear):
            continue
        tensors = caffe_layer.tensors()
        if len(tensors) != 2:
            raise CheckpointError(
                f"{where}: {caffe_layer.name} must have a weight and a bias (got {len(tensors)}"
                " blobs)"
            )
        weight, bias = tensors
        if isinstance(layer, Linear) and weight.ndim == 4 and weight.shape[:2] == (1, 1):
            weight = weight.reshape(weight.shape[2:])
        if bias.ndim == 4 and bias.shape[:3] == (1, 1, 1):
            bias = bias.reshape(-1)
        if not state and weight.ndim == 4:  # the first convolution, which reads the image
            weight = weight[:, ::-1]
        state[f"{name}.weight"], state[f"{name}.bias"] = as_float32(weight), as_float32(bias)
    return state


def read_mean(path: Path) -> HostArray:
    """Read a mean file (.binaryproto): float32 (3, H, W) in R, G, B, pixels from 0 to 255.

    Raises
    ------
    CheckpointError
        The file is damaged, or its shape is not (3, H, W).
    """
    mean = read_blob(read_message(path, MOST_BYTES))
    if mean.ndim == 4 and len(mean) == 1:
        mean = mean[0]
    if mean.ndim != 3 or mean.shape[0] != 3:
        raise CheckpointError(f"{path}: a mean image must be (3, H, W) (got {mean.shape})")
    return as_float32(mean[::-1])


def caffe_layers(path: Path) -> list[CaffeLayer]:
    """Every layer of a .caffemodel, in the file's order; raises CheckpointError."""
    layers: list[CaffeLayer] = []
    for number, _, value in read_message(path, MOST_BYTES):
        if number not in (LAYER, V1_LAYER) or isinstance(value, int):
            continue
        if len(layers) == MOST_LAYERS:
            raise CheckpointError(f"{path}: more than {MOST_LAYERS} layers")
        message = Message(value, str(path))
        if number == V1_LAYER and any(message.messages(V0_LAYER)):
            raise CheckpointError(
                f"{path}: has Caffe's oldest format (V0, before November 2013), which is not read",
                "Caffe's own tool: upgrade_net_proto_binary OLD NEW",
            )
        fields = _NEW if number == LAYER else _V1
        name = message.text(fields.name)
        if number == LAYER:
            kind = message.text(fields.type)
        else:
            kind = V1_TYPES.get(message.integer(fields.type, 0), "")
        layers.append(CaffeLayer(name, kind, Message(value, f"{path}: layer {name!r}"), fields))
    if not layers:
        raise CheckpointError(f"{path}: no layers in this file", "a .caffemodel, not a .prototxt")
    return layers


def read_blob(blob: Message) -> HostArray:
    """The numbers of a BlobProto, float32 or float64, in its shape.

    Raises
    ------
    CheckpointError
        The file has more or fewer numbers than the shape says.
    """
    shapes = list(blob.messages(7))
    if shapes:
        shape = shapes[-1].integers(1)
    else:
        shape = [blob.integer(number, 0) for number in (1, 2, 3, 4)]
    data: np.ndarray[Any, Any] = blob.floats(5, FIXED32)
    if not len(data):
        data = blob.floats(8, FIXED64)
    if len(shape) > 8 or not all(1 <= size <= MOST_NUMBERS for size in shape):
        raise CheckpointError(
            f"{blob.where}: a tensor must have at most 8 sizes, from 1 to {MOST_NUMBERS:,} "
            f"(got {', '.join(map(str, shape[:9]))})",
            "a fresh copy of the file",
        )
    size = math.prod(shape)  # of Python's integers, which do not overflow
    if size != len(data):
        raise CheckpointError(
            f"{blob.where}: a tensor of shape {tuple(shape)} needs {size:,} numbers "
            f"(got {len(data):,})",
            "a fresh copy of the file",
        )
    return data.reshape(shape)


def _check_settings(theirs: CaffeLayer, ours: object, where: str) -> None:
    """Raise CheckpointError if the file has other settings, which no weight's shape shows."""
    # By Caffe's name: the value in our layer, and the value in the file.
    settings: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {}
    if isinstance(ours, Conv2d):
        file = theirs.settings(theirs.fields.convolution)
        settings = {
            "pad": (ours.padding, _pair(file, 3, (9, 10), 0)),
            "group": ((ours.groups,), (file.integer(5, 1),)),
            "stride": (ours.stride, _pair(file, 6, (13, 14), 1)),
            "dilation": ((1, 1), _pair(file, 18, (), 1)),
        }
    elif isinstance(ours, LocalResponseNorm):
        file = theirs.settings(theirs.fields.lrn)
        settings = {
            "local_size": ((ours.size,), (file.integer(1, 5),)),
            "alpha": ((ours.alpha * ours.size,), (file.number(2, 1.0),)),
            "beta": ((ours.beta,), (file.number(3, 0.75),)),
            "norm_region": ((0,), (file.integer(4, 0),)),  # 0: across channels
            "k": ((ours.k,), (file.number(5, 1.0),)),
        }
    elif isinstance(ours, MaxPool2d):
        file = theirs.settings(theirs.fields.pooling)
        settings = {
            "pool": ((0,), (file.integer(1, 0),)),  # 0: max
            "kernel_size": (ours.kernel_size, _pair(file, 2, (5, 6), 0)),
            "stride": (ours.stride, _pair(file, 3, (7, 8), 1)),
            "pad": ((0, 0), _pair(file, 4, (9, 10), 0)),
        }
    for name, (wanted, got) in settings.items():
        if not np.allclose(got, wanted, rtol=1e-5, atol=0):
            raise CheckpointError(
                f"{where}: {theirs.name}: {name} must be {_shown(wanted)} (got {_shown(got)})",
                "bvlc_alexnet.caffemodel, or one trained from its train_val.prototxt",
            )


def _pair(file: Message, field: int, separate: tuple[int, ...], default: int) -> tuple[int, int]:
    """Height and width of a setting, in either of Caffe's two ways.

    ``field`` (such as ``stride``) has one number for both, or two numbers. The ``separate`` fields
    (``stride_h``, ``stride_w``), if the file has them, take precedence.
    """
    both = file.integers(field) or [default]
    height, width = both[0], both[-1]
    if separate:
        height, width = file.integer(separate[0], height), file.integer(separate[1], width)
    return height, width


def _shown(values: tuple[float, ...]) -> str:
    """``4``, or ``4 x 2`` where height and width differ."""
    return " x ".join(f"{value:g}" for value in dict.fromkeys(values))


def _order(types: list[str]) -> str:
    """``conv norm pool ...``"""
    short = {"Convolution": "conv", "InnerProduct": "fc", "LRN": "norm", "Pooling": "pool"}
    shown = " ".join(short[kind] for kind in types[:20])
    return shown or "none of these"
