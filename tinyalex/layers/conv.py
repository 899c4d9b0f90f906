"""Convolution as im2col and one matrix product (paper, sections 3.2 and 3.5)."""

from __future__ import annotations

from tinyalex.backends import Array
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers.base import Layer, Shape, pair, positive, window_count


class Conv2d(Layer):
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
    weight's dtype. Columns are made for a slice of the batch that fits the cache, and made again
    in ``backward``: remembering them would take a gigabyte a layer. A backend may know a faster
    way to the same numbers; the lines here say what they are.

    Examples
    --------
    >>> conv1 = Conv2d(3, 96, kernel_size=11, stride=4)
    >>> conv1.output_shape((128, 3, 227, 227))
    (128, 96, 55, 55)
    """

    remembers = ("x",)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        groups: int = 1,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__()
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
        self.weight_shape = (out_channels, in_channels // groups, *self.kernel_size)
        fan_in = in_channels // groups * self.kernel_size[0] * self.kernel_size[1]
        self.set_uniform(self.weight_shape, (out_channels,), fan_in, seed)

    def forward(self, x: Array) -> Array:  # (N, C, H, W) -> (N, F, OH, OW)
        self.check_input(x, ndim=4)
        w, b = self.weight_and_bias(self.weight_shape)
        self.x = x = self.cast(x, w.dtype)
        N, F, OH, OW = self.output_shape(x.shape)
        faster = self.backend.conv2d(x, w, b, self.stride, self.padding, self.groups)
        if faster is not None:
            return faster
        G, K, P = self.groups, self.columns_per_group(), OH * OW
        w = self.xp.reshape(w, (G, F // G, K))
        b = self.xp.reshape(b, (G, F // G, 1))
        y = self.backend.empty((N, G, F // G, P), w.dtype)

        def part(n: slice) -> None:
            cols = self.columns(x[n, ...])  # (n, G, K, P)
            y[n, ...] = self.xp.matmul(w, cols) + b

        self.backend.each(part, N, G * K * P * self.itemsize(w.dtype))
        return self.xp.reshape(y, (N, F, OH, OW))

    def backward(self, dy: Array) -> Array:  # (N, F, OH, OW) -> (N, C, H, W)
        x = self.x
        self.check_dy(dy, self.output_shape(x.shape))
        w, _ = self.weight_and_bias(self.weight_shape)
        dy = self.cast(dy, w.dtype)
        self.grads.clear()  # the old ones' memory can serve the new ones
        faster = self.backend.conv2d_backward(
            dy, x, w, self.stride, self.padding, self.groups, self.needs_dx
        )
        if faster is not None:
            dx, self.grads["weight"], self.grads["bias"] = faster
            return dx
        N, F, OH, OW = dy.shape
        G, K, P = self.groups, self.columns_per_group(), OH * OW
        dy_flat = self.xp.reshape(dy, (N, G, F // G, P))
        dx = self.backend.empty(x.shape, w.dtype) if self.needs_dx else None

        def part(n: slice) -> tuple[Array, Array]:
            g = dy_flat[n, ...]  # (n, G, F/G, P)
            cols = self.columns(x[n, ...])  # (n, G, K, P), the same as in forward
            if dx is not None:
                dx[n, ...] = self.input_gradient(w, dy[n, ...], x[n, ...].shape)
            dw = self.xp.sum(self.xp.matmul(g, cols.mT), axis=0)  # (G, F/G, K)
            return dw, self.xp.sum(g, axis=(0, 3))

        dw, db = self.backend.sum_each(part, N, G * K * P * self.itemsize(w.dtype))
        self.grads["weight"] = self.xp.reshape(dw, self.weight_shape)
        self.grads["bias"] = self.xp.reshape(db, (F,))
        return dx

    def input_gradient(self, w: Array, dy: Array, x_shape: Shape) -> Array:
        """Give each pixel back what it added to every window that holds it: (n, C, H, W)."""
        G, K = self.groups, self.columns_per_group()
        n, F, OH, OW = dy.shape
        if self.stride == (1, 1) and not any(self.gather_padding(i) < 0 for i in (0, 1)):
            return self.gather_input_gradient(w, dy, x_shape)
        w_T = self.xp.reshape(w, (G, F // G, K)).mT
        dcols = self.xp.matmul(w_T, self.xp.reshape(dy, (n, G, F // G, OH * OW)))  # (n, G, K, P)
        return self.backend.col2im(
            self.xp.reshape(dcols, (n, G * K, OH * OW)),
            x_shape,
            self.kernel_size,
            self.stride,
            self.padding,
        )

    def gather_input_gradient(self, w: Array, dy: Array, x_shape: Shape) -> Array:
        """The same for stride 1: a convolution of dy with the filters turned by 180 degrees.

        Reading windows of dy is faster than adding columns into dx.
        """
        G, (KH, KW) = self.groups, self.kernel_size
        n, C, H, W = x_shape
        F = self.out_channels
        w = self.xp.reshape(w, (G, F // G, C // G, KH, KW))[..., ::-1, ::-1]
        w = self.xp.reshape(self.xp.permute_dims(w, (0, 2, 1, 3, 4)), (G, C // G, -1))
        padding = (self.gather_padding(0), self.gather_padding(1))
        cols = self.backend.im2col(dy, self.kernel_size, (1, 1), padding)
        cols = self.xp.reshape(cols, (n, G, F // G * KH * KW, H * W))
        return self.xp.reshape(self.xp.matmul(w, cols), (n, C, H, W))

    def gather_padding(self, axis: int) -> int:
        """Zeros around dy, so that its windows cover every pixel of x."""
        return self.kernel_size[axis] - 1 - self.padding[axis]

    def columns(self, x: Array) -> Array:
        """Windows of a slice as columns, a group's channels together: (n, G, K, P)."""
        cols = self.backend.im2col(x, self.kernel_size, self.stride, self.padding)
        return self.xp.reshape(cols, (-1, self.groups, self.columns_per_group(), cols.shape[2]))

    def columns_per_group(self) -> int:
        """K: the numbers in one window of one group."""
        return self.weight_shape[1] * self.weight_shape[2] * self.weight_shape[3]

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, C, H, W = self.image_shape(input_shape)
        if self.in_channels != C:
            nhwc = self.in_channels == W
            raise ShapeError(
                f"Conv2d: x has {C} channels, the weight expects {self.in_channels} "
                f"(x {tuple(input_shape)}, weight {self.weight_shape})",
                "is x NHWC? x.transpose(0, 3, 1, 2) makes it NCHW" if nhwc else "",
            )
        OH, OW = (
            window_count("Conv2d", size, self.kernel_size[i], self.stride[i], self.padding[i])
            for i, size in enumerate((H, W))
        )
        return (N, self.out_channels, OH, OW)

    def flops(self, input_shape: Shape) -> int:
        N, F, OH, OW = self.output_shape(input_shape)
        return 2 * N * F * OH * OW * self.columns_per_group()
