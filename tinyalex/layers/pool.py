"""Overlapping pooling (paper, section 3.4)."""

from __future__ import annotations

from tinyalex.backends import Array
from tinyalex.layers.base import Layer, Shape, pair, windows


class _Pool2d(Layer):
    """What both kinds of pooling share: the windows.

    Parameters
    ----------
    kernel_size, stride : int or (height, width)
        The paper's windows are 3 wide and 2 apart: they overlap. ``stride`` is ``kernel_size``
        by default.
    ceil_mode : bool
        Also use a last window that reaches over the edge; it is clipped. cuda-convnet and Caffe
        do so: 32 pixels become 16, not 15.
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        *,  # PyTorch's third argument is padding
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = pair("kernel_size", kernel_size, least=1)
        self.stride = pair("stride", kernel_size if stride is None else stride, least=1)
        self.ceil_mode = ceil_mode

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, C, _, _ = self.image_shape(input_shape)
        how = self.kernel_size, self.stride, (0, 0), self.ceil_mode
        return (N, C, *windows(type(self).__name__, input_shape, *how))


class MaxPool2d(_Pool2d):
    __doc__ = f"Keep each window's largest number.\n{_Pool2d.__doc__}"

    remembers = ("argmax",)

    def forward(self, x: Array) -> Array:  # (N, C, H, W) -> (N, C, OH, OW)
        self.check_input(x, ndim=4)
        self.output_shape(x.shape)  # refuses what does not fit
        self.x_shape = x.shape
        window = self.kernel_size, self.stride, self.ceil_mode
        y, self.argmax = self.backend.max_pool2d(x, *window)
        return y

    def backward(self, dy: Array) -> Array:  # (N, C, OH, OW) -> (N, C, H, W)
        argmax = self.argmax
        self.check_dy(dy, argmax.shape)
        window = self.kernel_size, self.stride
        return self.backend.max_pool2d_backward(dy, argmax, self.x_shape, *window)


class AvgPool2d(_Pool2d):
    __doc__ = f"Average each window; a clipped one counts what it has.\n{_Pool2d.__doc__}"

    def forward(self, x: Array) -> Array:  # (N, C, H, W) -> (N, C, OH, OW)
        self.check_input(x, ndim=4)
        self.output_shape(x.shape)  # refuses what does not fit
        self.x_shape = x.shape
        return self.backend.avg_pool2d(x, self.kernel_size, self.stride, self.ceil_mode)

    def backward(self, dy: Array) -> Array:  # (N, C, OH, OW) -> (N, C, H, W)
        self.check_dy(dy, self.output_shape(self.x_shape))
        return self.backend.avg_pool2d_backward(dy, self.x_shape, self.kernel_size, self.stride)
