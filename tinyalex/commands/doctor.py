"""`tinyalex doctor`: checks the installation, the machine, and every kernel and layer."""

from __future__ import annotations

from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from tinyalex.commands.console import Output, plain_table, print_error
from tinyalex.commands.options import (
    COMPUTING,
    DataRootOption,
    JsonOption,
    QuietOption,
    ThreadsOption,
)
from tinyalex.commands.workers import WorkersOption, start_workers, together
from tinyalex.errors import ConfigError

if TYPE_CHECKING:
    from tinyalex.check.doctor import Check, Finding, Report

FAILED = 1
Checked = StrEnum("Checked", ["numpy", "numba", "cuda"])
STYLES = {"red": "bold red", "warning": "yellow", "ok": "green"}


def doctor(
    backend: Annotated[
        list[Checked] | None,
        typer.Option(
            help="What to check; repeat for several. Default: those of the CPU.",
            rich_help_panel=COMPUTING,
        ),
    ] = None,
    threads: ThreadsOption = None,
    data_root: DataRootOption = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check this machine, and compare every kernel and every layer with NumPy.

    With --workers, or started by mpiexec or srun, check the workers instead: their cores and
    GPUs, their sums, the speed of the link, and how well AlexNet would train on it.

    Exit code: 0 if everything is right, 1 if something is red, 2 for wrong options.

    [bold]Examples[/]
    tinyalex doctor
    tinyalex doctor --backend cuda
    tinyalex doctor --workers 2
    tinyalex doctor --json
    """
    from tinyalex.check.doctor import examine
    from tinyalex.group.world import started_by_mpi

    out = Output(as_json, quiet)
    names = list(dict.fromkeys(map(str, backend or ())))
    if workers is not None or started_by_mpi():
        _examine_workers(out, workers, names, threads)
        return
    with out.status() as say:
        report = examine(names, data_root, say, threads)
    _print_findings(out, report.findings)
    for name in dict.fromkeys(check.backend for check in report.checks):
        _print_checks(out, name, [check for check in report.checks if check.backend == name])
    _end(out, report, f"{len(report.checks)} checks" if report.checks else "no checks")


def _examine_workers(
    out: Output, workers: int | None, names: list[str], threads: int | None
) -> None:
    """Start the workers, or join them; rank 0 prints what they have found together."""
    from tinyalex.check.doctor import RED, Finding, WorkersReport, examine_workers
    from tinyalex.group import GroupError

    try:
        start_workers(workers)
    except GroupError as missing:
        report = WorkersReport([Finding("MPI", missing.message, RED, missing.hint)])
    else:
        with together(workers) as group, out.status() as say:
            if len(names) > 1:
                text = f"--backend: workers have one (got {len(names)})"
                raise ConfigError(text, f"--backend {names[-1]}")
            report = examine_workers(group, names[0] if names else "auto", say, threads)
        if not group.leads:
            return
        for each in [each for each in report.findings if each.state == RED][:1]:
            print_error(each.text, each.hint)  # also tells what has started us why we fail
    if report.workers:
        _print_workers(out, report.workers)
    _print_findings(out, report.findings)
    number = len(report.workers)
    _end(out, report, f"{number} worker{'' if number == 1 else 's'}")


def _end(out: Output, report: Report, checked: str) -> None:
    """Print the verdict, and exit with 1 if something is red."""
    out.text()
    red, warnings = len(report.red), len(report.warnings)
    verdict = f"all green: {checked}, {warnings} warning{'' if warnings == 1 else 's'}"
    if red:
        verdict = f"{red} red ({checked}), the first: {_in_words(report.red[0])}"
    out.text(verdict, style=STYLES["red" if red else "ok"])
    out.result(report.to_dict(), short=verdict)
    if report.red:
        raise typer.Exit(FAILED)


def _in_words(wrong: Finding | Check) -> str:
    """Describe a problem in one sentence."""
    from tinyalex.check.doctor import Finding

    if isinstance(wrong, Finding):
        return f"{wrong.text}. Try: {wrong.hint}"
    what = wrong.error or f"differs by {wrong.difference:.1e}"
    return f"{wrong.kind} {wrong.name} on backend {wrong.backend}: {what}"


def _print_workers(out: Output, workers: list[dict[str, Any]]) -> None:
    headings = ["rank", "host", "MPI", "backend", "threads", "cores", "GPU"]
    table = plain_table(*headings, left=["host", "MPI", "backend", "cores", "GPU"])
    for rank, each in enumerate(workers):
        texts = each["host"], each["mpi"], each["backend"]
        threads, cores = str(each["threads"]), _ranges(each["cores"])
        table.add_row(str(rank), *map(escape, texts), threads, cores, escape(each["gpu"]))
    out.table(table)
    out.text()


def _ranges(numbers: list[int]) -> str:
    """Ascending numbers in short: ``0-3,8``."""
    runs = [[n for _, n in run] for _, run in groupby(enumerate(numbers), lambda e: e[1] - e[0])]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


def _print_findings(out: Output, findings: list[Finding]) -> None:
    for each in findings:
        mark = {"ok": "ok", "warning": "warn", "red": "RED"}[each.state]
        style = "" if each.state == "ok" else STYLES[each.state]
        out.text(f"{mark:<4}  {each.topic:<10}  {each.text}", style=style)
        if each.hint:
            out.text(f"{'':<18}Try: {each.hint}")


def _print_checks(out: Output, backend: str, checks: list[Check]) -> None:
    headings = ["", "what", "name", "input", "difference", "allowed"]
    table = plain_table(*headings, left=["", "what", "name", "input"])
    for each in checks:
        ok = each.state == "ok"
        difference = f"{each.difference:.1e}" if each.difference < float("inf") else "-"
        cells = each.kind, escape(each.name), each.shape, difference, f"{each.allowed:.0e}"
        table.add_row("ok" if ok else "RED", *cells, style=None if ok else STYLES["red"])
    out.text(f"\n{backend}, compared with NumPy in float64: largest difference / largest value")
    out.table(table)
    for each in checks:
        if each.error:
            out.text(f"RED   {each.name}: {each.error}", style=STYLES["red"])
