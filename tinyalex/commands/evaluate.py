"""`tinyalex evaluate`: the test error of trained networks."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from tinyalex.commands import complete
from tinyalex.commands.console import Output, cell, percent, plain_table
from tinyalex.commands.options import (
    OUTPUT,
    BackendOption,
    BatchSizeOption,
    CropsOption,
    DataRootOption,
    JsonOption,
    PrecisionOption,
    QuietOption,
    ThreadsOption,
    renamed,
)
from tinyalex.commands.workers import WorkersOption, start_workers, together
from tinyalex.errors import ConfigError
from tinyalex.outside import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN_CONFUSIONS = 5
ENSEMBLES = "Ensembles"
RENAMED = renamed(search_weights="search_coefficients", weights_from="coefficients_from")
LONGEST_NAME = 200  # bytes of runs' names in a file's name, which may have 255


def evaluate(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of runs; of several, the probabilities are averaged.",
            autocompletion=complete.runs,
        ),
    ],
    data: Annotated[
        str | None,
        typer.Option(
            help="digits, moved-digits, cifar10 or a folder. Default: the run's data.",
            autocompletion=complete.data,
        ),
    ] = None,
    crops: CropsOption = "1",
    invert: Annotated[
        bool, typer.Option("--invert", help="Swap light and dark, for networks of grey images.")
    ] = False,
    data_root: DataRootOption = None,
    search_coefficients: Annotated[
        bool,
        typer.Option(
            "--search-coefficients",
            help="Search for the best coefficient of each run on a part of the images; test on the "
            "others.",
            rich_help_panel=ENSEMBLES,
        ),
    ] = False,
    search_on: Annotated[
        float | None,
        typer.Option(
            help="With --search-coefficients: share of the images to search on. Default: 0.5.",
            rich_help_panel=ENSEMBLES,
        ),
    ] = None,
    coefficients_from: Annotated[
        Path | None,
        typer.Option(
            help="Use the coefficients of an earlier search on other data: its JSON file.",
            rich_help_panel=ENSEMBLES,
        ),
    ] = None,
    backend: BackendOption = "auto",
    threads: ThreadsOption = None,
    batch_size: BatchSizeOption = None,
    precision: PrecisionOption = None,
    workers: WorkersOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            rich_help_panel=OUTPUT,
            help="JSON file to write. Default: evaluation.json in the run's folder; for runs A and "
            "B, evaluation-A+B.json next to A; for other data, with the data's name and "
            "fingerprint.",
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure the test error of one run, or of several as an ensemble.

    [bold]Examples[/]
    tinyalex evaluate runs/tiny-digits-seed0
    tinyalex evaluate runs/cifar-80sec-cifar10-seed0 --crops 10
    tinyalex evaluate runs/a runs/b runs/c --json
    tinyalex evaluate runs/a runs/b runs/c --crops 10 --search-coefficients
    tinyalex evaluate runs/star --crops 10 --workers 4
    """
    from tinyalex import data as datasets
    from tinyalex import evaluation
    from tinyalex.files import write_json
    from tinyalex.training.gpus import choose_gpu

    start_workers(workers)
    output = Output(as_json, quiet)
    with together(workers) as group:
        choose_gpu(group, backend)
        data = None if data is None else datasets.choose(data)
        if data is None or out is not None:
            _refuse_same(_file_of(runs) if out is None else out, coefficients_from)
        if search_on is not None and not search_coefficients:
            raise ConfigError(
                "--search-on needs --search-coefficients", "add --search-coefficients"
            )
        result = evaluation.evaluate(
            runs,
            data,
            data_root,
            crops=int(crops),
            backend=backend,
            threads=threads,
            batch_size=128 if batch_size is None else batch_size,
            precision=precision,
            search_on=(0.5 if search_on is None else search_on) if search_coefficients else None,
            coefficients_from=coefficients_from,
            invert=invert,
            group=group,
        )
    if not group.leads:
        return
    path = _file_of(runs, _of_other_data(runs[0], data, result)) if out is None else out
    _refuse_same(path, coefficients_from)
    write_json(path, result)

    per_image = {1: "the centre crop", 9: "nine crops", 10: "ten crops"}
    output.text(f"{result['n']:,} test images, {per_image[int(crops)]} of each")
    if search_coefficients:
        output.text(f"coefficients searched on {result['search']['n']:,} other images")
    output.text()
    output.table(_error_table(result))
    for text in result["warnings"]:
        output.warning(text)
    _print_confusions(output, result["confusion_pairs"], result["classes"])
    output.text()
    output.text(f"written to {path}")
    output.result(result, short=f"{result['top1_error']:.6f} {result['top5_error']:.6f}")


def _refuse_same(path: Path, searched: Path | None) -> None:
    if searched is not None and path.resolve() == searched.resolve():
        raise ConfigError(
            f"{path}: would replace the file of --coefficients-from", "--out with another file"
        )


def _of_other_data(run: Path, data: str | None, result: dict[str, Any]) -> str:
    """The part of a file's name for data other than the run's own; "" for its own."""
    from tinyalex.data import expand
    from tinyalex.runs.config import read_config

    fingerprint = result["data_fingerprint"]
    if data is None or fingerprint == read_config(run).facts.get("data_fingerprint"):
        return ""
    return f"{expand(data).resolve().name}-{fingerprint[:8]}"


def _file_of(runs: Sequence[Path], other_data: str = "") -> Path:
    """The default file: evaluation.json for one run on its own data, else a name that says what."""
    if len(runs) == 1:
        folder, names, short = runs[0], other_data, "other-data"
    else:
        folder, short = runs[0].resolve().parent, f"{len(runs)}-runs"
        names = "+".join(run.resolve().name for run in runs)
        names += f"-{other_data}" if other_data else ""
    in_bytes = os.fsencode(names)
    if len(in_bytes) > LONGEST_NAME:
        names = f"{short}-{sha256(in_bytes).hexdigest()[:8]}"
    return folder / (f"evaluation-{names}.json" if names else "evaluation.json")


def _error_table(result: dict[str, Any]) -> Table:
    """One line per run, and lines for all runs together."""
    coefficients = result.get("coefficients")
    extra = [] if coefficients is None else ["coefficient"]
    ranks = (1, 5) if len(result["classes"]) > 5 else (1,)  # with five classes, the top 5 are all
    titles = [f"top-{k} error" for k in ranks]
    table = plain_table("run", *titles, *extra, left=["run"])

    def add(name: str, errors: dict[str, Any], coefficient: str = "", style: str = "") -> None:
        cells = [percent(errors[f"top{k}_error"]) for k in ranks]
        table.add_row(cell(name), *cells, *([coefficient] if extra else []), style=style or None)

    for i, each in enumerate(result["runs"]):
        add(str(each["run"]), each, "" if coefficients is None else f"{coefficients[i]:.3f}")
    n = len(result["runs"])
    if coefficients is not None:
        add(f"all {n}, equal coefficients", result["equal_weights"])
        add(f"all {n}, these coefficients", result, style="bold")
    elif n > 1:
        add(f"all {n} together", result, style="bold")
    return table


def _print_confusions(
    output: Output, pairs: Sequence[Sequence[int]], classes: Sequence[str]
) -> None:
    """Print the most frequent mistakes."""
    mistakes = [pair for pair in pairs if pair[0] != pair[1]]
    if mistakes:
        output.text()
        output.text("Most frequent mistakes:")
    for true, predicted, count in mistakes[:SHOWN_CONFUSIONS]:
        output.text(f"  {shown(classes[true])} predicted as {shown(classes[predicted])}: {count}")
