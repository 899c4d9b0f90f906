"""Caffe's AlexNet: a .caffemodel and a mean file, turned to this package's conventions.

What differs there: images are BGR, so conv1's input channels and the mean are turned round;
response normalisation divides alpha by the window's size, which the model `alexnet-caffe` has in
its constants; old files have four-dimensional biases and fully connected weights. What does not
differ: filters of a group are contiguous, fc6 reads C, H, W, dropout scales while training.

Source: BVLC/caffe src/caffe/proto/caffe.proto (field numbers), src/caffe/layers/lrn_layer.cpp,
models/bvlc_alexnet/train_val.prototxt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.errors import CheckpointError
from tinyalex.layers import Conv2d, Linear, LocalResponseNorm, MaxPool2d
from tinyalex.layers.containers import Container
from tinyalex.weights.protobuf import FIXED32, FIXED64, Message, read_message
from tinyalex.weights.tensors import MOST_NUMBERS, HostArray, as_float32

# NetParameter: today's layers, and those of files from before 2015 ("V1").
LAYER, V1_LAYER = 100, 2
V0_LAYER = 1  # in files that are older still, all of a V1 layer lies in its field 1
# caffe.proto: V1LayerParameter.LayerType
V1_TYPES = {4: "Convolution", 14: "InnerProduct", 15: "LRN", 17: "Pooling"}
KINDS = {
    Conv2d: "Convolution",
    Linear: "InnerProduct",
    LocalResponseNorm: "LRN",
    MaxPool2d: "Pooling",
}
MOST_LAYERS = 1000
MOST_BYTES = (1 << 31) - 1  # Caffe itself can neither write nor read a larger message


@dataclass(frozen=True)
class _Fields:
    """Field numbers of one layer message."""

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
    """A layer of the file that counts: its name, its type, and its message."""

    name: str
    type: str
    message: Message
    fields: _Fields

    def parameters(self, field: int) -> Message:
        """The message with the layer's settings; empty if the file has none."""
        found = list(self.message.messages(field))
        return found[-1] if found else Message(memoryview(b""), self.message.where)

    def tensors(self) -> list[HostArray]:
        """The layer's weight and bias."""
        return [read_blob(blob) for blob in self.message.messages(self.fields.blobs)]


def read_caffemodel(path: Path, model: Container, model_name: str) -> dict[str, HostArray]:
    """Read weights for a model whose layers are Caffe's, in Caffe's order.

    Parameters
    ----------
    path : Path
    model : Container
        `alexnet-caffe`; its weights are not looked at.
    model_name : str

    Returns
    -------
    dict of str to float32 array, as `state_dict` gives; channels are RGB. Shapes other than
    Caffe's old four-dimensional ones are not changed, nor checked.

    Raises
    ------
    CheckpointError
        The file is damaged, or holds another network: other layers, another order, or other
        strides, paddings, groups or normalisation constants.
    """
    where = str(path)
    layers = [layer for layer in caffe_layers(path) if layer.type in KINDS.values()]
    ours = [(name, layer) for name, layer in model.named_layers() if type(layer) in KINDS]
    wanted = [KINDS[type(layer)] for _, layer in ours]
    if [layer.type for layer in layers] != wanted:
        raise CheckpointError(
            f"{where}: {model_name} has the layers {_order(wanted)}, the file has "
            f"{_order([layer.type for layer in layers])}",
            "bvlc_alexnet.caffemodel; CaffeNet (bvlc_reference_caffenet) pools before it "
            "normalises, which is another network",
        )
    state: dict[str, HostArray] = {}
    for theirs, (name, layer) in zip(layers, ours, strict=True):
        _check_settings(theirs, layer, where)
        if not isinstance(layer, Conv2d | Linear):
            continue
        tensors = theirs.tensors()
        if len(tensors) != 2:
            raise CheckpointError(
                f"{where}: {theirs.name} must have a weight and a bias (got {len(tensors)} blobs)"
            )
        weight, bias = tensors
        if isinstance(layer, Linear) and weight.ndim == 4 and weight.shape[:2] == (1, 1):
            weight = weight.reshape(weight.shape[2:])
        if bias.ndim == 4 and bias.shape[:3] == (1, 1, 1):
            bias = bias.reshape(-1)
        if not state and weight.ndim == 4:  # the first convolution, which sees the colours
            weight = weight[:, ::-1]
        state[f"{name}.weight"], state[f"{name}.bias"] = as_float32(weight), as_float32(bias)
    return state


def read_mean(path: Path) -> HostArray:
    """Read a mean file (.binaryproto): float32 (C, H, W) in RGB, pixels from 0 to 255."""
    mean = read_blob(read_message(path, MOST_BYTES))
    if mean.ndim == 4 and len(mean) == 1:
        mean = mean[0]
    if mean.ndim != 3 or mean.shape[0] != 3:
        raise CheckpointError(f"{path}: a mean image must be (3, H, W) (got {mean.shape})")
    return as_float32(mean[::-1])


def caffe_layers(path: Path) -> list[CaffeLayer]:
    """Every layer of a .caffemodel, in the file's order."""
    layers: list[CaffeLayer] = []
    for number, _, value in read_message(path, MOST_BYTES):
        if number not in (LAYER, V1_LAYER) or isinstance(value, int):
            continue
        if len(layers) == MOST_LAYERS:
            raise CheckpointError(f"{path}: more than {MOST_LAYERS} layers")
        message = Message(value, str(path))
        if number == V1_LAYER and any(message.messages(V0_LAYER)):
            raise CheckpointError(
                f"{path}: is in the oldest form of Caffe's files (V0, before November 2013), which "
                "is not read",
                "upgrade_net_proto_binary OLD NEW, one of Caffe's own tools",
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
    """A BlobProto's numbers in its shape.

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
    size = math.prod(shape)  # of Python's own numbers, which do not overflow
    if size != len(data):
        raise CheckpointError(
            f"{blob.where}: a tensor of shape {tuple(shape)} needs {size:,} numbers "
            f"(got {len(data):,})",
            "a fresh copy of the file",
        )
    return data.reshape(shape)


def _check_settings(theirs: CaffeLayer, ours: object, where: str) -> None:
    """Refuse a layer whose settings, which no weight's shape tells, are not the model's."""
    wanted: dict[str, tuple[float, ...]]
    got: dict[str, tuple[float, ...]]
    if isinstance(ours, Conv2d):
        told = theirs.parameters(theirs.fields.convolution)
        wanted = {
            "pad": ours.padding,
            "group": (ours.groups,),
            "stride": ours.stride,
            "dilation": (1, 1),
        }
        got = {
            "pad": _pair(told, 3, (9, 10), 0),
            "group": (told.integer(5, 1),),
            "stride": _pair(told, 6, (13, 14), 1),
            "dilation": _pair(told, 18, (), 1),
        }
    elif isinstance(ours, LocalResponseNorm):
        told = theirs.parameters(theirs.fields.lrn)
        wanted = {
            "local_size": (ours.size,),
            "alpha": (ours.alpha * ours.size,),
            "beta": (ours.beta,),
            "norm_region": (0,),  # across channels
            "k": (ours.k,),
        }
        got = {
            "local_size": (told.integer(1, 5),),
            "alpha": (told.number(2, 1.0),),
            "beta": (told.number(3, 0.75),),
            "norm_region": (told.integer(4, 0),),
            "k": (told.number(5, 1.0),),
        }
    elif isinstance(ours, MaxPool2d):
        told = theirs.parameters(theirs.fields.pooling)
        wanted = {
            "pool": (0,),  # max
            "kernel_size": ours.kernel_size,
            "stride": ours.stride,
            "pad": (0, 0),
        }
        got = {
            "pool": (told.integer(1, 0),),
            "kernel_size": _pair(told, 2, (5, 6), 0),
            "stride": _pair(told, 3, (7, 8), 1),
            "pad": _pair(told, 4, (9, 10), 0),
        }
    else:
        return
    for name, value in wanted.items():
        if not np.allclose(got[name], value, rtol=1e-5, atol=0):
            raise CheckpointError(
                f"{where}: {theirs.name}: {name} must be {_shown(value)} (got {_shown(got[name])})",
                "bvlc_alexnet.caffemodel, or one trained from its train_val.prototxt",
            )


def _pair(told: Message, field: int, apart: tuple[int, ...], default: int) -> tuple[int, int]:
    """Height and width of a setting: one number for both, or one for each, in Caffe's two ways.

    Parameters
    ----------
    told : Message
        The layer's settings.
    field : int
        Of the number for both (``stride``), or the two numbers.
    apart : tuple of int
        Fields of height and width apart (``stride_h``, ``stride_w``); they count where they are.
    default : int
    """
    both = told.integers(field) or [default]
    height, width = both[0], both[-1]
    if apart:
        height, width = told.integer(apart[0], height), told.integer(apart[1], width)
    return height, width


def _shown(values: tuple[float, ...]) -> str:
    """``4``, or ``4 x 2`` where height and width differ."""
    return " x ".join(f"{value:g}" for value in dict.fromkeys(values))


def _order(types: list[str]) -> str:
    short = {"Convolution": "conv", "InnerProduct": "fc", "LRN": "norm", "Pooling": "pool"}
    shown = " ".join(short[kind] for kind in types[:20])
    return shown or "none of these"
