"""`tinyalex bench`: how fast, against PyTorch or another backend, and where the time goes."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinyalex.commands.console import (
    JsonOption,
    Output,
    QuietOption,
    command_line,
    plain_table,
)
from tinyalex.errors import ConfigError, unknown

if TYPE_CHECKING:
    from tinyalex.check.bench import Job, Result
    from tinyalex.check.bench.tables import TextTable


def bench(
    model: Annotated[str, typer.Option(help="See `tinyalex model`.")] = "alexnet",
    batch_size: Annotated[int, typer.Option(help="Images a batch.")] = 128,
    backend: Annotated[
        list[str] | None,
        typer.Option(help="numpy, numba, cuda or auto (default); may be given several times."),
    ] = None,
    compare: Annotated[
        str | None, typer.Option(help="torch: PyTorch runs the same network in turns with ours.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads. Default: all cores.")] = None,
    what: Annotated[str, typer.Option(help="train, infer, data or all.")] = "all",
    pairs: Annotated[int, typer.Option(help="Turns of each contestant.")] = 10,
    layers: Annotated[
        bool, typer.Option("--layers", help="Also time each layer of a training step.")
    ] = False,
    roofline: Annotated[
        Path | None, typer.Option(help="Draw the layers under the machine's ceilings (PNG).")
    ] = None,
    sweep: Annotated[
        str | None, typer.Option(help="Measure over batch, threads or size instead.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the sweep (PNG).")] = None,
    precision: Annotated[
        str, typer.Option(help="float32 or tf32: PyTorch's products on a GPU.")
    ] = "float32",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure training, inference and data loading; contestants take turns.

    Times are medians with quartiles; a ratio is taken within each pair of turns.
    The last contestant (torch, if compared) is what the others are measured by.

    [bold]Examples[/]
    tinyalex bench --model tiny
    tinyalex bench --compare torch --what train
    tinyalex bench --backend numba --backend numpy --layers
    tinyalex bench --layers --roofline roofline.png --pairs 3
    tinyalex bench --sweep batch --plot batch.png
    """
    from tinyalex.check import bench as benchmark
    from tinyalex.check.bench import tables

    tasks = _one_of("--what", what, (*benchmark.TASKS, "all"))
    jobs = _jobs(model, batch_size, backend, compare, threads, precision)
    _check(pairs, roofline, sweep, plot)
    if sweep is not None:
        _one_of("--sweep", sweep, benchmark.KINDS)
    out = Output(as_json, quiet)
    ours = [job for job in jobs if job.contestant != "torch"]
    with Progress(out) as say:
        machine = benchmark.describe(jobs[0].threads, command_line(*sys.argv[1:]))
        say("measuring what the machine can do at most")
        peaks = benchmark.peaks(ours[0].contestant, jobs[0].threads)
        peak = peaks["gemm_gflops"]
        for line in tables.header(machine, peaks):
            out.text(line)
        document: dict[str, Any] = {"machine": machine, "peaks": peaks, "model": model}
        results: list[Result] = []
        if sweep is not None:
            results, document["skipped"] = benchmark.sweep(sweep, jobs, pairs, say)
            say("")
            out.text(f"\n{model} over {sweep}, median (quartiles) of {pairs} turns each")
            _print(out, tables.sweep_table(sweep, results))
            if plot is not None:
                _plot(sweep, results, plot, model)
                out.text(f"picture   {plot}")
        else:
            for task in benchmark.TASKS if what == "all" else tasks:
                results += benchmark.contest([replace(j, task=task) for j in jobs], pairs, say)
            say("")
            out.text(f"\n{model}, batch {batch_size}, median (quartiles) of {pairs} turns each")
            _print(out, tables.results_table(results, peak))
            for line in tables.settings_lines(results):
                out.text(line)
        out.text("peak MiB: held at most while working, beyond what it was after the imports")
        if layers or roofline is not None:
            document["layers"] = _layers(out, say, jobs, pairs, peak)
        if roofline is not None:
            from tinyalex.report.roofline import roofline as draw

            contestant = ours[0].contestant
            title = f"{model}, batch {batch_size}, {contestant}: a training step's layers"
            rows = document["layers"][contestant]
            draw(rows, peak, peaks["copy_gb_per_s"], roofline, title)
            out.text(f"picture   {roofline}")
    document["results"] = [result.to_dict() for result in results]
    out.result(document, short="\n".join(_short(result) for result in results))


class Progress:
    """A line on the terminal that says what is going on; none where nobody watches."""

    def __init__(self, out: Output) -> None:
        self._status = out.console.status("") if not out.quiet else None
        self._shown = self._status is not None and out.console.is_terminal

    def __enter__(self) -> Progress:
        return self

    def __call__(self, line: str) -> None:
        """Show ``line`` in place of the one before; an empty one clears it."""
        if self._status is None or not self._shown:
            return
        if line:
            self._status.update(line)
            self._status.start()
        else:
            self._status.stop()

    def __exit__(self, *error: object) -> None:
        if self._status is not None:
            self._status.stop()


def _jobs(
    model: str,
    batch_size: int,
    names: list[str] | None,
    compare: str | None,
    threads: int | None,
    precision: str,
) -> list[Job]:
    """One job a contestant, PyTorch last; what cannot run is refused before anything starts."""
    from tinyalex import backends, models
    from tinyalex.check.bench import PRECISIONS, Job
    from tinyalex.check.bench.torch_net import import_torch

    models.spec(model)
    _one_of("--precision", precision, PRECISIONS)
    if batch_size < 1:
        raise ConfigError(f"batch size must be at least 1 (got {batch_size})", "--batch-size 128")
    count = backends.get("numpy", threads=threads).threads
    chosen = list(dict.fromkeys(backends.get(name).name for name in names or ["auto"]))
    if compare is not None:
        _one_of("--compare", compare, ("torch",))
        import_torch()
    device = "cuda" if "cuda" in chosen else "cpu"
    return [
        Job(each, model, "train", batch_size, count, device=device, precision=precision)
        for each in [*chosen, *([compare] if compare else [])]
    ]


def _check(pairs: int, roofline: Path | None, sweep: str | None, plot: Path | None) -> None:
    if pairs < 1:
        raise ConfigError(f"pairs must be at least 1 (got {pairs})", "--pairs 10")
    if plot is not None and sweep is None:
        raise ConfigError("--plot draws a sweep, and none is asked for", "--sweep batch")
    for option, path in (("--roofline", roofline), ("--plot", plot)):
        if path is not None and not path.absolute().parent.is_dir():
            raise ConfigError(f"{option}: the folder {path.parent} does not exist")


def _one_of(option: str, value: str, known: tuple[str, ...]) -> list[str]:
    if value not in known:
        raise unknown(option, value, known)
    return [value]


def _layers(
    out: Output, say: Progress, jobs: list[Job], pairs: int, peak: float
) -> dict[str, list[dict[str, Any]]]:
    """Time and print the layers of every contestant."""
    from tinyalex.check import bench as benchmark
    from tinyalex.check.bench import tables
    from tinyalex.check.bench.turns import choose_settings

    found = {}
    for job in jobs:
        say(f"{job.contestant}: layer by layer")
        found[job.contestant] = benchmark.layers(choose_settings(job, say), pairs)
    say("")
    theirs = found.get("torch")
    for name, rows in found.items():
        if name != "torch":
            out.text(f"\n{name}, a training step by layer, median of {pairs}")
            _print(out, tables.layers_table(rows, theirs, peak))
    out.text("MB: an estimate, each input, output and weight moved once")
    if theirs:
        out.text("torch: each layer alone, on noise; without loss and optimizer")
    return found


def _plot(kind: str, results: list[Result], path: Path, model: str) -> None:
    from tinyalex.check.bench.sizes import swept_value
    from tinyalex.report.roofline import growth

    points: dict[str, dict[int, list[Any]]] = {}
    for result in results:
        own = points.setdefault(result.job.contestant, {})
        point = own.setdefault(swept_value(kind, result.job), [float("nan"), float("nan"), None])
        if result.job.task == "train":
            point[0], point[2] = result.images_per_second.median, result.memory_mib
        else:
            point[1] = result.images_per_second.median
    series = {
        name: [(value, *point) for value, point in sorted(own.items())]
        for name, own in points.items()
    }
    growth(kind, series, path, f"{model}: how cost grows")


def _print(out: Output, table: TextTable) -> None:
    made = plain_table(*table.headings, left=table.text_columns)
    for row in table.rows:
        made.add_row(*row)
    out.table(made)


def _short(result: Result) -> str:
    ratio = "" if result.speedup is None else f" {result.speedup.median:.3f}"
    job = result.job
    return f"{job.task} {job.contestant} {result.images_per_second.median:.1f}{ratio}"
