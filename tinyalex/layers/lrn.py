"""Response normalisation: large activities damp their neighbours (paper, section 3.3)."""

from __future__ import annotations

from tinyalex.backends import Array
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers.base import Layer, positive


class _ResponseNorm(Layer):
    """What both kinds share: y = x / scale**beta."""

    operation = ""  # the backend's name of it
    remembers = ("x", "scale")

    def __init__(self, size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.size = positive("size", size)
        self.alpha, self.beta, self.k = alpha, beta, k
        if not (k > 0 and alpha >= 0):
            raise ConfigError(
                f"{type(self).__name__}: k must be > 0 and alpha >= 0 (got k={k}, alpha={alpha})",
                "both keep the scale positive, so that its power exists",
            )

    def forward(self, x: Array) -> Array:  # (N, C, H, W) -> the same
        self.check_input(x, ndim=4)
        self.x = x
        norm = getattr(self.backend, self.operation)
        y, self.scale = norm(self.split(x), self.size, self.alpha, self.beta, self.k)
        return self.xp.reshape(y, x.shape)

    def backward(self, dy: Array) -> Array:  # (N, C, H, W) -> the same
        x, scale = self.x, self.scale
        self.check_dy(dy, x.shape)
        norm_backward = getattr(self.backend, f"{self.operation}_backward")
        dx = norm_backward(self.split(dy), self.split(x), scale, self.size, self.alpha, self.beta)
        return self.xp.reshape(dx, x.shape)

    def split(self, x: Array) -> Array:
        """The channels that see each other: all of them."""
        return x


class LocalResponseNorm(_ResponseNorm):
    """Divide each activity by a power of its own and its neighbouring channels' energy.

    y_i = x_i / (k + alpha * sum over ``size`` channels around i of x_j**2) ** beta

    Parameters
    ----------
    size : int
        Channels in the sum (the paper's n = 5); at the first and last channel it is clipped.
    alpha, beta, k : float
        The paper's 1e-4, 0.75 and 2. ``alpha`` multiplies the sum and is *not* divided by
        ``size``: ``torch.nn.LocalResponseNorm`` and Caffe divide, so their alpha is ``size``
        times this one.
    groups : int
        Parts of the channels that do not see each other. 2 is the authors' program, in which
        each GPU normalised its own maps.
    """

    operation = "local_response_norm"

    def __init__(
        self,
        size: int = 5,
        alpha: float = 1e-4,
        beta: float = 0.75,
        k: float = 2.0,
        *,
        groups: int = 1,
    ) -> None:
        super().__init__(size, alpha, beta, k)
        self.groups = positive("groups", groups)

    def split(self, x: Array) -> Array:
        N, C, H, W = x.shape
        if C % self.groups:
            raise ShapeError(
                f"LocalResponseNorm: {C} channels cannot be split into {self.groups} groups"
            )
        return self.xp.reshape(x, (N * self.groups, C // self.groups, H, W))


class SpatialResponseNorm(_ResponseNorm):
    """Like `LocalResponseNorm`, over ``size`` x ``size`` neighbours in the same channel.

    Parameters
    ----------
    size : int
        Side of the square; at the image's edges it is clipped.
    alpha, beta, k : float
        ``alpha`` multiplies the sum and is not divided by the square's area: cuda-convnet's
        ``rnorm`` layer divides its ``scale`` by ``size**2``.
    """

    operation = "spatial_response_norm"

    def __init__(
        self, size: int = 3, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
    ) -> None:
        super().__init__(size, alpha, beta, k)
