"""Training steps of several workers: how fast, and how long they wait for each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tinyalex.check.bench.job import Job
from tinyalex.check.bench.ours import Step, backend_of
from tinyalex.check.bench.statistics import spread
from tinyalex.evaluation.score import ShardSums
from tinyalex.group import Group, Shards
from tinyalex.training.gpus import on_gpus
from tinyalex.training.gradients import BatchGradients, Gradient, Sending

WARM_UP = 2  # steps; the first compiles kernels and allocates memory


def measure(group: Group, job: Job, steps: int) -> dict[str, Any]:
    """Time steps of data-parallel training; all workers must call this, and all get the result.

    Parameters
    ----------
    group : Group
        On GPUs, each has chosen its own.
    job : Job
        Its batch size is that of the whole batch, its threads are those of one worker.
    steps : int
        To time, after a few others.

    Returns
    -------
    dict
        ``workers``, ``threads``, ``batch_size``; ``seconds_per_batch`` and ``images_per_second``,
        each a `Spread` as a dict; ``waiting``: the median share of a step in which a worker has
        computed its gradients and waits for the sums, the mean of all workers.
    """
    backend, shards = backend_of(job), Shards(group.size, group.rank, group.size)
    group = on_gpus(group, backend)
    step = Step(job, backend)
    own = shards.images(slice(0, job.batch_size), group.rank)
    x, labels = step.x[own], step.labels[own]
    gradients = Timed(step.model, step.loss, group, shards)
    sums = ShardSums(backend, group, shards)

    def run() -> None:
        gradients.compute(iter([(x, labels)]), job.batch_size, sums)
        step.optimizer.step()
        backend.synchronize()
        group.step()

    seconds = seconds_of_slowest(group, run, steps, WARM_UP)
    waited = np.mean(group.gather(gradients.waited[-steps:] or [0.0] * steps), axis=0)
    gradients.close()
    return {
        "workers": group.size,
        "threads": job.threads,
        "batch_size": job.batch_size,
        "seconds_per_batch": asdict(spread(seconds)),
        "images_per_second": asdict(spread([job.batch_size / s for s in seconds])),
        "waiting": float(np.median(waited / seconds)),
    }


def seconds_of_slowest(
    group: Group, work: Callable[[], object], times: int, warm_up: int = 1
) -> list[float]:
    """Seconds that the slowest worker needs each time; all begin together."""
    seconds = []
    for _ in range(warm_up + times):
        group.agree(0)
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    slowest: list[float] = np.max(group.gather(seconds[warm_up:]), axis=0).tolist()
    return slowest


def with_efficiency(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each result how many times as fast it is as the first, and that over its workers."""
    first = results[0]["seconds_per_batch"]["median"]
    speedups = [first / each["seconds_per_batch"]["median"] for each in results]
    return [
        each | {"speedup": speedup, "efficiency": speedup * results[0]["workers"] / each["workers"]}
        for each, speedup in zip(results, speedups, strict=True)
    ]


class Timed(BatchGradients):
    """Notes, for each batch, how long it has ``waited`` for sums after backward, in seconds."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.waited: list[float] = []

    def _begin_sending(self, n: int) -> Sending:
        return TimedSending(self, n)


class TimedSending(Sending):
    """One batch's gradients on their way; the clock begins when backward is done."""

    gradients: Timed

    def finish(self, parts: Sequence[Gradient | None]) -> None:
        backend = self.gradients.model.backend
        backend.synchronize()
        start = time.perf_counter()
        super().finish(parts)
        backend.synchronize()
        self.gradients.waited.append(time.perf_counter() - start)
