"""Options that several commands have, each with one help text, one panel and one type."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tinyalex.commands import complete
from tinyalex.settings import ABOUT

COMPUTING, OUTPUT = "Computing", "Output"  # panels of a help; other options are in "Options"

Backend = Literal["auto", "numpy", "numba", "cuda"]
Precision = Literal["float32", "tf32", "bf16"]
Crops = Literal["1", "9", "10"]  # as text: Click before 8.2 knows no other choices

# Of a list, Typer takes only enums.
Backends = StrEnum("Backends", ["auto", "numpy", "numba", "cuda"])
Precisions = StrEnum("Precisions", ["float32", "tf32", "bf16"])

_BACKEND = "Where to compute; auto: the fastest on this machine."


def _computing(name: str, help: str, **more: Any) -> Any:
    return typer.Option(*name.split(), help=help, rich_help_panel=COMPUTING, **more)


QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Print only the result, without progress.", rich_help_panel=OUTPUT
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON document; all other text goes to stderr.",
        rich_help_panel=OUTPUT,
    ),
]

BackendOption = Annotated[Backend, _computing("--backend", _BACKEND)]
BackendsOption = Annotated[
    list[Backends] | None, _computing("--backend", f"{_BACKEND} Repeat for several.")
]
ThreadsOption = Annotated[int | None, _computing("--threads", ABOUT["threads"].help, min=1)]
BatchSizeOption = Annotated[
    int | None,
    _computing(
        "--batch-size -b",
        "Batch size. Default: the recipe's to train, 128 to test, 32 to predict.",
        min=1,
    ),
]
PrecisionOption = Annotated[
    Precision | None, _computing("--precision", ABOUT["precision"].help, show_choices=True)
]
WorkspaceOption = Annotated[int | None, _computing("--workspace-mb", ABOUT["workspace_mb"].help)]
JobsOption = Annotated[
    int | None,
    _computing("--jobs -j", "Processes that work at the same time.", min=1),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Random seed.")]
DataRootOption = Annotated[Path | None, typer.Option("--data-root", help=ABOUT["data_root"].help)]
CropsOption = Annotated[
    Crops,
    typer.Option(
        help="Crops of each image: 1 (centre), 10 (five positions and their horizontal flips), or 9"
        " (a grid, as in cuda-convnet's tests)."
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="See `tinyalex model`. Default: by the data or the file.",
        autocompletion=complete.models,
    ),
]


def renamed(**older: str) -> dict[str, Any]:
    """Settings of a command that still takes older names of options; help does not show them.

    Examples
    --------
    >>> renamed(workers="jobs")["token_normalize_func"]("workers")
    'jobs'
    """
    names = {old.replace("_", "-"): new.replace("_", "-") for old, new in older.items()}
    return {"token_normalize_func": lambda name: names.get(name, name)}
