"""The fully connected layer (paper, section 3.5)."""

from tinyalex.errors import ShapeError
from tinyalex.functional.arrays import Shape
from tinyalex.layers.base import WeightedLayer, positive


class Linear(WeightedLayer):
    """`tinyalex.functional.linear` with its own weight (out, in) and bias (out,).

    AlexNet's first one, 9216 to 4096, holds 38 of its 61 million parameters. ``seed`` is for the
    initial weights (PyTorch's default distribution).

    Examples
    --------
    >>> layer = Linear(2, 1)
    >>> layer.params["weight"], layer.params["bias"] = np.array([[3.0, 4]]), np.array([1.0])
    >>> layer(np.array([[1.0, 2]]))  # 3 * 1 + 4 * 2 + 1
    array([[12.]])
    >>> layer.backward(np.ones((1, 1))), layer.grads["weight"]
    (array([[3., 4.]]), array([[1., 2.]]))
    """

    operation, ndim = "linear", 2

    def __init__(self, in_features: int, out_features: int, *, seed: int = 0) -> None:
        self.in_features = positive("in_features", in_features)
        self.out_features = positive("out_features", out_features)
        super().__init__((out_features, in_features), seed)

    def output_shape(self, input_shape: Shape) -> tuple[int, ...]:
        N, features = self.check_rank(input_shape)
        if features != self.in_features:
            raise ShapeError(
                f"Linear: x has {features} features, the weight expects {self.in_features}",
                "is the input image as large as the network expects?",
            )
        return (N, self.out_features)
