"""A convolution that does not share its weights: every position has its own filters."""

from __future__ import annotations

from tinyalex.backends import Array
from tinyalex.errors import ShapeError
from tinyalex.layers.base import Layer, Shape, pair, positive, window_count


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
        OH, OW = (
            window_count(
                "LocallyConnected2d", size, self.kernel_size[i], self.stride[i], self.padding[i]
            )
            for i, size in enumerate(self.input_size)
        )
        self.out_hw = (OH, OW)
        self.weight_shape = (OH, OW, out_channels, in_channels, *self.kernel_size)
        self.K = in_channels * self.kernel_size[0] * self.kernel_size[1]
        self.set_uniform(self.weight_shape, (OH, OW, out_channels), self.K, seed)

    def forward(self, x: Array) -> Array:  # (N, C, H, W) -> (N, F, OH, OW)
        self.check_input(x, ndim=4)
        w, b = self.weight_and_bias(self.weight_shape)
        self.x = x = self.cast(x, w.dtype)
        N, F, OH, OW = self.output_shape(x.shape)
        P = OH * OW
        w = self.xp.reshape(w, (P, F, self.K))
        b = self.xp.reshape(b, (P, F, 1))
        y = self.backend.empty((N, F, P), w.dtype)

        def part(n: slice) -> None:
            out = self.xp.matmul(w, self.columns(x[n, ...])) + b  # (P, F, n)
            y[n, ...] = self.xp.permute_dims(out, (2, 1, 0))

        self.backend.each(part, N, self.K * P * self.itemsize(w.dtype))
        return self.xp.reshape(y, (N, F, OH, OW))

    def backward(self, dy: Array) -> Array:  # (N, F, OH, OW) -> (N, C, H, W)
        x = self.x
        self.check_dy(dy, self.output_shape(x.shape))
        w, _ = self.weight_and_bias(self.weight_shape)
        N, F, OH, OW = dy.shape
        P = OH * OW
        w_T = self.xp.reshape(w, (P, F, self.K)).mT
        dy = self.xp.reshape(self.cast(dy, w.dtype), (N, F, P))
        dx = self.backend.empty(x.shape, w.dtype) if self.needs_dx else None

        def part(n: slice) -> tuple[Array, Array]:
            g = self.xp.permute_dims(dy[n, ...], (2, 1, 0))  # (P, F, n)
            dw = self.xp.matmul(g, self.columns(x[n, ...]).mT)  # (P, F, K)
            if dx is not None:
                dcols = self.xp.permute_dims(self.xp.matmul(w_T, g), (2, 1, 0))  # (n, K, P)
                dx[n, ...] = self.backend.col2im(
                    dcols, x[n, ...].shape, self.kernel_size, self.stride, self.padding
                )
            return dw, self.xp.sum(g, axis=2)

        dw, db = self.backend.sum_each(part, N, self.K * P * self.itemsize(w.dtype))
        self.grads["weight"] = self.xp.reshape(dw, self.weight_shape)
        self.grads["bias"] = self.xp.reshape(db, (OH, OW, F))
        return dx

    def columns(self, x: Array) -> Array:
        """Windows of a slice, the images of one position together: (P, K, n)."""
        cols = self.backend.im2col(x, self.kernel_size, self.stride, self.padding)
        return self.xp.permute_dims(cols, (2, 1, 0))

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, *image = input_shape
        if tuple(image) != (self.in_channels, *self.input_size):
            raise ShapeError(
                f"LocallyConnected2d: x must be (N, {self.in_channels}, {self.input_size[0]}, "
                f"{self.input_size[1]}) (got {tuple(input_shape)})"
            )
        return (N, self.out_channels, *self.out_hw)

    def flops(self, input_shape: Shape) -> int:
        N, F, OH, OW = self.output_shape(input_shape)
        return 2 * N * F * OH * OW * self.K
