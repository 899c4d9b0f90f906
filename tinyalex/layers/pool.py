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
    __doc__ = f"""`tinyalex.functional.max_pool2d` as a layer.
{_Pool2d.__doc__}
    Examples
    --------
    >>> pool = MaxPool2d(3, stride=2)  # the paper's: windows overlap
    >>> x = np.array([[[[1.0, 5, 2, 0, 3], [4, 0, 9, 1, 2], [7, 3, 6, 8, 0]]]])
    >>> pool(x).tolist(), int(pool.backward(np.ones((1, 1, 1, 2)))[0, 0, 1, 2])
    ([[[[9.0, 9.0]]]], 2)
    """

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
    __doc__ = f"""`tinyalex.functional.avg_pool2d` as a layer.
{_Pool2d.__doc__}
    Examples
    --------
    >>> AvgPool2d(2)(np.arange(1.0, 5).reshape(1, 1, 2, 2))  # (1 + 2 + 3 + 4) / 4
    array([[[[2.5]]]])
    >>> pool = AvgPool2d(3, stride=2, ceil_mode=True)
    >>> pool.output_shape((1, 32, 32, 32))
    (1, 32, 16, 16)
    """

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        return self.backend.avg_pool2d(x, self.kernel_size, self.stride, self.ceil_mode)

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy)
        return self.backend.avg_pool2d_backward(dy, self.x_shape, self.kernel_size, self.stride)
