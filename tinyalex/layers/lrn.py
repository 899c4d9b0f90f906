"""Response normalisation: large activities reduce their neighbours (paper, section 3.3)."""

from tinyalex.backends import Array
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers.base import Layer, positive


class _ResponseNorm(Layer):
    """What both kinds share: y = x / scale**beta."""

    operation = ""  # the backend's name of it
    groups, ndim = 1, 4
    remembers = ("x", "scale")

    def __init__(self, size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.size = positive("size", size)
        self.alpha, self.beta, self.k = alpha, beta, k
        if not (k > 0 and alpha >= 0):
            raise ConfigError(
                f"{type(self).__name__}: k must be > 0 and alpha >= 0 (got k={k}, alpha={alpha})",
                "the paper's k=2 and alpha=1e-4; the scale must stay positive",
            )

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        self.x = x
        norm = getattr(self.backend, self.operation)
        y, self.scale = norm(self.split(x), self.size, self.alpha, self.beta, self.k)
        return self.xp.reshape(y, x.shape)

    def backward(self, dy: Array, *, relu: bool = False) -> Array:
        """See `Layer`; ``relu``: also the gradient of the ReLU before (`layers.fusion`)."""
        self.check_dy(dy)
        dy, x = self.split(dy), self.split(self.x)
        norm_backward = getattr(self.backend, f"{self.operation}{'_relu' * relu}_backward")
        dx = norm_backward(dy, x, self.scale, self.size, self.alpha, self.beta)
        return self.xp.reshape(dx, self.x_shape)

    def split(self, x: Array) -> Array:
        """Reshape to images whose channels all see each other."""
        N, C, H, W = x.shape
        if C % self.groups:
            kind = type(self).__name__
            raise ShapeError(f"{kind}: {C} channels cannot be split into {self.groups} groups")
        return self.xp.reshape(x, (N * self.groups, C // self.groups, H, W))


class LocalResponseNorm(_ResponseNorm):
    """`tinyalex.functional.local_response_norm` as a layer.

    Parameters
    ----------
    size : channels in the sum (the paper's n); at the first and the last channel it is clipped
    alpha, beta, k : ``alpha`` multiplies the sum and is *not* divided by ``size``. In PyTorch and
        Caffe it is: their alpha is ``size`` times this one.
    groups : groups of channels that do not see each other. 2 is the authors' program, in which
        each GPU normalised its own feature maps.

    Examples
    --------
    >>> norm = LocalResponseNorm()  # the paper's numbers
    >>> y = norm(np.full((1, 5, 1, 1), 100.0))
    >>> norm.scale.ravel(), y.ravel().round(1)  # scale: k + alpha * 100**2 * (3, 4 or 5 channels)
    (array([5., 6., 7., 6., 5.]), array([29.9, 26.1, 23.2, 26.1, 29.9]))
    """

    operation = "local_response_norm"

    def __init__(
        self,
        size: int = 5,
        alpha: float = 1e-4,
        beta: float = 0.75,
        k: float = 2.0,
        *,  # PyTorch has no fifth argument
        groups: int = 1,
    ) -> None:
        super().__init__(size, alpha, beta, k)
        self.groups = positive("groups", groups)


class SpatialResponseNorm(_ResponseNorm):
    """`tinyalex.functional.spatial_response_norm` as a layer.

    ``size`` is the side of the square; at the image's edges it is clipped. ``alpha`` is not divided
    by the square's area: cuda-convnet's ``rnorm`` layer divides its ``scale`` by ``size**2``.

    Examples
    --------
    >>> norm = SpatialResponseNorm(size=3, alpha=1e-4, k=1)
    >>> y = norm(np.full((1, 1, 3, 3), 100.0))
    >>> norm.scale[0, 0]  # 1, and 1 for each of the 4, 6 or 9 pixels in reach
    array([[ 5.,  7.,  5.],
           [ 7., 10.,  7.],
           [ 5.,  7.,  5.]])
    """

    operation = "spatial_response_norm"

    def __init__(
        self, size: int = 3, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
    ) -> None:
        super().__init__(size, alpha, beta, k)
