"""Loss and errors of a network, summed on the device."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinyalex.backends import Array, Backend
from tinyalex.data import Batches
from tinyalex.group import Alone, Group, Shards
from tinyalex.layers import Layer, SoftmaxCrossEntropy


def topk_wrong(xp: Any, logits: Array, labels: Array, k: int) -> Array:
    """How many images of a batch have their class outside the ``k`` most probable ones.

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
        Ties count by their expected value: where t classes share the right class's value and g
        are higher, (k - g) / t of all orders put the right class into the top k. So a network
        with equal outputs has accuracy ``k / classes``. NaN is wrong.

    Examples
    --------
    >>> logits = np.array([[3.0, 2, 1], [3.0, 2, 1]])
    >>> labels = np.array([0, 2])
    >>> float(topk_wrong(np, logits, labels, k=1)), float(topk_wrong(np, logits, labels, k=3))
    (1.0, 0.0)
    """
    right = logits[xp.arange(labels.shape[0]), labels][:, None]
    better = xp.sum(logits > right, axis=1)
    equal = xp.sum(logits == right, axis=1)
    hit = xp.clip((k - better) / xp.maximum(equal, xp.ones_like(equal)), 0, 1)
    return labels.shape[0] - xp.sum(xp.where(equal == 0, xp.zeros_like(hit), hit))


class Running:
    """Loss and errors of the ``images`` since the last `reset`, kept on the device until read.

    Examples
    --------
    >>> from tinyalex import backends
    >>> running = Running(backends.get("numpy"))
    >>> running.add(0.25, np.array([[2.0, 1], [2.0, 1]]), np.array([0, 1]))  # one of two is wrong
    >>> running.images, running.loss(), running.error()
    (2, 0.25, 0.5)
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
        """Add the sums of another `Running` with the same ``top``."""
        self.images += other.images
        self._loss = self._loss + other._loss
        for k in self.top:
            self._wrong[k] = self._wrong[k] + other._wrong[k]

    def loss(self) -> float:
        """Mean loss per image; waits for the device."""
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


class ShardSums:
    """The sums of each shard by itself: added up in the shards' order, whoever computed them.

    Parameters
    ----------
    top : tuple of int
        Each k of the top-k errors that are counted.
    """

    def __init__(
        self, backend: Backend, group: Group, shards: Shards, top: tuple[int, ...] = (1,)
    ) -> None:
        self.backend, self.group, self.shards, self.top = backend, group, shards, top
        self.own = {shard: Running(backend, top) for shard in shards.mine}
        self.losses: list[Array] = []  # since the last `reset`, on the device until read

    def add(self, shard: int, loss: Array, logits: Array, labels: Array) -> None:
        """Count what a shard of a batch has given; see `Running.add`."""
        self.own[shard].add(loss, logits, labels)
        self.losses.append(loss)

    def finite(self) -> int:
        """How many losses of this worker's shards were finite before the first that is not."""
        finite = [math.isfinite(loss) for loss in self.losses]
        return finite.index(False) if False in finite else len(finite)

    def reset(self) -> None:
        """Start again from zero."""
        self.losses.clear()
        for sums in self.own.values():
            sums.reset()

    def local(self) -> Running:
        """The sums of this worker's shards."""
        return self._added(self._own_states())

    def total(self) -> Running:
        """The sums of all shards; all workers must call this."""
        return self._added(self.state_dict())

    def state_dict(self) -> list[dict[str, Any]]:
        """The sums of every shard as plain numbers; all workers must call this."""
        return [state for states in self.group.gather(self._own_states()) for state in states]

    def load_state_dict(self, states: Sequence[Mapping[str, Any]]) -> None:
        """Continue from `state_dict`, on any number of workers."""
        for shard, sums in self.own.items():
            sums.load_state_dict(states[shard])

    def _own_states(self) -> list[dict[str, Any]]:
        return [sums.state_dict() for sums in self.own.values()]

    def _added(self, states: Sequence[Mapping[str, Any]]) -> Running:
        total, other = Running(self.backend, self.top), Running(self.backend, self.top)
        for state in states:
            other.load_state_dict(state)
            total.absorb(other)
        return total


def score(
    model: Layer,
    loader: Batches,
    num_classes: int,
    stop: Callable[[], bool] = lambda: False,
    group: Group | None = None,
    reached: Callable[[int, int], None] = lambda done, total: None,
) -> Running | None:
    """Loss, top-1 and top-5 error of a model in test mode; None once ``stop()`` is true.

    With fewer than five classes, top-5 means top ``num_classes``: its error is 0. The workers of a
    group, which must all call this, test on their own shards and get the sums of all. ``reached``
    is called after each batch, with how many of all images are tested.

    Examples
    --------
    >>> from tinyalex import backends, data, models
    >>> split = data.load("digits").test.subset(np.arange(20))
    >>> loader = data.Loader(split, backends.get("numpy"), batch_size=10)
    >>> model = models.build("tiny", init=models.ZEROS)  # equal outputs for all classes
    >>> result = score(model, loader, num_classes=10)
    >>> result.images, round(result.loss(), 3), round(result.error(1), 3)  # log(10), 9 of 10
    (20, 2.303, 0.9)
    """
    backend = loader.backend
    loss_layer = SoftmaxCrossEntropy()
    loss_layer.to(backend)
    totals = ShardSums(backend, group or Alone(), loader.shards, (1, min(5, num_classes)))
    was_training = model.training
    model.eval()
    batches, steps = loader.epoch(0), list(loader.steps())
    done, total = 0, sum(images for images, _ in steps)
    try:
        for images, shards in steps:
            if stop():
                return None
            for shard in shards:
                x, labels = next(batches)
                logits = model.forward(x)
                totals.add(shard, loss_layer.forward(logits, labels), logits, labels)
            done += images
            reached(done, total)
    finally:
        batches.close()  # ends the thread that prepares batches
        model.train(was_training)
    return totals.total()
