"""`tinyalex bench`: speed, compared with PyTorch or another backend, also by layer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tinyalex.commands import complete
from tinyalex.commands.bench_plan import BATCH, Plan, check, plans, print_table
from tinyalex.commands.bench_workers import bench_workers, refuse
from tinyalex.commands.console import Output, command_line
from tinyalex.commands.options import (
    COMPUTING,
    OUTPUT,
    Backends,
    BackendsOption,
    JsonOption,
    Precisions,
    QuietOption,
    ThreadsOption,
    WorkspaceOption,
)

if TYPE_CHECKING:
    from tinyalex.check.bench import Result

MEMORY_NOTE = "peak MiB: highest memory use while working, without that of the imports"
GPU_MEMORY_NOTE = "GPU MiB: highest size of an implementation's memory pool"


def bench(
    model: Annotated[
        str, typer.Option(help="See `tinyalex model`.", autocompletion=complete.models)
    ] = "alexnet",
    what: Annotated[
        Literal["train", "infer", "data", "epoch", "all"],
        typer.Option(help="all: train, infer and data. epoch: training with data loading."),
    ] = "all",
    compare: Annotated[
        Literal["torch"] | None, typer.Option(help="Compare with the same network in PyTorch.")
    ] = None,
    pairs: Annotated[int, typer.Option(min=1, help="Repetitions per implementation.")] = 10,
    layers: Annotated[
        bool, typer.Option("--layers", help="Also time each layer of a training step.")
    ] = False,
    roofline: Annotated[
        Path | None,
        typer.Option(help="File for a roofline plot of the layers (PNG).", rich_help_panel=OUTPUT),
    ] = None,
    sweep: Annotated[
        Literal["batch", "threads", "size"] | None,
        typer.Option(help="Vary the batch size, the threads or the image size instead."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="File for a plot of the sweep (PNG).", rich_help_panel=OUTPUT),
    ] = None,
    backend: BackendsOption = None,
    threads: ThreadsOption = None,
    batch_size: Annotated[
        list[int] | None,
        typer.Option(
            "--batch-size",
            "-b",
            min=1,
            help="Batch size; repeat for several. Default: 128; with cuda also 1024.",
            rich_help_panel=COMPUTING,
        ),
    ] = None,
    precision: Annotated[
        list[Precisions] | None,
        typer.Option(
            help="Precision; repeat for several. tf32 only on a GPU. Default: on a GPU all, else "
            "float32; of PyTorch also bf16 (bfloat16).",
            rich_help_panel=COMPUTING,
        ),
    ] = None,
    workspace_mb: WorkspaceOption = None,
    no_compile: Annotated[
        bool,
        typer.Option(
            "--no-compile",
            help="Leave out torch.compile, which takes minutes.",
            rich_help_panel=COMPUTING,
        ),
    ] = False,
    no_overlap: Annotated[
        bool,
        typer.Option(
            "--no-overlap",
            help="cuda: do not copy batches while the GPU computes.",
            rich_help_panel=COMPUTING,
        ),
    ] = False,
    workers: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            help="Time training by so many workers; repeat for several.",
            rich_help_panel=COMPUTING,
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure the speed of training, inference and data loading; implementations alternate.

    Times are medians with quartiles; ratios are taken within each repetition.
    The last implementation (torch, if compared) is the baseline.

    [bold]Examples[/]
    tinyalex bench --model tiny
    tinyalex bench --compare torch --what train
    tinyalex bench --backend numba --backend numpy --layers
    tinyalex bench --layers --roofline roofline.png --pairs 3
    tinyalex bench --sweep batch --plot batch.png
    tinyalex bench --backend cuda --compare torch --layers
    tinyalex bench --backend cuda --what epoch --no-overlap
    tinyalex bench --workers 2 --workers 4
    """
    from tinyalex.check import bench as benchmark
    from tinyalex.check.bench import tables

    tasks = [what]
    check(roofline, sweep, plot, tasks, compare)
    names = [str(name) for name in backend or [Backends.auto]]
    sizes = tuple(batch_size or ((BATCH,) if workers else ()))
    rounding = tuple(map(str, precision or (benchmark.PRECISIONS[:1] if workers else ())))
    planned = partial(
        plans,
        model,
        names,
        compare,
        threads,
        sizes,
        rounding,
        workspace_mb,
        overlap=not no_overlap,
        compile=not no_compile,
    )
    out = Output(as_json, quiet)
    if workers:
        others = {
            "--compare": compare,
            "--layers": layers,
            "--roofline": roofline,
            "--sweep": sweep,
        }
        refuse(what, others | {"--no-overlap": no_overlap})
        bench_workers(out, workers, names[0], threads, pairs, planned)
        return
    settings = planned()
    if sweep is not None:
        settings = settings[:1]
    first = settings[0].jobs[0]
    with out.status() as say:
        machine = benchmark.describe(first.threads, command_line(*sys.argv[1:]))
        say("measuring the machine's peak performance")
        peaks = {
            job.precision: benchmark.peaks(job)
            for job in {plan.precision: plan.jobs[0] for plan in settings}.values()
        }
        for line in tables.header(machine, list(peaks.values())):
            out.text(line)
        document: dict[str, Any] = {"machine": machine, "model": model}
        document["peaks"] = peaks[first.precision]
        document["peaks_by_precision"] = peaks
        results: list[Result] = []
        if sweep is not None:
            jobs = settings[0].jobs
            results, document["skipped"] = benchmark.sweep(sweep, jobs, pairs, say)
            say("")
            out.text(f"\n{model} by {sweep}, median (quartiles) of {pairs} runs each")
            print_table(out, tables.sweep_table(sweep, results))
            if plot is not None:
                _plot(sweep, results, plot, model)
                out.text(f"picture   {plot}")
        else:
            wanted = benchmark.TASKS if what == "all" else tasks
            for plan in settings:
                measured, skipped = _measure(
                    plan, plan.tasks(wanted), pairs, say, len(settings) > 1
                )
                say("")
                title = f"{model}, {plan.title}, median (quartiles) of {pairs} runs each"
                out.text(f"\n{title}")
                print_table(
                    out, tables.results_table(measured, peaks[plan.precision]["gemm_gflops"])
                )
                for line in [*tables.settings_lines(measured), *skipped]:
                    out.text(line)
                results += measured
                document.setdefault("skipped", []).extend(skipped)
        out.text(MEMORY_NOTE if first.implementation != "cuda" else GPU_MEMORY_NOTE)
        if layers or roofline is not None:
            document["layers"] = {}
            for plan in settings:
                if plan.jobs[-1].precision != plan.precision:
                    continue  # layers are compared in the same precision
                for name, rows in _layers(out, say, plan, pairs, peaks[plan.precision]).items():
                    key = name if len(settings) == 1 else f"{name}, {plan.title}"
                    document["layers"][key] = rows
        if roofline is not None:
            from tinyalex.report.roofline import roofline as draw

            title = (
                f"{model}, {settings[0].title}, {first.implementation}: layers of a training step"
            )
            rows = next(iter(document["layers"].values()))
            peak, copy = (peaks[first.precision][key] for key in ("gemm_gflops", "copy_gb_per_s"))
            draw(rows, peak, copy, roofline, title)
            out.text(f"picture   {roofline}")
    document["results"] = [result.to_dict() for result in results]
    out.result(document, short="\n".join(_short(result) for result in results))


def _measure(
    plan: Plan, tasks: list[str], pairs: int, say: Callable[[str], None], may_skip: bool
) -> tuple[list[Result], list[str]]:
    """Results of a plan's tasks, and a line for each task that did not fit into memory."""
    from tinyalex.check import bench as benchmark

    results: list[Result] = []
    skipped = []
    for task in tasks:
        try:
            results += benchmark.contest([replace(job, task=task) for job in plan.jobs], pairs, say)
        except MemoryError as error:
            if not may_skip:
                raise
            skipped.append(f"left out: {plan.title}, {task}: {error}")
    return results, skipped


def _layers(
    out: Output, say: Callable[[str], None], plan: Plan, pairs: int, peaks: dict[str, Any]
) -> dict[str, list[dict[str, Any]]]:
    """Time and print the layers of every implementation."""
    from tinyalex.check import bench as benchmark
    from tinyalex.check.bench import tables

    by_implementation = {}
    for job in plan.jobs:
        say(f"measuring the layers of {job.implementation}")
        by_implementation[job.implementation] = benchmark.layers(job, pairs)
    say("")
    theirs = by_implementation.get("torch")
    for name, rows in by_implementation.items():
        if name != "torch":
            out.text(f"\n{name}, {plan.title}, a training step by layer, median of {pairs}")
            ceilings = peaks["gemm_gflops"], peaks["copy_gb_per_s"]
            print_table(out, tables.layers_table(rows, theirs, *ceilings))
    out.text("MB: an estimate; each input, output and weight is moved once")
    if theirs:
        out.text("torch: each layer alone, on noise; without loss and optimizer")
    return by_implementation


def _plot(kind: str, results: list[Result], path: Path, model: str) -> None:
    from tinyalex.check.bench.sizes import swept_value
    from tinyalex.report.roofline import growth

    points: dict[str, dict[int, list[Any]]] = {}
    for result in results:
        own = points.setdefault(result.job.implementation, {})
        point = own.setdefault(swept_value(kind, result.job), [float("nan"), float("nan"), None])
        if result.job.task == "train":
            point[0], point[2] = result.images_per_second.median, result.memory_mib
        else:
            point[1] = result.images_per_second.median
    series = {
        name: [(value, *point) for value, point in sorted(own.items())]
        for name, own in points.items()
    }
    growth(kind, series, path, f"{model} by {kind}")


def _short(result: Result) -> str:
    ratio = "" if result.speedup is None else f" {result.speedup.median:.3f}"
    job = result.job
    return f"{job.task} {job.implementation} {result.images_per_second.median:.1f}{ratio}"
