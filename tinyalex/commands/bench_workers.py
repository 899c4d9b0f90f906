"""`tinyalex bench --workers`: training by several workers, compared with one."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from tinyalex.commands.bench_plan import BATCH, Plan, print_table
from tinyalex.commands.console import Output, command_line
from tinyalex.commands.workers import together
from tinyalex.errors import ConfigError

if TYPE_CHECKING:
    from tinyalex.check.bench import Job


def bench_workers(
    out: Output,
    workers: Sequence[int],
    backend: str,
    threads: int | None,
    steps: int,
    plans: Callable[[], list[Plan]],
) -> None:
    """Time steps with each number of workers, or with those that MPI has started.

    ``threads`` are those of one worker. By default all numbers of workers get as many each: the
    cores divided by the largest number. ``plans`` is called when each worker has its GPU.
    """
    from tinyalex.check import bench as benchmark
    from tinyalex.check.bench import scaling, tables
    from tinyalex.data.read_ahead import usable_cores
    from tinyalex.group.world import started_by_mpi
    from tinyalex.training.gpus import choose_gpu

    cores, most = usable_cores(), max(workers)
    if started_by_mpi():
        with together(most) as group:
            choose_gpu(group, backend)
            job = _one(plans(), most)
            job = replace(job, threads=threads or group.share_of(cores) or cores)
            results = [scaling.measure(group, job, steps)]
        if not group.leads:
            return
    else:
        job = replace(_one(plans(), most), threads=threads or max(1, cores // most))
        with out.status() as say:
            measured = [_launched(n, job, steps, say) for n in sorted({1, *workers})]
        results = scaling.with_efficiency(measured)
        if most * job.threads > cores:
            out.warning(f"{most} workers of {job.threads} threads share {cores} cores")
    machine = benchmark.describe(job.threads, command_line(*sys.argv[1:]))
    for line in tables.header(machine, []):
        out.text(line)
    title = f"{job.model}, {Plan([job], False).title}, {job.implementation}"
    out.text(f"\n{title}, median (quartiles) of {steps} training steps each")
    print_table(out, tables.workers_table(results))
    out.text("times as fast, efficiency: compared with one worker of as many threads")
    out.text("waiting: share of a step in which a worker waits for the sums of the gradients")
    short = (f"{r['workers']} {r['images_per_second']['median']:.1f}" for r in results)
    document = {"machine": machine, "model": job.model, "results": results}
    out.result(document, short="\n".join(short))


def _launched(workers: int, job: Job, steps: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The result of workers that are started for it, by this command under MPI."""
    from tinyalex.group.launch import launch

    say(f"{workers} workers")
    options = {
        "workers": workers,
        "model": job.model,
        "backend": job.implementation,
        "batch-size": job.batch_size,
        "threads": job.threads,
        "precision": job.precision,
        "workspace-mb": job.workspace_mb,
        "pairs": steps,
    }
    words = [f"--{name}={value}" for name, value in options.items() if value is not None]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = launch(workers, ["bench", *words, "--json", "--quiet"])
    if code:
        raise typer.Exit(code)
    result: dict[str, Any] = json.loads(printed.getvalue())["results"][0]
    return result


def _one(plans: Sequence[Plan], workers: int) -> Job:
    """The only job; refuse several, and batches without an image for each worker."""
    jobs = [job for plan in plans for job in plan.jobs]
    if len(jobs) > 1:
        text = "--workers needs one --backend, one --batch-size and one --precision"
        raise ConfigError(text, f"--backend numba --batch-size {BATCH}")
    if jobs[0].batch_size < workers:
        raise ConfigError(
            f"--batch-size {jobs[0].batch_size} is less than {workers} workers",
            f"--batch-size {workers}: all workers together",
        )
    return jobs[0]


def refuse(what: str, options: Mapping[str, object]) -> None:
    """Refuse options that do not go with --workers."""
    options = {**options, f"--what {what}": what not in ("all", "train")}
    for name, given in options.items():
        if given:
            text = f"--workers times training steps; {name} is not for it"
            raise ConfigError(text, f"leave out {name}")
