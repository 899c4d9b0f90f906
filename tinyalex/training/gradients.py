"""The gradients of a batch, computed by all workers of a group together."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinyalex.backends import Array
from tinyalex.evaluation.score import ShardSums
from tinyalex.group import Group, Shards
from tinyalex.group.shards import Node
from tinyalex.layers import Layer, Sequential, SoftmaxCrossEntropy
from tinyalex.parallel import Part
from tinyalex.training.captured import CapturedPass, Pass

BUCKET_BYTES = 4 << 20  # gradients smaller than this are sent together

Gradient = dict[str, Array]  # by parameter name


@dataclass
class Bucket:
    """Parameters whose gradients are sent together."""

    names: list[str] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    size: int = 0  # numbers


class BatchGradients:
    """Computes the gradient of the mean loss of a batch, and adds it up over all workers.

    Each worker computes its shards one after the other and adds them up along the tree; the rest
    of the tree is added up by `Group.sum`. The gradients of the last layers, which backward finds
    first and which are the largest of AlexNet's, are sent while backward goes on, where a worker
    has one shard.

    Parameters
    ----------
    model : Sequential
    loss : SoftmaxCrossEntropy
    group : Group
    shards : Shards
    captured : int
        Images of the batches whose pass is captured in a CUDA graph, if that is possible
        (`tinyalex.training.captured`); 0 for none.
    """

    def __init__(
        self,
        model: Sequential,
        loss: SoftmaxCrossEntropy,
        group: Group,
        shards: Shards,
        captured: int = 0,
    ) -> None:
        self.model, self.loss, self.group, self.shards = model, loss, group, shards
        split = model.rows if isinstance(model, Part) else {}  # these gradients need no sum
        self.owners = {n: (layer, k) for n, layer, k in model.parameter_owners() if n not in split}
        self.buckets = self._buckets()
        self.sender = Sender()
        self.of_whole_batch: Pass = self._pass
        if group.size == shards.count == 1 and CapturedPass.suits(model, captured):
            self.of_whole_batch = CapturedPass(model, self._pass, captured)

    def close(self) -> None:
        """End the thread that sends."""
        self.sender.close()

    def compute(self, batches: Iterator[tuple[Any, Array]], n: int, sums: ShardSums) -> None:
        """Fill the layers' ``grads``.

        Parameters
        ----------
        batches : iterator of (x, labels)
            This worker's shards of a batch, those with images.
        n : int
            Images in the batch.
        sums : ShardSums
            Counts the loss and the errors.
        """
        draws = self.model.random_state()
        sending = self._begin_sending(n) if self.shards.count == self.group.size > 1 else None

        def shard_gradient(node: Node) -> Gradient | None:
            shard, end = node
            if end - shard > 1:
                return None
            if self.shards.count > 1:  # each shard draws its own masks, whoever computes it
                self._set_draws(draws, shard)
            x, labels = next(batches)
            if self.shards.count > 1:
                loss, logits = self._pass(x, labels, labels.shape[0] / n)
            else:
                loss, logits = self.of_whole_batch(x, labels)
            sums.add(shard, loss, logits, labels)
            return {name: layer.grads[key] for name, (layer, key) in self.owners.items()}

        nodes = self.shards.nodes[self.group.rank]
        parts = [self.shards.total(shard_gradient, n, add_in_place, node) for node in nodes]
        if isinstance(self.model, Part) and parts == [None]:
            self._set_draws(draws, self.shards.mine.start)
            self._compute_with_others(self.model)
        if self.shards.count > 1:
            self._set_draws(draws, self.shards.count)
        if self.group.size > 1:
            (sending or self._begin_sending(n)).finish(parts)
        elif self.shards.count > 1:
            self._set_gradients(parts[0] or {})

    def _pass(self, x: Any, labels: Array, share: float = 1.0) -> tuple[Array, Array]:
        """Fill ``grads`` with ``share`` of a shard's gradient; its mean loss, and the logits."""
        logits = self.model.forward(x)
        loss = self.loss.forward(logits, labels)
        dlogits = self.loss.backward()  # of the shard's mean loss
        self.model.backward(dlogits if share == 1 else dlogits * share)
        self.loss.forget()
        return loss, logits

    def _compute_with_others(self, model: Part) -> None:
        """Without an image of its own, a worker has its part in all others' images."""
        black = model.xp.zeros((1, *model.input_shape), dtype=model.xp.float32)
        model.backward(model.forward(black) * 0)

    def _set_draws(self, before: dict[str, int], drawn: int) -> None:
        self.model.load_random_state({name: draws + drawn for name, draws in before.items()})

    def _set_gradients(self, gradient: Gradient) -> None:
        for name, array in gradient.items():
            layer, key = self.owners[name]
            layer.grads[key] = array

    def _buckets(self) -> list[Bucket]:
        """In the order of backward, as far as the list of layers tells."""
        buckets = [Bucket()]
        for name, (layer, key) in reversed(self.owners.items()):
            bucket, w = buckets[-1], layer.params[key]
            if 4 * bucket.size >= BUCKET_BYTES and layer not in bucket.layers:
                bucket = Bucket()
                buckets.append(bucket)
            bucket.names.append(name)
            bucket.size += int(np.prod(w.shape))
            if layer not in bucket.layers:
                bucket.layers.append(layer)
        return buckets

    def _begin_sending(self, n: int) -> Sending:
        return Sending(self, n)


class Sending:
    """One batch's gradients on their way, bucket by bucket in an order that all workers share."""

    def __init__(self, gradients: BatchGradients, n: int) -> None:
        self.gradients, self.n = gradients, n
        self.done: set[int] = set()  # layers whose gradient is known
        self.running: list[Future[None]] = []
        self.sent: list[Sequence[Gradient | None]] = []  # kept until `Group.wait`
        self._call_when_done(self.layer_is_done)

    def _call_when_done(self, call: Callable[[Layer], None] | None) -> None:
        for layer, _ in self.gradients.owners.values():
            layer.done = call

    def layer_is_done(self, layer: Layer) -> None:
        """Send what is complete."""
        self.done.add(id(layer))
        buckets = self.gradients.buckets
        while len(self.running) < len(buckets):
            bucket = buckets[len(self.running)]
            if not self.done.issuperset(map(id, bucket.layers)):
                return
            owners = self.gradients.owners
            own = {name: owners[name][0].grads[owners[name][1]] for name in bucket.names}
            self._send(bucket, [own])

    def finish(self, parts: Sequence[Gradient | None]) -> None:
        """Send the rest and wait for all of it; then the layers have the sums."""
        self._call_when_done(None)
        for bucket in self.gradients.buckets[len(self.running) :]:
            self._send(bucket, parts)
        for sent in self.running:
            sent.result()
        self.gradients.group.wait()

    def _send(self, bucket: Bucket, parts: Sequence[Gradient | None]) -> None:
        self.sent.append(parts)
        mark = self.gradients.group.queued()
        self.running.append(self.gradients.sender.submit(lambda: self._sum(bucket, parts, mark)))

    def _sum(self, bucket: Bucket, parts: Sequence[Gradient | None], mark: Any) -> None:
        all_of, owners = self.gradients, self.gradients.owners
        with all_of.group.after(mark):
            flat = [_flat(part, bucket, all_of.model.backend.xp) for part in parts]
            total = all_of.group.sum(flat, all_of.shards, self.n)
            first = 0
            for name in bucket.names:
                layer, key = owners[name]
                w = layer.params[key]
                end = first + int(np.prod(w.shape))
                layer.grads[key] = total[first:end].reshape(w.shape)
                first = end


class Sender:
    """One thread that does what it is handed in order; a program that fails does not wait for it.

    It begins with the first task.
    """

    def __init__(self) -> None:
        self.tasks: queue.SimpleQueue[tuple[Callable[[], None], Future[None]] | None]
        self.tasks = queue.SimpleQueue()
        self.thread: threading.Thread | None = None

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Hand a task over."""
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="tinyalex-send", daemon=True)
            self.thread.start()
        done: Future[None] = Future()
        self.tasks.put((work, done))
        return done

    def close(self) -> None:
        """End the thread after the tasks that it has."""
        self.tasks.put(None)

    def _run(self) -> None:
        while (task := self.tasks.get()) is not None:
            work, done = task
            try:
                work()
                done.set_result(None)
            except BaseException as error:
                done.set_exception(error)


def _flat(part: Gradient | None, bucket: Bucket, xp: Any) -> Array:
    """A bucket's gradients in one array; of a worker whose shards have no images, zeros."""
    if part is None:
        return xp.zeros(bucket.size, np.float32)
    arrays = [part[name].reshape(-1) for name in bucket.names]
    return arrays[0] if len(arrays) == 1 else xp.concatenate(arrays)


def add_in_place(a: Gradient, b: Gradient) -> Gradient:
    """Add ``b`` to ``a``, parameter by parameter."""
    for name, array in b.items():
        a[name] += array
    return a
