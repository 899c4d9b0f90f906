"""The forward and backward pass of a batch, captured once and repeated by the GPU.

At small batches the host takes longer to queue a step's kernels than the GPU to compute them. A
CUDA graph (`tinyalex.backends.cuda.graph`) queues all of them by one call. It repeats what was
captured, with the same arguments, so all that changes from step to step stays outside of it:

- the images, the labels and the numbers for dropout's masks are copied to arrays that the graph
  reads. Masks are drawn as ever, so their counters, and with them checkpoints, do not change;
- the optimizer, whose learning rate, momentum, LARS and frozen parameters may all change, and the
  sums of the losses are queued kernel by kernel.

The kernels and their order are the same as without a graph, and so are the bytes. A graph is used
only after its first gradients were compared with those of a plain pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinyalex import notice
from tinyalex.backends import Array
from tinyalex.errors import BackendError
from tinyalex.layers import (
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    SpatialResponseNorm,
)

MOST_IMAGES = 256  # with more, the GPU computes longer than the host queues
# These queue kernels of ours, products of `cuda/products.py`, and CuPy's element-by-element kernels
# and sums. Others may look at values, or call a library of CuPy's that cannot be captured.
LAYERS = (
    *(Conv2d, ReLU, LocalResponseNorm, SpatialResponseNorm, MaxPool2d, AvgPool2d, Flatten),
    *(Linear, Dropout),
)

Pass = Callable[[Array, Array], tuple[Array, Array]]


class CapturedPass:
    """A pass that is repeated as a CUDA graph; any other batch takes the plain one.

    The first full batch is a rehearsal in the graph's memory, the second is captured. If anything
    fails, the user is told, and it was the last try.

    Parameters
    ----------
    model : Sequential
    plain : function
        Of x (N, C, H, W) and labels (N,); fills ``grads``, and returns the loss, and the logits
        (N, classes).
    images : int
        N of a full batch.
    """

    def __init__(self, model: Sequential, plain: Pass, images: int) -> None:
        self.model, self.plain, self.images = model, plain, images
        self.owners = list(model.parameter_owners())
        self.weights: list[Array] = []  # when the graph was begun
        self.dropouts: list[tuple[Dropout, tuple[int, ...]]] = []
        self.read: list[Array] = []  # what the graph reads: images, labels, dropout's numbers
        self.written: tuple[Array, Array] | None = None  # by the graph: the loss and the logits
        self.grads: list[Array] = []  # the same
        self.graph: Any = None
        self.works = True

    @staticmethod
    def suits(model: Layer, images: int) -> bool:
        """Whether it is worth it, and known that every batch is computed in the same way."""

        def known(layer: Layer) -> bool:
            if isinstance(layer, Sequential):
                return all(map(known, layer))
            return type(layer) in LAYERS

        backend = model.backend
        ours = backend.name == "cuda" and not backend.own  # no functions of the user's
        return 0 < images <= MOST_IMAGES and ours and known(model)

    def __call__(self, x: Array, labels: Array) -> tuple[Array, Array]:
        """The loss, and the logits (N, classes), which are valid until the next call."""
        if not (self.works and x.shape[0] == self.images and self._has_same_weights()):
            return self.plain(x, labels)
        self._copy(x, labels)
        try:
            loss, logits = self._repeat()
        except Exception as error:
            self._give_up(error)
        else:
            return loss.copy(), logits
        return self._work()  # not above: there the error still holds the graph's memory

    def _repeat(self) -> tuple[Array, Array]:
        if self.graph is None:
            self.graph = self.model.backend.graph()
            rehearsed: tuple[Array, Array] = self.graph.rehearse(self._work)
            return rehearsed
        if self.written is None:
            for _, layer, _ in self.owners:
                layer.grads.clear()
            self.written = self.graph.capture(self._work)
            self.grads = self._grads()
            self.graph.launch()
            self._compare(self.written[0])
        else:
            self.graph.launch()
        for _, layer in self.model.named_layers():
            layer.forget()  # what a test in between has left
        for (_, layer, key), array in zip(self.owners, self.grads, strict=True):
            layer.grads[key] = array  # a smaller batch in between had others
        return self.written

    def _compare(self, loss: Array) -> None:
        """Compute the batch once more, kernel by kernel; the host waits for the comparison."""
        expected, _ = self._work()
        pairs = zip([loss, *self.grads], [expected, *self._grads()], strict=True)
        xp = self.model.xp
        if not bool(xp.all(xp.stack([xp.all(a == b) for a, b in pairs]))):
            raise BackendError("it computes another gradient than a plain step")

    def _copy(self, x: Array, labels: Array) -> None:
        """Put what is new in this step where the graph reads it."""
        if not self.read:
            self.weights = self._weights()
            inputs = self.model.named_inputs(x.shape)
            drops = ((at, tuple(shape)) for _, at, shape in inputs if isinstance(at, Dropout))
            self.dropouts = [(layer, shape) for layer, shape in drops if layer.p > 0]
        new = [x, labels, *(layer.draw(shape) for layer, shape in self.dropouts)]
        if not self.read:
            self.read = [array.copy() for array in new]
        else:
            for array, value in zip(self.read, new, strict=True):
                array[...] = value

    def _work(self) -> tuple[Array, Array]:
        x, labels, *draws = self.read
        for (layer, _), draw in zip(self.dropouts, draws, strict=True):
            layer.drawn = draw
        try:
            return self.plain(x, labels)
        finally:
            for layer, _ in self.dropouts:
                layer.drawn = None

    def _grads(self) -> list[Array]:
        return [layer.grads[key] for _, layer, key in self.owners]

    def _weights(self) -> list[Array]:
        return [layer.params[key] for _, layer, key in self.owners]

    def _has_same_weights(self) -> bool:
        pairs = zip(self._weights(), self.weights, strict=False)  # none before the first batch
        return all(a is b for a, b in pairs)

    def _give_up(self, error: Exception) -> None:
        self.works, self.graph, self.written, self.grads = False, None, None, []
        notice.warn(
            f"a training step could not be repeated as a CUDA graph ({type(error).__name__}: "
            f"{error}), so its kernels are queued one by one (--no-graph does so from the start)"
        )
