"""The loss: how surprised the network is by the right answer (paper, section 3.5)."""

from tinyalex.backends import Array
from tinyalex.errors import ShapeError
from tinyalex.layers.base import Loss


class SoftmaxCrossEntropy(Loss):
    """`tinyalex.functional.cross_entropy` as a loss: softmax included, averaged over the batch.

    Examples
    --------
    >>> loss = SoftmaxCrossEntropy()
    >>> float(loss(np.zeros((1, 2)), np.array([0])).round(4))  # log(2): it knows nothing
    0.6931
    >>> loss.backward()  # p - onehot
    array([[-0.5,  0.5]])
    """

    ndim = 2
    remembers = ("logits", "labels")

    def forward(self, logits: Array, labels: Array) -> Array:
        """Mean loss, a scalar, of ``logits`` (N, classes) and whole-number ``labels`` (N,)."""
        self.check_input(logits)
        labels = self.check_labels(labels, *logits.shape)
        self.logits, self.labels = logits, labels = self.backend.widened(logits), labels
        return self.backend.cross_entropy(logits, labels)

    def backward(self) -> Array:
        return self.backend.cross_entropy_backward(self.logits, self.labels)

    def check_labels(self, labels: Array, N: int, classes: int) -> Array:
        """Labels on this backend; refuses a wrong shape, a wrong dtype and unknown classes."""
        if N < 1:
            raise ShapeError("SoftmaxCrossEntropy: the batch is empty, so it has no mean loss")
        labels = self.backend.asarray(labels)
        if tuple(labels.shape) != (N,):
            raise ShapeError(f"labels must be ({N},), one per image (got {tuple(labels.shape)})")
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
