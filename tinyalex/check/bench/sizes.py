"""Sweeps: the same benchmark over batch sizes, threads or image sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tinyalex import models
from tinyalex.check.bench.job import Job
from tinyalex.check.bench.turns import Result, Say, contest
from tinyalex.errors import RunError

KINDS = ("batch", "threads", "size")
LARGEST_BATCH = 256
SMALLEST_SIDE = 67  # pixels that five convolutions and three poolings need


def values(kind: str, model: str, threads: int) -> list[int]:
    """Return the sizes of a sweep.

    Image sizes of ImageNet's nets differ from the default by multiples of 32, the product of all
    strides: 67, 99 ... 451 for 227. Below 67 pixels nothing is left for the last pooling.

    Examples
    --------
    >>> values("threads", "alexnet", 4)
    [1, 2, 3, 4]
    >>> values("size", "alexnet", 4)
    [67, 99, 131, 163, 195, 227, 291, 355, 451]
    """
    if kind == "batch":
        return [1 << i for i in range(LARGEST_BATCH.bit_length())]
    if kind == "threads":
        if threads <= 8:
            return list(range(1, threads + 1))
        return [1 << i for i in range((threads - 1).bit_length())] + [threads]
    own = models.spec(model).input_shape[1]
    if own > 100:
        more = (-160, -128, -96, -64, -32, 0, 64, 128, 224)
        return [own + m for m in more if own + m >= SMALLEST_SIDE]
    return [own * eighths // 8 for eighths in (4, 6, 8, 12, 16, 24)]


def sweep(kind: str, jobs: Sequence[Job], pairs: int, say: Say) -> tuple[list[Result], list[str]]:
    """Run a contest of training and one of inference at every size.

    Parameters
    ----------
    kind : ``"batch"``, ``"threads"`` or ``"size"``
    jobs : sequence of Job
        One per implementation; the task and the swept size are set here.
    pairs, say
        See `contest`.

    Returns
    -------
    results : list of Result
    skipped : list of str
        One line per benchmark that did not fit into memory.
    """
    at: Callable[[Job, int], Job] = {
        "batch": lambda job, value: replace(job, batch_size=value),
        "threads": lambda job, value: replace(job, threads=value),
        "size": lambda job, value: replace(job, image_size=value),
    }[kind]
    results: list[Result] = []
    skipped: list[str] = []
    for value in values(kind, jobs[0].model, jobs[0].threads):
        for task in ("train", "infer"):
            say(f"{kind} {value}, {task}")
            sized = [replace(at(job, value), task=task) for job in jobs]
            try:
                results += contest(sized, pairs, say)
            except (MemoryError, RunError) as error:
                skipped.append(f"{kind} {value}, {task}: {error}")
                say(skipped[-1])
    return results, skipped


def swept_value(kind: str, job: Job) -> int:
    """Return the size of a job in a sweep."""
    if kind == "batch":
        return job.batch_size
    if kind == "threads":
        return job.threads
    return job.image_size or models.spec(job.model).input_shape[1]
