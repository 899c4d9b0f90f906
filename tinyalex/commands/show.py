"""`tinyalex model` and `tinyalex recipe`: list and show models and recipes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from tinyalex.commands import complete
from tinyalex.commands.console import Output, cell, plain_table
from tinyalex.commands.options import (
    BackendOption,
    BatchSizeOption,
    JsonOption,
    QuietOption,
    ThreadsOption,
)
from tinyalex.errors import ConfigError

if TYPE_CHECKING:
    from tinyalex.recipes import Recipe
    from tinyalex.report import LayerRow


MOST_CLASSES = 1_000_000  # the network is built to show its table


def model(
    name: Annotated[
        str | None,
        typer.Argument(help="Name of a model. Default: list them.", autocompletion=complete.models),
    ] = None,
    classes: Annotated[
        int | None, typer.Option(help="Number of classes. Default: the model's.")
    ] = None,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure", help="Run training steps on noise with --backend; show time by layer."
        ),
    ] = False,
    batch_size: BatchSizeOption = None,
    backend: BackendOption = "auto",
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show a model's layers: output shape, parameters, multiply-adds, memory.

    [bold]Examples[/]
    tinyalex model
    tinyalex model alexnet
    tinyalex model alexnet --measure --batch-size 16
    """
    from tinyalex import models, recipes

    out = Output(as_json, quiet)
    if name is None:
        _list_models(out)
        return
    spec = models.spec(name)
    if classes is not None and not 1 <= classes <= MOST_CLASSES:
        raise ConfigError(
            f"--classes must be from 1 to {MOST_CLASSES:,} (got {classes})", "--classes 10"
        )
    images = recipes.get(spec.recipe).batch_size if batch_size is None else batch_size
    rows, total_seconds = _layer_rows(name, classes, images, measure, backend, threads)
    parameters = sum(row.parameters for row in rows)
    multiply_adds = sum(row.multiply_adds for row in rows)
    document = {
        "model": name,
        "description": spec.description,
        "input_shape": list(spec.input_shape),
        "batch_size": images,
        "parameters": parameters,
        "multiply_adds": multiply_adds,
        "activation_bytes": sum(row.activation_bytes for row in rows),
        "weight_bytes": sum(row.weight_bytes for row in rows),
        "seconds": total_seconds,
        "layers": [asdict(row) for row in rows],
    }
    out.text(f"{name}: {spec.description}", style="bold")
    out.text(f"input {_shape(spec.input_shape)}, one image; memory in MiB for a batch of {images}")
    out.text()
    _print_layers(out, rows)
    out.text()
    out.text(f"{parameters:,} parameters, {_count(multiply_adds)} multiply-adds per image")
    out.text("training keeps weights, gradients and momentum: three times the weights' memory")
    if total_seconds is not None:
        out.text(f"one forward and backward pass: {total_seconds:.3f} s for {images} images")
    out.result(document, short=f"{parameters} {multiply_adds}")


def recipe(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Name of a recipe. Default: list them.", autocompletion=complete.recipes
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show how a model is trained, each setting with its source.

    [bold]Examples[/]
    tinyalex recipe
    tinyalex recipe paper
    tinyalex recipe cifar-80sec --json
    """
    from tinyalex import recipes

    out = Output(as_json, quiet)
    if name is None:
        table = plain_table("recipe", "model", "epochs", "batch", "lr", left=["recipe", "model"])
        known = [recipes.get(each) for each in recipes.names()]
        for each in known:
            row = each.name, each.model, str(each.epochs), str(each.batch_size), f"{each.lr:g}"
            table.add_row(*row)
        out.table(table)
        out.text()
        out.text("tinyalex recipe NAME shows a recipe with its sources.")
        out.result([each.name for each in known], short="\n".join(each.name for each in known))
        return
    chosen = recipes.get(name)
    out.text(f"recipe {chosen.name} for the model {chosen.model}", style="bold")
    out.text()
    out.table(recipe_table(chosen))
    out.result(chosen.to_dict(), short=chosen.name)


def recipe_table(recipe: Recipe) -> Table:
    """A recipe's numbers, each with its source; those of a run may come from outside."""
    plain = recipe.to_dict()
    table = plain_table("setting", "value", "source", left=["setting", "value", "source"])
    for field, value in plain.items():
        if field not in ("name", "model", "sources"):
            lines = _readable(field, value).split("\n")
            source = cell(plain["sources"].get(field, "default"))
            table.add_row(field, "\n".join(map(cell, lines)), source)
    return table


def _list_models(out: Output) -> None:
    from tinyalex import models

    specs = [models.spec(each) for each in models.names()]
    table = plain_table("model", "input", "classes", "description", left=["model", "description"])
    for spec in specs:
        shape, classes = _shape(spec.input_shape), str(spec.num_classes)
        table.add_row(spec.name, shape, classes, spec.description)
    out.table(table)
    out.text()
    out.text("tinyalex model NAME shows a model's layers.")
    document = [
        {
            "name": spec.name,
            "input_shape": list(spec.input_shape),
            "classes": spec.num_classes,
            "recipe": spec.recipe,
            "description": spec.description,
        }
        for spec in specs
    ]
    out.result(document, short="\n".join(spec.name for spec in specs))


def _layer_rows(
    name: str,
    classes: int | None,
    images: int,
    measure: bool,
    backend: str,
    threads: int | None,
) -> tuple[list[LayerRow], float | None]:
    from tinyalex import backends, models, notice
    from tinyalex.report import layer_table, measure_layers

    network = models.build(name, classes, init=None if measure else models.ZEROS)
    input_shape = models.spec(name).input_shape
    if not measure:
        return layer_table(network, input_shape, images), None
    network.to(backends.get(backend, threads=threads))
    with notice.phase(f"measuring {name}"):
        seconds = measure_layers(network, input_shape, images)
    return layer_table(network, input_shape, images, seconds), sum(seconds.values())


def _print_layers(out: Output, rows: list[LayerRow]) -> None:
    headings = ["layer", "kind", "", "output", "parameters", "mult.-\nadds", "out\nMiB"]
    headings.append("weights\nMiB")
    measured = rows[0].time_share is not None
    if measured:
        headings.append("time\n%")
    table = plain_table(*headings, left=["layer", "kind", ""])
    for row in rows:
        cells = [
            row.name,
            _KINDS.get(row.kind, row.kind),
            row.detail,
            _shape(row.output_shape),
            f"{row.parameters:,}" if row.parameters else "",
            _count(row.multiply_adds) if row.multiply_adds else "",
            f"{row.activation_bytes / 2**20:.1f}",
            f"{row.weight_bytes / 2**20:.1f}" if row.weight_bytes else "",
        ]
        if measured:
            cells.append(f"{100 * (row.time_share or 0):.1f}")
        table.add_row(*cells)
    out.table(table)


# Nine numbers per layer fit into eighty columns only if the longest class names are shortened.
_KINDS = {
    "LocalResponseNorm": "LocalNorm",
    "SpatialResponseNorm": "SpatialNorm",
    "LocallyConnected2d": "Local2d",
}


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape)


def _count(count: int) -> str:
    """Format a large count in at most four digits: ``724M``, ``2.5M``, ``10.2K``."""
    if count < 1e5:
        return f"{count / 1e3:.1f}K"
    return f"{count / 1e6:.1f}M" if count < 1e8 else f"{count / 1e6:,.0f}M"


def _readable(field: str, value: Any) -> str:
    """Format a recipe's value for people; JSON has the exact value."""
    if value is None:
        return "whole image" if field == "crop" else "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "schedule":
        rest = [f"{key} {_words(each)}" for key, each in value.items() if key != "kind"]
        return "\n".join([str(value["kind"]), *rest])
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_words(each)}" for key, each in value.items()) or "none"
    if isinstance(value, list | tuple):
        return "\n".join(_words(each) for each in value) or "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(_words(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
