"""A convolution that does not share its weights: each position has its own filters."""

from tinyalex.errors import ShapeError
from tinyalex.functional.arrays import Pair, Shape
from tinyalex.layers.base import WeightedLayer, pair, positive, read_window, windows


class LocallyConnected2d(WeightedLayer):
    """`tinyalex.functional.local_conv2d` with weight (OH, OW, F, C, KH, KW), bias (OH, OW, F).

    Arguments are `Conv2d`'s, and ``input_size``, an int or (height, width): the only size of
    images that fits, since each weight belongs to a position.

    Examples
    --------
    >>> layer = LocallyConnected2d(3, 8, input_size=6, kernel_size=3)
    >>> layer.output_shape((1, 3, 6, 6)), layer.params["weight"].shape
    ((1, 8, 4, 4), (4, 4, 8, 3, 3, 3))
    """

    operation, ndim = "local_conv2d", 4
    options = ("stride", "padding")

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        input_size: Pair,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        *,
        seed: int = 0,
    ) -> None:
        self.in_channels = positive("in_channels", in_channels)
        self.out_channels = positive("out_channels", out_channels)
        self.input_size = pair("input_size", input_size, minimum=1)
        self.kernel_size, self.stride, self.padding = read_window(kernel_size, stride, padding)
        image, how = (1, in_channels, *self.input_size), (self.stride, self.padding)
        self.out_hw = windows("LocallyConnected2d", image, self.kernel_size, *how)
        weight_shape = (*self.out_hw, out_channels, in_channels, *self.kernel_size)
        super().__init__(weight_shape, seed, bias_axes=3)

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, *image = self.check_rank(input_shape)
        C, (H, W) = self.in_channels, self.input_size
        if image != [C, H, W]:
            raise ShapeError(
                f"LocallyConnected2d: x must be (N, {C}, {H}, {W}) (got {tuple(input_shape)})"
            )
        return (N, self.out_channels, *self.out_hw)
