"""Convolution (paper, sections 3.2 and 3.5)."""

from tinyalex.errors import ConfigError, ShapeError
from tinyalex.functional.arrays import Pair, Shape
from tinyalex.layers.base import WeightedLayer, positive, read_window, windows


class Conv2d(WeightedLayer):
    """`tinyalex.functional.conv2d` with its own weight (F, C/G, KH, KW) and bias (F,).

    Parameters
    ----------
    kernel_size, stride, padding : int or (height, width)
    groups : groups of channels that do not see each other; the paper's two GPUs are 2
    seed : for the initial weights (PyTorch's default distribution)

    Examples
    --------
    >>> conv1 = Conv2d(3, 96, kernel_size=11, stride=4)
    >>> conv1.output_shape((128, 3, 227, 227))
    (128, 96, 55, 55)
    """

    operation, ndim = "conv2d", 4
    options = ("stride", "padding", "groups")

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        *,  # PyTorch's sixth argument is dilation
        groups: int = 1,
        seed: int = 0,
    ) -> None:
        self.in_channels = positive("in_channels", in_channels)
        self.out_channels = positive("out_channels", out_channels)
        self.kernel_size, self.stride, self.padding = read_window(kernel_size, stride, padding)
        self.groups = positive("groups", groups)
        if in_channels % groups or out_channels % groups:
            raise ConfigError(
                f"Conv2d: groups={groups} must divide in_channels={in_channels} "
                f"and out_channels={out_channels}"
            )
        super().__init__((out_channels, in_channels // groups, *self.kernel_size), seed)

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, C, _, W = self.check_rank(input_shape)
        if self.in_channels != C:
            nhwc = self.in_channels == W
            raise ShapeError(
                f"Conv2d: x has {C} channels, the weight expects {self.in_channels} "
                f"(x {tuple(input_shape)}, weight {self.weight_shape})",
                "is x NHWC? x.transpose(0, 3, 1, 2) makes it NCHW" if nhwc else "",
            )
        hw = windows("Conv2d", input_shape, self.kernel_size, self.stride, self.padding)
        return (N, self.out_channels, *hw)
