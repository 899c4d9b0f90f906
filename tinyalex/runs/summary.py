"""Reading summary.json, which a finished run leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinyalex.errors import RunError
from tinyalex.runs import fields
from tinyalex.runs.checkpoint import read_head
from tinyalex.typed import read_json

FILE = "summary.json"
CHECKPOINT = "checkpoint_sha256"  # of the checkpoint that summary.json tells of


def read_summary(folder: Path) -> dict[str, Any]:
    """Read a finished run's summary.json.

    Raises
    ------
    RunError
        It is missing or cannot be read; a field cannot be what it says; or it tells of a
        checkpoint that is no longer there, because the run went on and was stopped.
    """
    path, hint = Path(folder) / FILE, "finish the run: --resume"
    try:
        summary: dict[str, Any] = read_json(path, fields.SUMMARY, hint=hint)
    except FileNotFoundError:
        raise RunError(f"{path}: no such file", hint) from None
    if not _is_of_this_checkpoint(summary, Path(folder)):
        raise RunError(
            f"{path}: tells of an older checkpoint; the run has gone on since and is not finished",
            f"finish it: tinyalex train --resume {folder}",
        )
    return summary


def _is_of_this_checkpoint(summary: dict[str, Any], folder: Path) -> bool:
    found = read_head(folder)
    if found is None:  # somebody needed the space
        return True
    checksum, state = found
    if CHECKPOINT in summary:
        return bool(summary[CHECKPOINT] == checksum)
    # Of an older version.
    epoch = state.get("epoch", summary["epochs"])
    return bool(epoch == summary["epochs"] and state.get("step", 0) == 0)
