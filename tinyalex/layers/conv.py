"""Convolution (paper, sections 3.2 and 3.5)."""

from __future__ import annotations

import math
from typing import Any

from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers.base import Shape, WeightedLayer, pair, positive, windows


class Conv2d(WeightedLayer):
    """Slide F filters over the image; each output is a filter times a window, plus a bias.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding : int or (height, width)
    groups : int
        Cut the channels into groups that do not see each other: the paper's two GPUs are
        ``groups=2``.
    seed : int
        For the weights' first values (PyTorch's default distribution).

    Notes
    -----
    ``params["weight"]`` is (F, C/G, KH, KW), ``params["bias"]`` (F,). The layer computes in the
    weight's dtype. The mathematics is `tinyalex.functional.conv2d`. Its columns are made for a
    slice of the batch that fits the cache, and made again in ``backward``: keeping them would
    take a gigabyte per layer.

    Examples
    --------
    >>> conv1 = Conv2d(3, 96, kernel_size=11, stride=4)
    >>> conv1.output_shape((128, 3, 227, 227))
    (128, 96, 55, 55)
    """

    operation = "conv2d"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        *,  # PyTorch's sixth argument is dilation
        groups: int = 1,
        seed: int = 0,
    ) -> None:
        self.in_channels = positive("in_channels", in_channels)
        self.out_channels = positive("out_channels", out_channels)
        self.kernel_size = pair("kernel_size", kernel_size, least=1)
        self.stride = pair("stride", stride, least=1)
        self.padding = pair("padding", padding, least=0)
        self.groups = positive("groups", groups)
        if in_channels % groups or out_channels % groups:
            raise ConfigError(
                f"Conv2d: groups={groups} must divide in_channels={in_channels} "
                f"and out_channels={out_channels}"
            )
        weight_shape = (out_channels, in_channels // groups, *self.kernel_size)
        super().__init__(weight_shape, (out_channels,), math.prod(weight_shape[1:]), seed)

    def settings(self) -> tuple[Any, ...]:
        return self.stride, self.padding, self.groups

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, C, _, W = self.image_shape(input_shape)
        if self.in_channels != C:
            nhwc = self.in_channels == W
            raise ShapeError(
                f"Conv2d: x has {C} channels, the weight expects {self.in_channels} "
                f"(x {tuple(input_shape)}, weight {self.weight_shape})",
                "is x NHWC? x.transpose(0, 3, 1, 2) makes it NCHW" if nhwc else "",
            )
        hw = windows("Conv2d", input_shape, self.kernel_size, self.stride, self.padding)
        return (N, self.out_channels, *hw)

    def flops(self, input_shape: Shape) -> int:
        N, _, OH, OW = self.output_shape(input_shape)
        return 2 * N * OH * OW * math.prod(self.weight_shape)
