"""The options of `tinyalex train`: one for each setting of a run, in panels, with completion."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from tinyalex.commands.workers import PANEL as WORKERS
from tinyalex.settings import ABOUT, SETTINGS, option_of, option_types

# Below these headings in the help, in this order.
PANELS = {
    "Data": ("data", "data_root", "shuffle", "loader_threads", "jpeg_decoder"),
    "Network": ("model", "init_from", "new_last_layer"),
    "Learning": ("recipe", "epochs", "batch_size", "lr", "lr_scaling", "warmup")
    + ("momentum_correction", "lars", "seed", "ten_crops"),
    "Machine": ("backend", "threads", "precision", "workspace_mb", "graph"),
    WORKERS: ("shards", "parallel", "fast_sum"),
    "Output": ("out", "checkpoint_every"),
}
SHORT = {"out": "-o", "epochs": "-e", "batch_size": "-b"}


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each setting of a run to a command; it gets them as keywords."""
    own = list(signature(command, eval_str=True).parameters.values())[:-1]
    types = option_types()
    options = [_option(name, types[name], panel) for panel in PANELS for name in PANELS[panel]]
    command.__signature__ = Signature([*options, *own])  # type: ignore[attr-defined]
    return command


def _option(name: str, kind: Any, panel: str) -> Parameter:
    about = ABOUT[name]
    declared = [option_of(name), *([SHORT[name]] if name in SHORT else [])]
    choices = f"[{'|'.join(about.words)}]" if about.words else None
    option = typer.Option(
        *declared,
        help=about.help,
        rich_help_panel=panel,
        metavar=choices,
        autocompletion=_completion(name),
    )
    return Parameter(
        name,
        Parameter.KEYWORD_ONLY,
        default=False if kind is bool else None,
        annotation=Annotated[kind if kind is bool else kind | None, option],
    )


def given_in(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that stand on the command line; a flag turns its default around."""
    return {
        name: not SETTINGS[name].default if value is True else value
        for name, value in settings.items()
        if value is not None and value is not False
    }


def _completion(name: str) -> Callable[[str], list[str]] | None:
    """What completes a setting's value in a shell; None for numbers and paths."""
    words = ABOUT[name].words
    names = {"model": _models, "recipe": _recipes, "data": _data}.get(name)
    if not words and names is None:
        return None

    def complete(incomplete: str) -> list[str]:
        known = words if names is None else names()
        return [word for word in known if word.startswith(incomplete)]

    return complete


# A shell waits for these: tinyalex.data, with its own list, would take a second to import.
def _models() -> list[str]:
    from tinyalex import models

    return models.names()


def _recipes() -> list[str]:
    from tinyalex import recipes

    return recipes.names()


def _data() -> list[str]:
    return ["digits", "moved-digits", "cifar10", "cifar10@held-out"]


def complete_set(incomplete: str) -> list[str]:
    """Names for ``--set``, each with its ``=``."""
    from tinyalex.runs.changes import NAMES

    return [f"{name}=" for name in NAMES if name.startswith(incomplete)]
