"""Reading the summary.json of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinyalex.errors import RunError
from tinyalex.runs import fields
from tinyalex.runs.checkpoint import read_head
from tinyalex.typed import read_json

FILE = "summary.json"
CHECKPOINT = "checkpoint_sha256"  # of the checkpoint that summary.json describes


def read_summary(folder: Path) -> dict[str, Any]:
    """Read a finished run's summary.json.

    Raises
    ------
    RunError
        It is missing or cannot be read, a field has an impossible value, or it describes an older
        checkpoint, because the run was resumed and stopped.

    Examples
    --------
    >>> summary = read_summary(Path("runs/tiny-digits-seed0"))
    >>> summary["seed"], summary["parameters"]
    (0, 60106)
    """
    path, hint = Path(folder) / FILE, "finish the run: --resume"
    try:
        summary: dict[str, Any] = read_json(path, fields.SUMMARY, hint=hint)
    except FileNotFoundError:
        raise RunError(f"{path}: no such file", hint) from None
    if not _is_of_this_checkpoint(summary, Path(folder)):
        raise RunError(
            f"{path}: describes an older checkpoint; the run was resumed and is not finished",
            f"finish it: tinyalex train --resume {folder}",
        )
    return summary


def _is_of_this_checkpoint(summary: dict[str, Any], folder: Path) -> bool:
    head = read_head(folder)
    if head is None:  # deleted, to save space
        return True
    checksum, state = head
    if CHECKPOINT in summary:
        return bool(summary[CHECKPOINT] == checksum)
    # Summaries of older versions have no checksum.
    epoch = state.get("epoch", summary["epochs"])
    return bool(epoch == summary["epochs"] and state.get("step", 0) == 0)
