"""Benchmarks: tinyalex against PyTorch or itself, by layer, and over sizes.

Implementations run in processes of their own and alternate (`contest`); `sweep` repeats that over
sizes; `layers` and `peaks` show where the time of a training step goes.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tinyalex.backends.base import PRECISIONS
from tinyalex.check.bench.job import ALONE, TASKS, Job
from tinyalex.check.bench.machine import describe
from tinyalex.check.bench.process import WorkerProcess
from tinyalex.check.bench.sizes import KINDS, sweep
from tinyalex.check.bench.turns import Result, Say, contest

__all__ = [
    "ALONE",
    "KINDS",
    "PRECISIONS",
    "TASKS",
    "Job",
    "Result",
    "Say",
    "contest",
    "describe",
    "layers",
    "peaks",
    "sweep",
]


def layers(job: Job, passes: int) -> list[dict[str, Any]]:
    """Time each layer of a training step in a process of its own; see `layer_times.measure`.

    For PyTorch each layer runs alone, and a row has only ``name`` and the two times.
    """
    with WorkerProcess(job.implementation, job.threads) as worker:
        rows: list[dict[str, Any]] = worker.ask("layers", job=asdict(job), passes=passes)
    return rows


def peaks(job: Job) -> dict[str, Any]:
    """Measure the peak rates of a job's backend in a process of its own; see `ceilings.measure`."""
    with WorkerProcess(job.implementation, job.threads) as worker:
        rates: dict[str, Any] = worker.ask("peaks", job=asdict(job))
    return rates
