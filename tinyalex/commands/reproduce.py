"""`tinyalex reproduce`: reruns one of the paper's claims."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tinyalex.commands import complete
from tinyalex.commands.console import Output, command_line, plain_table
from tinyalex.commands.options import (
    COMPUTING,
    OUTPUT,
    BackendOption,
    DataRootOption,
    JsonOption,
    QuietOption,
    ThreadsOption,
)
from tinyalex.commands.workers import ShardsOption, WorkersOption, start_workers, together
from tinyalex.errors import ConfigError


def reproduce(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Name of an experiment. Default: list them.", autocompletion=complete.experiments
        ),
    ] = None,
    scale: Annotated[
        Literal["laptop", "gpu", "imagenet"],
        typer.Option(
            help="laptop: small networks. gpu: the whole recipes on CIFAR-10. imagenet: the paper's"
            " network."
        ),
    ] = "laptop",
    seeds: Annotated[
        int | None, typer.Option(help="Number of seeds (0, 1, ...). Default: the experiment's.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Data in place of CIFAR-10; for ImageNet a packed folder.",
            autocompletion=complete.data,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs", "-e", min=1, help="Override the recipes' epochs, for a quick try."
        ),
    ] = None,
    data_root: DataRootOption = None,
    backend: BackendOption = "auto",
    threads: ThreadsOption = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            help="Runs to train at the same time. Default: one per core, at most 4.",
            rich_help_panel=COMPUTING,
        ),
    ] = None,
    workers: WorkersOption = None,
    shards: ShardsOption = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="Folder of all experiments and of the runs that they share.",
            rich_help_panel=OUTPUT,
        ),
    ] = Path("reproduced"),
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Rerun one of the paper's claims and compare the results with the paper's.

    Ctrl-C keeps everything; the same command resumes.

    [bold]Examples[/]
    tinyalex reproduce
    tinyalex reproduce fig1
    tinyalex reproduce ablations --seeds 5
    tinyalex reproduce ladder --scale gpu --backend cuda
    tinyalex reproduce ablations --scale imagenet --data packed/ --workers 4
    """
    from tinyalex import reproduce as lab
    from tinyalex.commands.progress import epoch_lines
    from tinyalex.lock import locked

    output = Output(as_json, quiet)
    if name is None:
        _list(output)
        return
    start_workers(workers)
    with together(workers) as group:
        experiment = lab.get(name)
        if scale not in experiment.scales:
            raise ConfigError(f"{name} has no scale {scale}: it uses CIFAR-10", "--scale gpu")
        if scale == "imagenet" and data is None:
            raise ConfigError("--scale imagenet needs packed data", "--data packed/")
        if group.size > 1 and (jobs or 1) > 1:
            raise ConfigError(
                f"--jobs {jobs}: {group.size} workers train one run at a time", "leave out --jobs"
            )
        shards = shards or group.size
        words = ["reproduce", name, "--scale", scale]
        words += [] if seeds is None else ["--seeds", str(seeds)]
        words += [] if data is None else ["--data", data]
        words += [] if epochs is None else ["--epochs", str(epochs)]
        words += [] if shards == 1 else ["--shards", str(shards)]
        command = command_line(*words)
        store = lab.Store(
            out / scale / "runs",
            data_root,
            backend,
            threads,
            partial(epoch_lines, as_json, quiet),
            command,
            1 if group.size > 1 else lab.jobs_for(backend, jobs),
            group,
            shards,
        )
        if not group.leads:
            store.follow()
            return
        chosen = lab.seeds_of(experiment.seeds if seeds is None else seeds)
        settings = lab.Lab(store, scale, chosen, data, epochs, output.text)
        with locked(out / scale / name, "reproduce"):
            result, picture = experiment.run(settings)
            paths = lab.write(result, out / scale / name, settings, command, picture)
        store.dismiss()
    output.text()
    output.page(result.markdown())
    for path in paths:
        output.text(f"written: {path}")
    output.result({"experiment": name, "answer": result.answer, **result.figures}, result.answer)


def _list(output: Output) -> None:
    from tinyalex import reproduce as lab

    left = ("experiment", "compares", "measured time")
    table = plain_table("experiment", "seeds", "compares", "measured time", left=left)
    rows: list[dict[str, Any]] = []
    for name in lab.names():
        experiment = lab.get(name)
        table.add_row(name, str(experiment.seeds), experiment.what, experiment.took or "-")
        row = {"name": name, "seeds": experiment.seeds, "what": experiment.what}
        rows.append(row | {"took": experiment.took, "machine": lab.MACHINE})
    output.table(table)
    output.text()
    output.text(f"Times: {lab.MACHINE} (docs/results/README.md).")
    output.text("before2012, ensemble and tencrop share runs; ablations and towers do, too.")
    output.text("tinyalex reproduce NAME runs an experiment; --scale gpu or imagenet a large one.")
    output.result(rows)
