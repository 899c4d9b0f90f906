"""Dropout (paper, section 4.2)."""

from tinyalex.backends import Array
from tinyalex.errors import ConfigError
from tinyalex.functional.arrays import Shape
from tinyalex.layers.base import Layer


class Dropout(Layer):
    """In training, `tinyalex.functional.dropout` with a new mask for each forward pass.

    Parameters
    ----------
    p : probability of a zero, from 0 to below 1
    mode : how the mean is kept. "inverted" multiplies the kept numbers by 1/(1-p) in training, as
        PyTorch and Caffe do; "paper" multiplies all numbers by 1-p at test time. Weights trained
        in one mode are wrong by that factor in the other.
    seed : the masks are a function of the seed and of ``draws``, the number of masks drawn so far
        (a checkpoint keeps it, so a resumed run draws the same masks)

    Examples
    --------
    >>> layer = Dropout(p=0.5, seed=0)
    >>> sorted(set(layer(np.ones((1, 100))).ravel().tolist()))  # training: dropped, or times 2
    [0.0, 2.0]
    >>> layer.eval()(np.ones((1, 3)))
    array([[1., 1., 1.]])
    >>> Dropout(p=0.5, mode="paper").eval()(np.ones((1, 3)))
    array([[0.5, 0.5, 0.5]])
    """

    remembers = ("mask",)

    def __init__(self, p: float = 0.5, mode: str = "inverted", *, seed: int = 0) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ConfigError(f"Dropout: p must be from 0 to below 1 (got {p})")
        if mode not in ("inverted", "paper"):
            raise ConfigError(f"Dropout: mode must be 'inverted' or 'paper' (got {mode!r})")
        self.p, self.mode, self.seed = p, mode, seed
        self.draws = 0
        self.drawn: Array | None = None  # what `draw` gave for the next mask, if it was asked

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        if self.training and self.p > 0:
            draw = self.draw(x.shape) if self.drawn is None else self.drawn
            y, self.mask = self.backend.dropout(x, draw, self.p, self.mode == "inverted")
            return y
        self.mask = None if self.training else self.test_factor()
        return x if self.mask is None else x * self.mask

    def draw(self, shape: Shape) -> Array:
        """The uniform numbers of the next mask; counts it."""
        draw = self.backend.generator(self.seed, self.draws).random(shape)
        self.draws += 1
        return draw

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy)
        return dy if self.mask is None else self.backend.dropout_backward(dy, self.mask)

    def test_factor(self) -> float | None:
        """What every number is multiplied by at test time."""
        return 1 - self.p if self.mode == "paper" else None
