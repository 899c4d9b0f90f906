"""Label smoothing, which the paper does not have: no answer is wanted with certainty."""

from __future__ import annotations

from tinyalex.backends import Array
from tinyalex.layers import SoftmaxCrossEntropy


class SmoothedCrossEntropy(SoftmaxCrossEntropy):
    """PyTorch's ``CrossEntropyLoss(label_smoothing=...)`` (Szegedy et al. 2016, section 7).

    The wanted probabilities are (1 - s) onehot + s / classes, so that no logit need grow without
    bound. This adds ``s * mean(z[n, label n] - mean(z[n]))`` to the loss, and its gradient, which
    does not depend on the logits z.

    Parameters
    ----------
    label_smoothing : float
        s, from 0 to below 1: the share that all classes have equally.
    """

    def __init__(self, label_smoothing: float) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, logits: Array, labels: Array) -> Array:
        loss = super().forward(logits, labels)
        return loss + self.xp.sum(logits * self._added()) if self.label_smoothing else loss

    def backward(self) -> Array:
        dlogits = super().backward()
        return dlogits + self._added() if self.label_smoothing else dlogits

    def _added(self) -> Array:
        """What is added to the gradient: s * (onehot - 1 / classes) / N, (N, classes)."""
        N, classes = self.logits.shape
        right = self.xp.arange(classes)[None, :] == self.labels[:, None]
        onehot = right.astype(self.logits.dtype)
        return self.label_smoothing * ((onehot - 1 / classes) / N)
