"""The fully connected layer (paper, section 3.5)."""

from __future__ import annotations

from tinyalex.backends import Array
from tinyalex.errors import ShapeError
from tinyalex.layers.base import Layer, Shape, positive


class Linear(Layer):
    """Every output is a weighted sum of every input, plus a bias: y = x w^T + b.

    Parameters
    ----------
    in_features, out_features : int
    seed : int
        For the weights' first values (PyTorch's default distribution).

    Notes
    -----
    ``params["weight"]`` is (out_features, in_features), ``params["bias"]`` (out_features,).
    AlexNet's first one, 9216 to 4096, holds 38 of its 61 million parameters: the work is shared
    by features, so that each thread reads its own part of the weights once.
    """

    remembers = ("x",)

    def __init__(self, in_features: int, out_features: int, *, seed: int = 0) -> None:
        super().__init__()
        self.in_features = positive("in_features", in_features)
        self.out_features = positive("out_features", out_features)
        self.set_uniform((out_features, in_features), (out_features,), in_features, seed)

    def forward(self, x: Array) -> Array:  # (N, in) -> (N, out)
        self.check_input(x, ndim=2)
        w, b = self.weight_and_bias((self.out_features, self.in_features))
        N, out = self.output_shape(x.shape)
        self.x = x = self.cast(x, w.dtype)
        y = self.backend.empty((N, out), w.dtype)

        def part(f: slice) -> None:  # f: a slice of the outputs
            y[:, f] = self.xp.matmul(x, w[f, :].mT) + b[f]

        self.backend.each(part, out, N * self.itemsize(w.dtype), self.pieces(N))
        return y

    def backward(self, dy: Array) -> Array:  # (N, out) -> (N, in)
        x = self.x
        self.check_dy(dy, (x.shape[0], self.out_features))
        w, _ = self.weight_and_bias((self.out_features, self.in_features))
        dy = self.cast(dy, w.dtype)
        self.grads.clear()  # the old ones' memory can serve the new ones
        dw = self.backend.empty(w.shape, w.dtype)
        dx: Array = self.backend.empty(x.shape, w.dtype) if self.needs_dx else None

        def part_of_dw(f: slice) -> None:
            dw[f, :] = self.xp.matmul(dy[:, f].mT, x)

        def part_of_dx(i: slice) -> None:  # i: a slice of the inputs
            dx[:, i] = self.xp.matmul(dy, w[:, i])

        N = x.shape[0]
        bytes_per_feature = N * self.itemsize(w.dtype)
        self.backend.each(part_of_dw, self.out_features, bytes_per_feature, self.pieces(N))
        if self.needs_dx:
            self.backend.each(part_of_dx, self.in_features, bytes_per_feature, self.pieces(N))
        self.grads["weight"] = dw
        self.grads["bias"] = self.xp.sum(dy, axis=0)
        return dx

    def pieces(self, N: int) -> int:
        """How many threads the work can keep busy: up to eight, a million products each."""
        return max(1, min(8, N * self.in_features * self.out_features >> 20))

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        if len(input_shape) != 2:
            raise ShapeError(
                f"Linear: x must be (N, features) (got shape {tuple(input_shape)})",
                "Flatten() first",
            )
        N, features = input_shape
        if features != self.in_features:
            raise ShapeError(
                f"Linear: x has {features} features, the weight expects {self.in_features}",
                "is the input image as large as the network expects?",
            )
        return (N, self.out_features)

    def flops(self, input_shape: Shape) -> int:
        return 2 * input_shape[0] * self.in_features * self.out_features
