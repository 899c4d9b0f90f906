"""The fully connected layer (paper, section 3.5)."""

from __future__ import annotations

from tinyalex.errors import ShapeError
from tinyalex.layers.base import Shape, WeightedLayer, positive


class Linear(WeightedLayer):
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

    operation, ndim = "linear", 2

    def __init__(self, in_features: int, out_features: int, *, seed: int = 0) -> None:
        self.in_features = positive("in_features", in_features)
        self.out_features = positive("out_features", out_features)
        super().__init__((out_features, in_features), (out_features,), in_features, seed)

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
