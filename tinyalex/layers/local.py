"""A convolution that does not share its weights: every position has its own filters."""

from __future__ import annotations

import math
from typing import Any

from tinyalex.errors import ShapeError
from tinyalex.layers.base import Shape, WeightedLayer, pair, positive, windows


class LocallyConnected2d(WeightedLayer):
    """Like `Conv2d`, with other weights at each output position (cuda-convnet's ``local``).

    Parameters
    ----------
    in_channels, out_channels : int
    input_size : int or (height, width)
        The layer fits images of this size only: its weights belong to positions.
    kernel_size, stride, padding : int or (height, width)
    seed : int

    Notes
    -----
    ``params["weight"]`` is (OH, OW, F, C, KH, KW), ``params["bias"]`` (OH, OW, F). Used by the
    13 % and 11 % nets on CIFAR-10 (cuda-convnet, ``layers-conv-local-13pct.cfg``).
    """

    operation = "local_conv2d"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        input_size: int | tuple[int, int],
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        *,
        seed: int = 0,
    ) -> None:
        self.in_channels = positive("in_channels", in_channels)
        self.out_channels = positive("out_channels", out_channels)
        self.input_size = pair("input_size", input_size, least=1)
        self.kernel_size = pair("kernel_size", kernel_size, least=1)
        self.stride = pair("stride", stride, least=1)
        self.padding = pair("padding", padding, least=0)
        image = (1, in_channels, *self.input_size)
        how = self.kernel_size, self.stride, self.padding
        self.out_hw = OH, OW = windows("LocallyConnected2d", image, *how)
        weight_shape = (OH, OW, out_channels, in_channels, *self.kernel_size)
        super().__init__(weight_shape, weight_shape[:3], math.prod(weight_shape[3:]), seed)

    def settings(self) -> tuple[Any, ...]:
        return self.stride, self.padding

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, *image = input_shape
        if tuple(image) != (self.in_channels, *self.input_size):
            raise ShapeError(
                f"LocallyConnected2d: x must be (N, {self.in_channels}, {self.input_size[0]}, "
                f"{self.input_size[1]}) (got {tuple(input_shape)})"
            )
        return (N, self.out_channels, *self.out_hw)

    def flops(self, input_shape: Shape) -> int:
        N = self.output_shape(input_shape)[0]
        return 2 * N * math.prod(self.weight_shape)
