"""Layers that compute the ReLU beside them in a pass over memory that they make anyway.

Forward, the kernel that adds a convolution's bias also applies the ReLU after it. Backward, the
kernel of a normalisation's gradient also applies that of the ReLU before it, whose result it reads
anyway. Backends without such kernels call one operation after the other: the numbers are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from tinyalex.layers.activations import ReLU
from tinyalex.layers.base import Layer
from tinyalex.layers.conv import Conv2d
from tinyalex.layers.lrn import LocalResponseNorm

APPLIES_RELU = {"forward": Conv2d, "backward": LocalResponseNorm}


def with_relu(layers: Iterable[Layer], method: str) -> Iterator[tuple[Any, ReLU | None]]:
    """Yield layers in the order of their calls, each with the ReLU that it applies, or None.

    A ReLU that another layer applies is not yielded itself. Subclasses, and layers with a
    ``method`` of their own (someone watches them), are called one after the other.
    """
    applied: Layer | None = None
    for layer, following in pairwise((*layers, None)):
        if layer is applied:
            continue
        relu = None
        if type(layer) is APPLIES_RELU[method] and type(following) is ReLU:
            changed = method in vars(layer) or method in vars(following)
            relu = None if changed else following
        applied = relu
        yield layer, relu
