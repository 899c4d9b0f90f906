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
    AlexNet's first one, 9216 to 4096, holds 38 of its 61 million parameters.
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
        self.output_shape(x.shape)  # refuses what does not fit
        self.x = x = self.cast(x, w.dtype)
        return self.backend.linear(x, w, b)

    def backward(self, dy: Array) -> Array:  # (N, out) -> (N, in)
        x = self.x
        self.check_dy(dy, (x.shape[0], self.out_features))
        w, _ = self.weight_and_bias((self.out_features, self.in_features))
        dy = self.cast(dy, w.dtype)
        self.grads.clear()  # the old ones' memory can serve the new ones
        gradients = self.backend.linear_backward(dy, x, w, self.needs_dx)
        dx, self.grads["weight"], self.grads["bias"] = gradients
        return dx

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
