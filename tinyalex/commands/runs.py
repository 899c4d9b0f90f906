"""`tinyalex runs`: a table of runs, the best one first."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from tinyalex.commands.console import Output, cell, duration, percent, plain_table
from tinyalex.commands.options import JsonOption, QuietOption
from tinyalex.errors import RunError, unknown
from tinyalex.outside import shown

if TYPE_CHECKING:
    from tinyalex.runs.listing import Listed

# What a narrow terminal goes without, one after the other.
_LEFT_OUT = ("date", "time", "images/s", "data", "ten crops", "model", "notes")
_TEXT = ("run", "data", "model", "state", "notes")
_NARROWEST_NOTES = 16


def _last_if_unknown(value: float | None) -> float:
    return math.inf if value is None else value


SORTS: dict[str, Callable[[Listed], Any]] = {
    "error": lambda run: _last_if_unknown(run.test_error),
    "ten-crops": lambda run: _last_if_unknown(run.ten_crop_error),
    "time": lambda run: _last_if_unknown(run.seconds),
    "speed": lambda run: -(run.images_per_second or 0),
    "epochs": lambda run: -(run.epochs or 0),
    "date": lambda run: -(run.saved or 0),
    "data": lambda run: (run.data or "\uffff", _last_if_unknown(run.test_error)),
    "model": lambda run: (run.model or "\uffff", _last_if_unknown(run.test_error)),
    "name": lambda run: str(run.folder),
}


def runs(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders of runs, or runs. Default: runs.")
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            metavar=f"[{'|'.join(SORTS)}]",
            help="What the runs are sorted by; the best, fastest or latest comes first.",
            autocompletion=lambda incomplete: [s for s in SORTS if s.startswith(incomplete)],
        ),
    ] = "error",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """List runs: data, model, epochs, test error, speed, state, changed numbers.

    A single run is shown with its recipe, each number with its source.

    [bold]Examples[/]
    tinyalex runs
    tinyalex runs runs/ reproduced/ --sort time
    tinyalex runs runs/tiny-digits-seed0
    tinyalex evaluate $(tinyalex runs --quiet | head -1)
    """
    from tinyalex.runs.listing import glance

    output = Output(as_json, quiet)
    if sort not in SORTS:
        raise unknown("order", sort, SORTS)
    given = folders or [Path("runs")]
    found = sorted((glance(folder) for folder in _found(given)), key=SORTS["name"])
    found.sort(key=SORTS[sort])
    _print_table(output, found)
    if len(found) == 1 and found[0].folder == given[0]:
        _print_recipe(output, found[0])
    names = "\n".join(str(run.folder) for run in found)
    output.result([run.to_dict() for run in found], short=names)


def _found(folders: list[Path]) -> list[Path]:
    """The runs in the folders, each once; at least one."""
    from tinyalex.runs.listing import find

    for folder in folders:
        if not folder.exists():
            raise RunError(f"{folder}: no such folder", "a folder that `tinyalex train` wrote into")
    found = {os.path.realpath(run): run for folder in folders for run in find(folder)}
    if not found:
        where = ", ".join(str(folder) for folder in folders)
        raise RunError(f"{where}: no runs in it", "`tinyalex train` writes one into runs/")
    return list(found.values())


def _print_table(output: Output, found: list[Listed]) -> None:
    console = output.console
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = 10_000  # one line per run for the program that reads them
    rows = [_row(run) for run in found]
    kept, left_out = _columns(rows, console)
    table = plain_table(*kept, left=_TEXT)
    for row in rows:
        table.add_row(*(cell(row[name]) for name in kept))
    output.table(table)
    for run in found if "notes" in left_out else []:
        if run.reason:
            output.text(f"{run.folder}: {run.reason}")
    if left_out:
        output.text()
        output.text(f"not shown for lack of room: {', '.join(left_out)} (--json has all)")


def _row(run: Listed) -> dict[str, str]:
    """The cells of a run by column; empty if unknown."""
    row = {
        "run": str(run.folder),
        "data": run.data or "",
        "model": run.model or "",
        "epochs": "" if run.epochs is None else f"{run.epochs}/{run.planned}",
        "test error": "" if run.test_error is None else percent(run.test_error),
        "ten crops": "" if run.ten_crop_error is None else percent(run.ten_crop_error),
        "images/s": "" if run.images_per_second is None else f"{run.images_per_second:,.0f}",
        "time": "" if run.seconds is None else duration(run.seconds),
        "state": run.state,
        "date": "" if run.saved is None else time.strftime(_DATE, time.localtime(run.saved)),
        "notes": run.reason or ", ".join(f"{n}={_short(v)}" for n, v in run.changed.items()),
    }
    return {name: shown(text) for name, text in row.items()}


_DATE = "%Y-%m-%d %H:%M"


def _short(value: Any) -> str:
    if isinstance(value, Mapping):  # a schedule
        rest = "".join(f" {name} {_short(each)}" for name, each in value.items() if name != "kind")
        return f"{value.get('kind', '')}{rest}"
    if isinstance(value, list | tuple):
        return " ".join(map(_short, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _columns(rows: list[dict[str, str]], console: Console) -> tuple[list[str], list[str]]:
    """The columns that say something and have room, and those that would have none."""
    widths = {
        name: max(Text(name).cell_len, *(Text(row[name]).cell_len for row in rows))
        for name in rows[0]
        if any(row[name] for row in rows)
    }
    if "notes" in widths:  # wrapped
        widths["notes"] = min(widths["notes"], _NARROWEST_NOTES)
    left_out: list[str] = []
    for name in _LEFT_OUT:
        if sum(widths.values()) + len(widths) - 1 <= console.width:
            break
        if widths.pop(name, None) is not None:
            left_out.append(name)
    return list(widths), left_out


def _print_recipe(output: Output, run: Listed) -> None:
    from tinyalex.commands.show import recipe_table
    from tinyalex.runs.config import read_config
    from tinyalex.runs.listing import DAMAGED

    if run.state != DAMAGED:
        recipe = read_config(run.folder).recipe
        output.text(f"\nrecipe {recipe.name} for the model {recipe.model}", style="bold")
        output.text()
        output.table(recipe_table(recipe))
