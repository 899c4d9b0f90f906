"""Time each layer, forward and backward, within training steps."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from tinyalex.check.bench.job import Job
from tinyalex.check.bench.ours import Step, backend_of
from tinyalex.check.bench.useful import FLOAT32, layer_bytes, layer_flop
from tinyalex.functional.arrays import Shape
from tinyalex.layers import Layer

WARM_UP = 2


def measure(job: Job, passes: int) -> list[dict[str, Any]]:
    """Time the layers of a job's network in ``passes`` training steps.

    Returns
    -------
    list of dict
        ``name``, ``kind``, ``forward_ms``, ``backward_ms`` (medians, for the whole batch),
        ``forward_flop``, ``backward_flop``, ``forward_bytes``, ``backward_bytes``; in the order
        in which the layers run, then the loss and the optimizer (its time counts as ``backward``).
    """
    step = Step(job, backend_of(job))
    watch = _Watch(step)
    for _ in range(WARM_UP):
        step.run()
    step.backend.synchronize()
    with watch.on():
        for _ in range(passes):
            step.run()
    return watch.rows()


class _Watch:
    """Times every forward and backward call of the layers, the loss and the optimizer."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
        # Shapes only: the next step could not reuse the memory of a kept array.
        self.shapes: dict[str, Shape] = {}
        self.sees_image: dict[str, bool] = {}

    @contextmanager
    def on(self) -> Iterator[None]:
        """Measure while inside."""
        step = self.step
        timed: list[tuple[str, Any, str, str]] = [
            (name, layer, method, method)
            for name, layer in step.model.named_layers()
            for method in ("forward", "backward")
        ]
        timed += [("loss", step.loss, "forward", "forward")]
        timed += [("optimizer", step.optimizer, "step", "backward")]
        for name, owner, method, column in timed:
            # An attribute of the instance hides the class's method until it is deleted again.
            setattr(owner, method, self._timed(name, column, getattr(owner, method)))
        try:
            yield
        finally:
            for _, owner, method, _ in timed:
                delattr(owner, method)

    def _timed(self, name: str, column: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            if column == "forward":
                self.shapes[name] = tuple(arguments[0].shape)
                self.sees_image[name] = arguments[0] is self.step.x
            start = time.perf_counter()
            result = work(*arguments)
            self.step.backend.synchronize()
            self.seconds[name, column].append(time.perf_counter() - start)
            return result

        return run

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per layer, then the loss and the optimizer."""
        rows = [self._row(name, layer) for name, layer in self.step.model.named_layers()]
        logits = self.shapes["loss"]
        loss = 2 * logits[0] * logits[1] * FLOAT32  # logits in, gradient out
        rows.append(self._plain_row("loss", "Loss", (loss, 0)))
        weights = self.step.model.count_parameters() * FLOAT32
        # weight, gradient and velocity in; weight and velocity out
        rows.append(self._plain_row("optimizer", "SGD", (0, 5 * weights)))
        return rows

    def _row(self, name: str, layer: Layer) -> dict[str, Any]:
        shape, sees_image = self.shapes[name], self.sees_image[name]
        row = self._plain_row(name, type(layer).__name__, layer_bytes(layer, shape, sees_image))
        row["forward_flop"], row["backward_flop"] = layer_flop(layer, shape, sees_image)
        return row

    def _plain_row(self, name: str, kind: str, moved: tuple[int, int]) -> dict[str, Any]:
        forward, backward = self.seconds[name, "forward"], self.seconds[name, "backward"]
        return {
            "name": name,
            "kind": kind,
            "forward_ms": 1e3 * median(forward) if forward else 0.0,
            "backward_ms": 1e3 * median(backward) if backward else 0.0,
            "forward_flop": 0,
            "backward_flop": 0,
            "forward_bytes": moved[0],
            "backward_bytes": moved[1],
        }
