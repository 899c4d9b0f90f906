"""A convolution that does not share its weights: every position has its own filters."""

from __future__ import annotations

from collections.abc import Iterator

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

    Every position is a small fully connected layer on its window, so the images of a batch lie
    side by side (N is the last axis inside): a position's product is then (F, K) by (K, N).
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
        w = self.xp.reshape(w, (OH, OW, F, self.K))
        b = self.xp.reshape(b, (OH, OW, F, 1))
        y = self.backend.empty((N, F, OH, OW), w.dtype)
        padded = self.padded_of(x)

        def part(rows: slice) -> None:
            out = self.xp.matmul(w[rows, ...], self.columns(padded, rows)) + b[rows, ...]
            y[:, :, rows, :] = self.xp.permute_dims(out, (3, 2, 0, 1))

        self.backend.each(part, OH, OW * self.K * N * self.itemsize(w.dtype))
        return y

    def backward(self, dy: Array) -> Array:  # (N, F, OH, OW) -> (N, C, H, W)
        x = self.x
        self.check_dy(dy, self.output_shape(x.shape))
        w, _ = self.weight_and_bias(self.weight_shape)
        N, F, OH, OW = dy.shape
        w = self.xp.reshape(w, (OH, OW, F, self.K))
        g = self.backend.empty((OH, OW, F, N), w.dtype)
        g[...] = self.xp.permute_dims(self.cast(dy, w.dtype), (2, 3, 1, 0))
        dw = self.backend.empty(w.shape, w.dtype)
        padded = self.padded_of(x)

        def part_of_dw(rows: slice) -> None:  # no sum over positions: each has its own weights
            dw[rows, ...] = self.xp.matmul(g[rows, ...], self.columns(padded, rows).mT)

        self.backend.each(part_of_dw, OH, OW * self.K * N * self.itemsize(w.dtype))
        self.grads["weight"] = self.xp.reshape(dw, self.weight_shape)
        self.grads["bias"] = self.xp.sum(g, axis=3)
        if not self.needs_dx:
            return None
        dx = self.backend.empty(x.shape, w.dtype)
        KH, KW = self.kernel_size
        (ph, pw), (H, W) = self.padding, self.input_size

        def part_of_dx(c: slice) -> None:  # channels, since windows of neighbours overlap
            some = w[..., c.start * KH * KW : c.stop * KH * KW]
            dcols = self.xp.matmul(some.mT, g)
            dcols = self.xp.reshape(dcols, (OH, OW, c.stop - c.start, KH, KW, N))
            sums = self.xp.zeros((c.stop - c.start, H + 2 * ph, W + 2 * pw, N), dtype=w.dtype)
            for kh, kw, down, across in self.taps(slice(0, OH)):
                sums[:, down, across, :] += self.xp.permute_dims(
                    dcols[:, :, :, kh, kw, :], (2, 0, 1, 3)
                )
            inside = sums[:, ph : ph + H, pw : pw + W, :]
            dx[:, c, :, :] = self.xp.permute_dims(inside, (3, 0, 1, 2))

        bytes_per_channel = OH * OW * KH * KW * N * self.itemsize(w.dtype)
        self.backend.each(part_of_dx, self.in_channels, bytes_per_channel)
        return dx

    def padded_of(self, x: Array) -> Array:
        """Images with their padding, side by side: (N, C, H, W) -> (C, H + 2ph, W + 2pw, N)."""
        N, C, H, W = x.shape
        ph, pw = self.padding
        padded = self.xp.zeros((C, H + 2 * ph, W + 2 * pw, N), dtype=x.dtype)
        padded[:, ph : ph + H, pw : pw + W, :] = self.xp.permute_dims(x, (1, 2, 3, 0))
        return padded

    def columns(self, padded: Array, rows: slice) -> Array:
        """Windows of some rows of the output, all images side by side: (r, OW, K, N)."""
        (KH, KW), OW = self.kernel_size, self.out_hw[1]
        C, _, _, N = padded.shape
        r = rows.stop - rows.start
        cols = self.backend.empty((r, OW, C, KH, KW, N), padded.dtype)
        for kh, kw, down, across in self.taps(rows):
            cols[:, :, :, kh, kw, :] = self.xp.permute_dims(
                padded[:, down, across, :], (1, 2, 0, 3)
            )
        return self.xp.reshape(cols, (r, OW, self.K, N))

    def taps(self, rows: slice) -> Iterator[tuple[int, int, slice, slice]]:
        """Each tap (kh, kw), and which rows and columns it meets in the windows of some rows."""
        (KH, KW), (sh, sw), OW = self.kernel_size, self.stride, self.out_hw[1]
        for kh in range(KH):
            down = slice(rows.start * sh + kh, (rows.stop - 1) * sh + kh + 1, sh)
            for kw in range(KW):
                yield kh, kw, down, slice(kw, (OW - 1) * sw + kw + 1, sw)

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
