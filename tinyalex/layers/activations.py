"""ReLU, and the tanh that it replaced (paper, section 3.1)."""

from __future__ import annotations

from tinyalex.backends import Array
from tinyalex.layers.base import Layer


class ReLU(Layer):
    """Let positive numbers pass, make the rest zero."""

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        self.open = x > 0  # where the gradient may pass
        return self.xp.where(x < 0, self.xp.zeros_like(x), x)  # a NaN stays a NaN, and is noticed

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy, self.open.shape)
        return self.xp.where(self.open, dy, self.xp.zeros_like(dy))


class Tanh(Layer):
    """Squash to (-1, 1). Its slope 1 - y**2 vanishes at both ends: that is what makes it slow."""

    def forward(self, x: Array) -> Array:
        self.check_input(x)
        self.y = self.xp.tanh(x)
        return self.y

    def backward(self, dy: Array) -> Array:
        self.check_dy(dy, self.y.shape)
        return dy * (1 - self.y * self.y)
