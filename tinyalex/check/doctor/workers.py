"""Check the workers of a group: who they are, their sums, and how fast they exchange gradients."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from tinyalex import backends, models
from tinyalex.backends import Array, Backend
from tinyalex.check.bench import Job, Say, ours
from tinyalex.check.bench.scaling import seconds_of_slowest
from tinyalex.check.doctor import gpu
from tinyalex.check.doctor.finding import RED, WARNING, Finding, Report
from tinyalex.data.read_ahead import usable_cores
from tinyalex.group import Group, Shards
from tinyalex.group.world import library, started_by_mpi
from tinyalex.runs.config import versions
from tinyalex.training.gpus import choose_gpu, on_gpus

MODEL, BATCH = "alexnet", 128
SMALL = 1001  # numbers: most numbers of workers do not divide it
TIMES = 3


@dataclass(frozen=True)
class Link:
    """What data-parallel training of AlexNet costs: measured by all workers at once.

    Attributes
    ----------
    workers : their number N
    nbytes : of the gradients, float32
    latency : seconds to add up a few numbers
    sum_seconds : seconds to add up the gradients
    images : those of one worker, of a batch of 128
    step_seconds : seconds of a training step on these images, without communication
    """

    workers: int
    nbytes: int
    latency: float
    sum_seconds: float
    images: int
    step_seconds: float

    @property
    def bandwidth(self) -> float:
        """Bytes per second that each worker sends, while it receives as many.

        In a sum it sends 2 (N - 1) / N times the gradients' bytes: their slices to the other
        workers, then the sum of its own slice to all of them.
        """
        return 2 * (self.workers - 1) / self.workers * self.nbytes / self.sum_seconds

    @property
    def efficiency(self) -> tuple[float, float]:
        """Predicted share of the time in which a worker computes: at least, and at most.

        With t = `step_seconds` and c = `sum_seconds` it is t / (t + c) if backward hides nothing
        of the sum, and t / max(t, c) if it hides all that it can.
        """
        t, c = self.step_seconds, self.sum_seconds
        return t / (t + c), t / max(t, c)

    def to_dict(self) -> dict[str, Any]:
        """Return a dict for JSON: seconds, bytes, bytes per second, shares from 0 to 1."""
        return asdict(self) | {"bandwidth": self.bandwidth, "efficiency": list(self.efficiency)}


@dataclass
class WorkersReport(Report):
    """A report with facts about each worker, by rank, and about the link between them."""

    workers: list[dict[str, Any]] = field(default_factory=list)
    link: Link | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        link = None if self.link is None else self.link.to_dict()
        return super().to_dict() | {"workers": self.workers, "link": link}


def examine_workers(group: Group, name: str, say: Say, threads: int | None = None) -> WorkersReport:
    """Examine the workers; all of them must call this, and all get the same report.

    Parameters
    ----------
    group : Group
    name : str
        The backend that trains.
    say : callable
        Called with progress messages.
    threads : int, optional
        CPU threads per worker. Default: its share of the cores.
    """
    choose_gpu(group, name)
    backend = backends.get(name, threads or group.share_of(usable_cores()))
    group = on_gpus(group, backend)
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    workers = group.gather(
        {
            "host": group.host,
            "mpi": library() if started_by_mpi() else "none",
            "backend": backend.name,
            "threads": backend.threads,
            "cores": sorted(range(os.cpu_count() or 1) if affinity is None else affinity),
            "gpu": gpu.in_use() if backend.name == "cuda" else "",
            "versions": {k: v for k, v in versions().items() if k != "platform"},
        }
    )
    report = WorkersReport([*look_at_same(workers), *look_at_shared(workers)], workers=workers)
    if group.size == 1:
        return report
    size = sum(math.prod(w.shape) for w in models.build(MODEL, init=models.ZEROS).parameters())
    say("adding up")
    latency, *differences = time_sum(group, backend, SMALL)
    sum_seconds, *more = time_sum(group, backend, size)
    report.findings.append(look_at_sums(workers, np.maximum(differences, more).tolist()))
    say(f"training steps of {MODEL}")
    images = -(-BATCH // group.size)
    work = ours.work(Job(backend.name, MODEL, "train", images, backend.threads))
    step_seconds = _median(group, lambda: work.seconds(1))
    report.link = Link(group.size, 4 * size, latency, sum_seconds, images, step_seconds)
    report.findings += look_at_link(report.link, backend.name)
    return report


def look_at_same(workers: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Check that all workers have the same versions, MPI library and backend."""
    facts = [{"MPI": w["mpi"], "backend": w["backend"], **w["versions"]} for w in workers]
    for topic, first in facts[0].items():
        for rank, fact in enumerate(facts):
            if fact[topic] != first:
                here, there = workers[0]["host"], workers[rank]["host"]
                text = f"rank 0 on {here} has {first}, rank {rank} on {there} has {fact[topic]}"
                yield Finding(topic, text, RED, "the same for all workers")
                break
    if len(workers) > 1:
        yield Finding("MPI", f"{facts[0]['MPI']}, {len(workers)} workers")


def look_at_shared(workers: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Check how the workers of each computer share its cores and its GPUs."""
    for host in dict.fromkeys(worker["host"] for worker in workers):
        here = [worker for worker in workers if worker["host"] == host]
        cores = {core for worker in here for core in worker["cores"]}
        threads = [worker["threads"] for worker in here]
        text = f"{host}: workers {len(here)}, threads {sum(threads)}, cores {len(cores)}"
        if sum(threads) > len(cores):
            yield Finding("threads", text, WARNING, "no more workers than cores on a computer")
        elif (each := len(cores) // len(here)) > min(threads):
            yield Finding("threads", text, WARNING, f"--threads {each}")
        else:
            yield Finding("threads", text)
        gpus = [worker["gpu"] for worker in here if worker["gpu"]]
        if len(set(gpus)) < len(gpus):
            text = f"{host}: workers {len(gpus)}, GPUs {len(set(gpus))}"
            yield Finding("GPU", text, WARNING, "no more workers than GPUs on a computer")


def look_at_sums(workers: Sequence[dict[str, Any]], differences: Sequence[float]) -> Finding:
    """Check how much each worker's sums differ from NumPy's."""
    for rank, (worker, difference) in enumerate(zip(workers, differences, strict=True)):
        if difference != 0:  # also where it is not a number
            where = f"the sum on rank {rank} ({worker['host']})"
            text = f"{where} differs from NumPy's by {difference:.1e}"
            return Finding("sum", text, RED, "another MPI library, such as: pip install mpich")
    return Finding("sum", "equals NumPy's to the last bit on every worker")


def look_at_link(link: Link, backend: str) -> Iterator[Finding]:
    """Put the measurements and the prediction into words."""
    yield Finding(
        "link",
        f"{1e3 * link.latency:.3f} ms for a few numbers; {link.nbytes / 1e6:.0f} MB, the "
        f"gradients of {MODEL}, in {link.sum_seconds:.3f} s: {link.bandwidth / 1e9:.2f} GB/s",
    )
    low, high = link.efficiency
    yield Finding(
        "efficiency",
        f"{low:.0%} to {high:.0%} predicted: a step of {MODEL} on {link.images} images takes each "
        f"worker {link.step_seconds:.3f} s ({backend}, measured)",
    )


def time_sum(group: Group, backend: Backend, length: int) -> tuple[float, ...]:
    """Seconds to add up ``length`` numbers, and by rank how much the sum differs from NumPy's."""
    shards = Shards(group.size, group.rank, group.size)
    rng = np.random.default_rng(0)
    values = rng.standard_normal((group.size, SMALL), np.float32)
    part = backend.asarray(np.resize(values[group.rank], length))

    def add() -> Array:
        with group.after(group.queued()):
            total = group.sum([part], shards, group.size)
        group.wait()
        backend.synchronize()
        return total

    seconds = _median(group, add)
    alone = {(rank, rank + 1): value for rank, value in enumerate(values)}
    total = np.asarray(shards.total(alone.get, group.size, np.add))
    expected = np.resize(total, length)
    difference = np.abs(backend.to_host(add()) - expected).max()
    return seconds, *group.gather(float(difference))


def _median(group: Group, work: Callable[[], object]) -> float:
    return float(np.median(seconds_of_slowest(group, work, TIMES)))
