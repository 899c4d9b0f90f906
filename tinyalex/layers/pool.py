"""Overlapping pooling (paper, section 3.4)."""

from tinyalex.backends import Array
from tinyalex.functional.arrays import Pair, Shape
from tinyalex.layers.base import Layer, read_window, windows


class _Pool2d(Layer):
    """What both kinds of pooling share: the windows.

    Parameters
    ----------
    kernel_size, stride : int or (height, width); ``stride`` is ``kernel_size`` by default
    ceil_mode : also use the last window where it reaches over the edge; it is clipped.
        cuda-convnet and Caffe do so: 32 pixels become 16, not 15.
    """

    ndim = 4

    def __init__(  # by keyword, because PyTorch's third argument is padding
        self, kernel_size: Pair, stride: Pair | None = None, *, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        stride = kernel_size if stride is None else stride
        self.kernel_size, self.stride, _ = read_window(kernel_size, stride)
        self.ceil_mode = ceil_mode

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, C, _, _ = self.check_rank(input_shape)
        how = self.kernel_size, self.stride, (0, 0), self.ceil_mode
        return (N, C, *windows(type(self).__name__, input_shape, *how))


class MaxPool2d(_Pool2d):
    __doc__ = f"`tinyalex.functional.max_pool2d` as a layer.\n{_Pool2d.__doc__}"

    remembers = ("argmax",)

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        y, self.argmax = self.backend.max_pool2d(x, self.kernel_size, self.stride, self.ceil_mode)
        return y

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy)
        window = self.kernel_size, self.stride
        return self.backend.max_pool2d_backward(dy, self.argmax, self.x_shape, *window)


class AvgPool2d(_Pool2d):
    __doc__ = f"`tinyalex.functional.avg_pool2d` as a layer.\n{_Pool2d.__doc__}"

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        return self.backend.avg_pool2d(x, self.kernel_size, self.stride, self.ceil_mode)

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy)
        return self.backend.avg_pool2d_backward(dy, self.x_shape, self.kernel_size, self.stride)
