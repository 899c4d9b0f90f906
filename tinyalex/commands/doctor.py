"""`tinyalex doctor`: checks the installation, the machine, and every kernel and layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from tinyalex.commands.console import DataRootOption, JsonOption, Output, QuietOption, plain_table
from tinyalex.errors import unknown

if TYPE_CHECKING:
    from tinyalex.check.doctor import Check, Finding

FAILED = 1
NAMES = ("cuda", "numba", "numpy")
STYLES = {"red": "bold red", "warning": "yellow", "ok": "green"}


def doctor(
    backend: Annotated[
        list[str] | None,
        typer.Option(help="numpy, numba or cuda; repeat for several. Default: those of the CPU."),
    ] = None,
    data_root: DataRootOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check this machine, and compare every kernel and every layer with NumPy.

    Exit code: 0 if everything is right, 1 if something is red, 2 for wrong options.

    [bold]Examples[/]
    tinyalex doctor
    tinyalex doctor --backend cuda
    tinyalex doctor --json
    """
    for name in backend or ():
        if name not in NAMES:
            raise unknown("backend", name, NAMES)
    from tinyalex.check.doctor import examine

    out = Output(as_json, quiet)
    with out.status() as say:
        report = examine(list(dict.fromkeys(backend or ())), data_root, say)
    _print_findings(out, report.findings)
    for name in dict.fromkeys(check.backend for check in report.checks):
        _print_checks(out, name, [check for check in report.checks if check.backend == name])
    out.text()
    red, warnings = len(report.red), len(report.warnings)
    checked = f"{len(report.checks)} checks" if report.checks else "no checks"
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
