"""Caffe's files and forward pass, written from Caffe's sources and not from our reader.

Field numbers are those of src/caffe/proto/caffe.proto; the arithmetic is that of
src/caffe/layers/{base_conv,lrn,pooling,inner_product}_layer.cpp, in float64 and in BGR.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Host = np.ndarray[Any, Any]


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def whole(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def chunk(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def float32(number: int, value: float) -> bytes:
    return varint(number << 3 | 5) + struct.pack("<f", value)


@dataclass
class Style:
    """The ways in which a file can store the same network."""

    v1: bool = False  # field 2, types as numbers, as before 2015
    legacy_shape: bool = False  # num, channels, height, width
    packed: bool = True
    double: bool = False
    diff: bool = False  # gradients beside the weights
    apart: bool = False  # stride_h and stride_w in place of stride, and so on
    twice: bool = False  # stride: 4 stride: 4


def blob(array: Host, style: Style) -> bytes:
    """A BlobProto."""
    number, code, wire = (8, "<f8", 1) if style.double else (5, "<f4", 5)
    data = np.ascontiguousarray(array, code).tobytes()
    if style.packed:
        out = chunk(number, data)
    else:
        pairs = np.empty(array.size, [("key", "u1"), ("value", code)])
        pairs["key"], pairs["value"] = number << 3 | wire, array.reshape(-1)
        out = pairs.tobytes()
    if style.diff:
        out += chunk(6, np.full(array.size, 9, "<f4").tobytes())
    if style.legacy_shape:
        four = (1,) * (4 - array.ndim) + array.shape
        return b"".join(whole(i + 1, n) for i, n in enumerate(four)) + out
    return out + chunk(7, chunk(1, b"".join(varint(n) for n in array.shape)))


def setting(style: Style, both: int, apart: int, height: int, width: int) -> bytes:
    """One number for height and width, or two numbers in either of two ways."""
    if style.apart:
        return whole(apart, height) + whole(apart + 1, width)
    return whole(both, height) + (whole(both, width) if style.twice or height != width else b"")


def layer(name: str, kind: str, style: Style, blobs: tuple[Host, ...] = (), **how: float) -> bytes:
    """A LayerParameter, or a V1LayerParameter."""
    settings = b""
    if kind == "Convolution":
        settings = whole(5, int(how["group"])) + b"".join(
            setting(style, n, h, int(how[k]), int(how.get(f"{k}_w", how[k])))
            for k, n, h in (("pad", 3, 9), ("stride", 6, 13))
        )
        settings = chunk(10 if style.v1 else 106, whole(1, len(blobs[0])) + settings)
    elif kind == "LRN":
        settings = whole(1, int(how["size"])) + float32(2, how["alpha"]) + float32(3, how["beta"])
        settings += float32(5, how["k"]) if how["k"] != 1 else b""  # the default, left out
        settings = chunk(18 if style.v1 else 118, settings)
    elif kind == "Pooling":
        settings = setting(style, 2, 5, 3, 3) + setting(style, 3, 7, 2, 2)
        settings = chunk(19 if style.v1 else 121, whole(1, 0) + settings)
    elif kind == "InnerProduct":
        settings = chunk(17 if style.v1 else 117, whole(1, len(blobs[0])))
    if style.v1:
        types = {"Data": 5, "Convolution": 4, "ReLU": 18, "LRN": 15, "Pooling": 17, "Dropout": 6}
        types |= {"InnerProduct": 14, "SoftmaxWithLoss": 21}
        head = chunk(2, b"data") + chunk(4, name.encode()) + whole(5, types[kind])
        tensors = b"".join(chunk(6, blob(b, style)) for b in blobs)
        return chunk(2, head + tensors + settings)
    head = chunk(1, name.encode()) + chunk(2, kind.encode()) + chunk(3, b"data")
    tensors = b"".join(chunk(7, blob(b, style)) for b in blobs)
    return chunk(100, head + tensors + settings)


@dataclass
class CaffeNet:
    """AlexNet as Caffe stores it: B, G, R, groups; fewer channels if asked.

    ``norm_first`` False is the order of bvlc_reference_caffenet.
    """

    width: int = 96
    hidden: int = 4096
    classes: int = 7
    norm: dict[str, float] = field(
        default_factory=lambda: {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 1}
    )
    norm_first: bool = True
    groups: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        w, rng = self.width, np.random.default_rng(self.seed)
        g = self.groups
        f2, f3 = w * 8 // 3, w * 4
        self.shapes = {
            "conv1": (w, 3, 11, 11),
            "conv2": (f2, w // g, 5, 5),
            "conv3": (f3, f2, 3, 3),
            "conv4": (f3, f3 // g, 3, 3),
            "conv5": (f2, f3 // g, 3, 3),
            "fc6": (self.hidden, f2 * 36),
            "fc7": (self.hidden, self.hidden),
            "fc8": (self.classes, self.hidden),
        }
        self.weights, self.biases = {}, {}
        for name, shape in self.shapes.items():
            sigma = (2 / np.prod(shape[1:])) ** 0.5
            self.weights[name] = rng.standard_normal(shape, np.float32) * np.float32(sigma)
            self.biases[name] = rng.standard_normal(shape[0], np.float32)

    HOW = {
        "conv1": {"stride": 4, "pad": 0, "group": 1},
        "conv2": {"stride": 1, "pad": 2, "group": 2},
        "conv3": {"stride": 1, "pad": 1, "group": 1},
        "conv4": {"stride": 1, "pad": 1, "group": 2},
        "conv5": {"stride": 1, "pad": 1, "group": 2},
    }

    def order(self) -> list[str]:
        """Names of the layers, in order."""
        names = []
        for i in range(1, 6):
            names += [f"conv{i}", f"relu{i}"]
            if i in (1, 2):
                names += [f"norm{i}", f"pool{i}"] if self.norm_first else [f"pool{i}", f"norm{i}"]
        return [*names, "pool5", "fc6", "relu6", "drop6", "fc7", "relu7", "drop7", "fc8"]

    def file(self, style: Style) -> bytes:
        """The .caffemodel."""
        kinds = {"conv": "Convolution", "relu": "ReLU", "norm": "LRN", "pool": "Pooling"}
        kinds |= {"drop": "Dropout", "fc": "InnerProduct"}
        layers = [layer("data", "Data", style)]
        for name in self.order():
            blobs = (self.weights[name], self.biases[name]) if name in self.weights else ()
            how = self.HOW.get(name, {}) | (self.norm if name.startswith("norm") else {})
            if how.get("group", 1) > 1:
                how["group"] = self.groups
            layers.append(layer(name, kinds[name[:-1]], style, blobs, **how))
        return chunk(1, b"AlexNet") + b"".join([*layers, layer("loss", "SoftmaxWithLoss", style)])

    def forward(self, bgr: Host) -> Host:
        """fc8's outputs for images (N, 3, 227, 227) in B, G, R with the mean subtracted."""
        x = bgr.astype(np.float64)
        for name in self.order():
            kind = name[:-1]
            if kind == "conv":
                x = self.convolve(x, name)
            elif kind == "relu":
                x = np.maximum(x, 0)
            elif kind == "pool":
                x = sliding_window_view(x, (3, 3), axis=(2, 3))[:, :, ::2, ::2].max(axis=(4, 5))
            elif kind == "norm":
                x = self.normalise(x)
            elif kind == "fc":
                x = (
                    x.reshape(len(x), -1) @ self.weights[name].T.astype(np.float64)
                    + self.biases[name]
                )
        return x  # drop6, drop7: Caffe scales while training, and does nothing here

    def convolve(self, x: Host, name: str) -> Host:
        how, w = self.HOW[name], self.weights[name].astype(np.float64)
        pad, stride, groups = how["pad"], how["stride"], how["group"]
        x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        outs = []
        for part, filters in zip(np.split(x, groups, 1), np.split(w, groups), strict=True):
            windows = sliding_window_view(part, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
            outs.append(
                np.tensordot(windows, filters, ([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2)
            )
        return np.concatenate(outs, 1) + self.biases[name][:, None, None]

    def normalise(self, x: Host) -> Host:
        size, alpha = int(self.norm["size"]), self.norm["alpha"]
        y = np.empty_like(x)
        for c in range(x.shape[1]):
            near = x[:, max(0, c - size // 2) : c + size // 2 + 1]
            scale = self.norm["k"] + alpha / size * (near * near).sum(axis=1)
            y[:, c] = x[:, c] / scale ** self.norm["beta"]
        return y


def mean_file(bgr: Host) -> bytes:
    """A .binaryproto with the mean image (3, H, W) in B, G, R, as compute_image_mean writes it."""
    return blob(bgr[None], Style(legacy_shape=True))
