"""The loss: how surprised the network is by the right answer (paper, section 3.5)."""

from __future__ import annotations

from tinyalex.backends import Array
from tinyalex.errors import ShapeError
from tinyalex.layers.base import Loss


class SoftmaxCrossEntropy(Loss):
    """Softmax and cross-entropy in one, averaged over the batch.

    loss = mean over n of -log(p[n, label n]), p = softmax(logits). A network that knows nothing
    has the loss log(classes): 6.908 for ImageNet's thousand.

    Notes
    -----
    Together the two have a simple gradient, (p - onehot) / N, and never take the logarithm of
    zero: the largest logit is subtracted before exp.
    """

    def forward(self, logits: Array, labels: Array) -> Array:
        """Return the mean loss.

        Parameters
        ----------
        logits : float (N, classes)
        labels : int (N,), from 0 to classes - 1

        Returns
        -------
        float scalar of the array module, in the logits' dtype
        """
        self.check_input(logits, ndim=2)
        N, classes = logits.shape
        if N < 1:
            raise ShapeError("SoftmaxCrossEntropy: the batch is empty, so it has no mean loss")
        labels = self.check_labels(labels, N, classes)
        self.logits, self.labels = logits, labels
        return self.backend.cross_entropy(logits, labels)

    def backward(self) -> Array:
        """Return d(loss)/d(logits), (N, classes)."""
        return self.backend.cross_entropy_backward(self.logits, self.labels)

    def check_labels(self, labels: Array, N: int, classes: int) -> Array:
        """Labels on this backend; refuses a wrong shape, a wrong dtype and unknown classes."""
        labels = self.backend.asarray(labels)
        if tuple(labels.shape) != (N,):
            raise ShapeError(f"labels must be ({N},), one an image (got {tuple(labels.shape)})")
        if not self.xp.isdtype(labels.dtype, "integral"):
            raise ShapeError(f"labels must be whole numbers (got {labels.dtype})")
        if self.backend.checks_values:
            low, high = int(self.xp.min(labels)), int(self.xp.max(labels))
            if low < 0 or high >= classes:
                raise ShapeError(
                    f"labels must be from 0 to {classes - 1} (got {low} to {high})",
                    "build the model with num_classes as large as the data needs",
                )
        return labels
