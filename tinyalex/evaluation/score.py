"""Loss and errors of a network, counted on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tinyalex.backends import Array, Backend
from tinyalex.layers import Layer, SoftmaxCrossEntropy


def topk_wrong(xp: Any, logits: Array, labels: Array, k: int) -> Array:
    """How many of a batch have the right class outside the best ``k``.

    Parameters
    ----------
    xp : module
        The array module.
    logits : float (N, classes)
        Logits or probabilities.
    labels : int (N,)
    k : int

    Returns
    -------
    float64 scalar
        Ties count as fairly as a coin: where t classes share the right class's value and g are
        better, (k - g) / t of the orders put the right class into the best k. So a network that
        says the same about every class is right once in ``classes / k``, and NaN is wrong.
    """
    right = logits[xp.arange(labels.shape[0]), labels][:, None]
    better = xp.sum(logits > right, axis=1)
    equal = xp.sum(logits == right, axis=1)
    hit = xp.clip((k - better) / xp.maximum(equal, xp.ones_like(equal)), 0, 1)
    return labels.shape[0] - xp.sum(xp.where(equal == 0, xp.zeros_like(hit), hit))


class Running:
    """Sums over the images since the last `reset`. They stay on the device until they are read.

    Attributes
    ----------
    images : int
        Number of images counted.
    """

    def __init__(self, backend: Backend, top: tuple[int, ...] = (1,)) -> None:
        self.backend = backend
        self.top = top
        self.reset()

    def reset(self) -> None:
        """Start again from zero."""
        xp = self.backend.xp
        self.images = 0
        self._loss = xp.zeros((), dtype=xp.float64)
        self._wrong = {k: xp.zeros((), dtype=xp.float64) for k in self.top}

    def add(self, loss: Array, logits: Array, labels: Array) -> None:
        """Count a batch: ``loss`` is its mean, ``logits`` (N, classes), ``labels`` (N,)."""
        xp, n = self.backend.xp, labels.shape[0]
        self.images += n
        self._loss = self._loss + n * xp.asarray(loss, dtype=xp.float64)
        for k in self.top:
            self._wrong[k] = self._wrong[k] + topk_wrong(xp, logits, labels, k)

    def absorb(self, other: Running) -> None:
        """Add the sums of another one, which counts the same things."""
        self.images += other.images
        self._loss = self._loss + other._loss
        for k in self.top:
            self._wrong[k] = self._wrong[k] + other._wrong[k]

    def loss(self) -> float:
        """Mean loss an image; waits for the device."""
        return float(self._loss) / max(1, self.images)

    def error(self, k: int = 1) -> float:
        """Top-k error, 0 to 1; waits for the device."""
        return float(self._wrong[k]) / max(1, self.images)

    def state_dict(self) -> dict[str, Any]:
        """The sums as plain numbers."""
        return {
            "images": self.images,
            "loss": float(self._loss),
            "wrong": {str(k): float(v) for k, v in self._wrong.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from `state_dict`."""
        xp = self.backend.xp
        self.images = int(state["images"])
        self._loss = xp.asarray(state["loss"], dtype=xp.float64)
        self._wrong = {k: xp.asarray(state["wrong"][str(k)], dtype=xp.float64) for k in self.top}


def score(
    model: Layer,
    batches: Iterable[tuple[Array, Array]],
    backend: Backend,
    num_classes: int,
    stop: Callable[[], bool] = lambda: False,
) -> Running | None:
    """Loss, top-1 and top-5 error of a model in test mode.

    Returns None when ``stop()`` became true before all batches were seen. With fewer than five
    classes, "top-5" is the top ``num_classes``, whose error is 0.
    """
    loss_layer = SoftmaxCrossEntropy()
    loss_layer.to(backend)
    totals = Running(backend, top=(1, min(5, num_classes)))
    was_training = model.training
    model.eval()
    try:
        for x, labels in batches:
            if stop():
                return None
            logits = model.forward(x)
            totals.add(loss_layer.forward(logits, labels), logits, labels)
    finally:
        model.train(was_training)
    return totals
