"""Compare implementations: each in a process of its own, alternating."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from tinyalex.check.bench.job import Job
from tinyalex.check.bench.process import WorkerProcess
from tinyalex.check.bench.statistics import Spread, speedup, spread

TURN_SECONDS = 0.2  # a turn lasts at least this long: short work is repeated
REST_SECONDS = 0.02  # before a turn, until the previous implementation's threads sleep
Say = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """The result of one implementation.

    Attributes
    ----------
    seconds_per_image : one per turn
    repeats : calls per turn
    memory_mib : peak memory of its process from the first step, minus its memory after imports
    speedup : images per second divided by the baseline's (the last job's), within each pair; None
        for the baseline itself
    flop_per_image : useful floating-point operations; 0 for data loading
    gpu_memory_mib : GPU memory that its pool allocated; None on a CPU
    trials : of PyTorch, what each choice of settings reached; see `torch_settings.Trial`
    """

    job: Job
    seconds_per_image: tuple[float, ...]
    repeats: int
    memory_mib: float | None
    speedup: Spread | None
    flop_per_image: int
    device: str
    gpu_memory_mib: float | None = None
    trials: tuple[dict[str, Any], ...] = ()

    @property
    def seconds(self) -> Spread:
        """Return the seconds per batch."""
        return spread([s * self.job.batch_size for s in self.seconds_per_image])

    @property
    def images_per_second(self) -> Spread:
        """Return the images per second."""
        return spread([1 / s for s in self.seconds_per_image])

    @property
    def gflops(self) -> float:
        """Return the useful operations per second, in billions."""
        return 1e-9 * self.flop_per_image * self.images_per_second.median

    def to_dict(self) -> dict[str, Any]:
        """Return everything as a dict for JSON."""
        return {
            "contestant": self.job.implementation,
            "job": asdict(self.job),
            "device": self.device,
            "seconds_per_batch": asdict(self.seconds),
            "images_per_second": asdict(self.images_per_second),
            "speedup": None if self.speedup is None else asdict(self.speedup),
            "gflop_per_image": 1e-9 * self.flop_per_image,
            "gflops": self.gflops,
            "memory_mib": self.memory_mib,
            "gpu_memory_mib": self.gpu_memory_mib,
            "trials": list(self.trials),
            "repeats_in_a_turn": self.repeats,
            "seconds_per_image": list(self.seconds_per_image),
        }


def contest(jobs: Sequence[Job], pairs: int, say: Say) -> list[Result]:
    """Time the same task of several implementations, alternating: A B A B ...

    Parameters
    ----------
    jobs : sequence of Job
        One per implementation; the last one is the baseline.
    pairs : int
        Turns per implementation.
    say : callable
        Called with progress messages.

    Returns
    -------
    list of Result, in the order of the jobs
    """
    turns: list[list[float]] = [[] for _ in jobs]
    with ExitStack() as stack:
        workers, repeats, facts = [], [], []
        for job in jobs:
            doing = "trying its settings" if job.implementation == "torch" else "warming up"
            say(f"{job.implementation} {job.task}: {doing}")
            worker = stack.enter_context(WorkerProcess(job.implementation, job.threads))
            facts.append(worker.ask("setup", job=asdict(job)))
            repeats.append(worker.ask("warm_up", least_seconds=TURN_SECONDS))
            workers.append(worker)
        for pair in range(pairs):
            say(f"{jobs[0].task}: turn {pair + 1} of {pairs}")
            for worker, count, seconds in zip(workers, repeats, turns, strict=True):
                time.sleep(REST_SECONDS)
                seconds.append(worker.ask("time", repeats=count))
        memory = [worker.ask("memory") for worker in workers]
        gpu_memory = [worker.ask("gpu_memory") for worker in workers]
    return [
        Result(
            seconds_per_image=tuple(turns[i]),
            repeats=repeats[i],
            memory_mib=memory[i],
            gpu_memory_mib=gpu_memory[i],
            speedup=None if i == len(jobs) - 1 else speedup(turns[i], turns[-1]),
            job=Job(**facts[i].pop("job")),
            trials=tuple(facts[i].pop("trials")),
            **facts[i],
        )
        for i in range(len(jobs))
    ]
