"""A convolution that does not share its weights: every position has its own filters."""

from __future__ import annotations

import math

from tinyalex.backends import Array
from tinyalex.errors import ShapeError
from tinyalex.layers.base import Layer, Shape, pair, positive, windows


class LocallyConnected2d(Layer):
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

    remembers = ("x",)

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
        super().__init__()
        self.in_channels = positive("in_channels", in_channels)
        self.out_channels = positive("out_channels", out_channels)
        self.input_size = pair("input_size", input_size, least=1)
        self.kernel_size = pair("kernel_size", kernel_size, least=1)
        self.stride = pair("stride", stride, least=1)
        self.padding = pair("padding", padding, least=0)
        image = (1, in_channels, *self.input_size)
        how = self.kernel_size, self.stride, self.padding
        self.out_hw = OH, OW = windows("LocallyConnected2d", image, *how)
        self.weight_shape = (OH, OW, out_channels, in_channels, *self.kernel_size)
        fan_in = in_channels * self.kernel_size[0] * self.kernel_size[1]
        self.set_uniform(self.weight_shape, (OH, OW, out_channels), fan_in, seed)

    def forward(self, x: Array) -> Array:  # (N, C, H, W) -> (N, F, OH, OW)
        self.check_input(x, ndim=4)
        w, b = self.weight_and_bias(self.weight_shape)
        self.output_shape(x.shape)  # refuses what does not fit
        self.x = x = self.cast(x, w.dtype)
        return self.backend.local_conv2d(x, w, b, self.stride, self.padding)

    def backward(self, dy: Array) -> Array:  # (N, F, OH, OW) -> (N, C, H, W)
        x = self.x
        self.check_dy(dy, self.output_shape(x.shape))
        w, _ = self.weight_and_bias(self.weight_shape)
        dy = self.cast(dy, w.dtype)
        self.grads.clear()  # the old ones' memory can serve the new ones
        how = self.stride, self.padding, self.needs_dx
        gradients = self.backend.local_conv2d_backward(dy, x, w, *how)
        dx, self.grads["weight"], self.grads["bias"] = gradients
        return dx

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
