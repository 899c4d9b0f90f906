"""Time each layer, forward and backward, within training steps."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import Any

from tinyalex.check.bench.job import Job
from tinyalex.check.bench.ours import Step, backend_of
from tinyalex.check.bench.useful import FLOAT32, layer_bytes, layer_flop
from tinyalex.check.stopwatch import layer_calls, stopwatch
from tinyalex.functional.arrays import Shape

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
    for _ in range(WARM_UP):
        step.run()
    step.backend.synchronize()
    seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    shapes: dict[str, Shape] = {}
    sees_image: dict[str, bool] = {}

    def note(name: str, method: str, spent: float, x: Any, y: Any) -> None:
        seconds[name][method].append(spent)
        if method == "forward":
            shapes[name], sees_image[name] = tuple(x.shape), x is step.x

    calls = layer_calls(step.model)
    calls += [("loss", step.loss, "forward"), ("optimizer", step.optimizer, "step")]
    with stopwatch(calls, step.backend, note):
        for _ in range(passes):
            step.run()
    rows = []
    for name, layer in step.model.named_layers():
        how = layer, shapes[name], sees_image[name]
        rows.append(
            _row(name, type(layer).__name__, seconds[name], layer_flop(*how), layer_bytes(*how))
        )
    N, classes = shapes["loss"]  # logits in, gradient out
    rows.append(_row("loss", "Loss", seconds["loss"], (0, 0), (2 * N * classes * FLOAT32, 0)))
    # weight, gradient and velocity in; weight and velocity out
    moved = 0, 5 * step.model.count_parameters() * FLOAT32
    times = {"backward": seconds["optimizer"]["step"]}
    return [*rows, _row("optimizer", "SGD", times, (0, 0), moved)]


def _row(
    name: str,
    kind: str,
    times: dict[str, list[float]],
    flop: tuple[int, int],
    moved: tuple[int, int],
) -> dict[str, Any]:
    """One line of the result."""
    return {
        "name": name,
        "kind": kind,
        "forward_ms": 1e3 * median(times.get("forward", [0.0])),
        "backward_ms": 1e3 * median(times.get("backward", [0.0])),
        "forward_flop": flop[0],
        "backward_flop": flop[1],
        "forward_bytes": moved[0],
        "backward_bytes": moved[1],
    }
