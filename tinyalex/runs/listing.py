"""What is known of a run at a glance, without reading its weights: for a table of runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tinyalex import lock
from tinyalex.data.splits import holds_run
from tinyalex.errors import TinyalexError
from tinyalex.runs import checkpoint, metrics, summary
from tinyalex.runs.config import FILE, ResolvedConfig, read_config
from tinyalex.runs.folder import holds_a_run

DEEPEST = 6  # folders in folders

FINISHED, STOPPED, RUNNING = "finished", "stopped", "running"
IMPORTED, DAMAGED = "imported", "damaged"


@dataclass(frozen=True)
class Listed:
    """A run at a glance. What is not known is None.

    Attributes
    ----------
    folder : Path
    state : str
        ``finished``, ``stopped``, ``running``, ``imported`` (weights) or ``damaged``.
    reason : str
        Why it is damaged, or which process is at work.
    data, model : str
    epochs, planned : int
        Epochs trained so far; epochs in all.
    test_error, ten_crop_error : float
        Of the last epoch, 0 to 1.
    images_per_second, seconds : float
        Speed of training; time of the whole run.
    saved : float
        When its latest file was written, in seconds since 1970.
    changed : dict
        Numbers that differ from the recipe's, by name.
    """

    folder: Path
    state: str
    reason: str = ""
    data: str | None = None
    model: str | None = None
    epochs: int | None = None
    planned: int | None = None
    test_error: float | None = None
    ten_crop_error: float | None = None
    images_per_second: float | None = None
    seconds: float | None = None
    saved: float | None = None
    changed: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"folder": str(self.folder)}


def find(folder: Path, deepest: int = DEEPEST) -> Iterator[Path]:
    """The runs in a folder and in the folders in it, or the folder itself, by name."""
    if _looks_like_a_run(folder):
        yield folder
    elif deepest > 0:
        with contextlib.suppress(OSError):  # no permission
            inside = [e.name for e in os.scandir(folder) if e.is_dir(follow_symlinks=False)]
            for name in sorted(inside):
                if not name.startswith("."):
                    yield from find(folder / name, deepest - 1)


def glance(folder: Path) -> Listed:
    """Read what a run's folder says of it. A damaged run is no error: it is listed as such."""
    saved = _saved(folder)
    try:
        config = read_config(folder)
        facts: dict[str, Any] = {"data": str(config.facts["data_name"]), "model": config.model}
        if "imported" in config.facts:
            checkpoint.read_head(folder)
            return Listed(folder, IMPORTED, saved=saved, **facts)
        known = {**facts, "planned": config.epochs, "changed": _changed(config), "saved": saved}
        return Listed(folder, **{**known, **_progress(folder, config.epochs)})
    except TinyalexError as error:
        reason = error.message.removeprefix(f"{folder}: ").removeprefix(f"{folder}{os.sep}")
        return Listed(folder, DAMAGED, reason, saved=saved)


def _progress(folder: Path, planned: int) -> dict[str, Any]:
    """How far a run is, and what came out of it."""
    state = (checkpoint.read_head(folder) or ("", {}))[1]
    last = state.get("last_epoch", {})
    so_far = {"epochs": state.get("epoch", 0), "test_error": last.get("test_error")}
    if (who := lock.holder(folder)) is not None:
        return {**so_far, "state": RUNNING, "reason": who}
    if not (folder / summary.FILE).exists() or (state and so_far["epochs"] < planned):
        return {**so_far, "state": STOPPED}
    found = summary.read_summary(folder)
    return {
        "state": FINISHED,
        "epochs": found["epochs"],
        "test_error": found["top1_error"],
        "ten_crop_error": found.get("top1_error_ten_crops"),
        "images_per_second": found["images_per_second"],
        "seconds": found["wall_seconds"],
    }


def _changed(config: ResolvedConfig) -> dict[str, Any]:
    own = ("batch_size", "lr", "warmup", "lars")  # epochs are listed anyway
    given = {n: getattr(config, n) for n in own if getattr(config, n) != getattr(config.recipe, n)}
    return {**given, **config.recipe.changed}


def _looks_like_a_run(folder: Path) -> bool:
    """Many programs write a config.json; ours is known by its keys, or by the files beside it."""
    others = (checkpoint.FILE, metrics.FILE, summary.FILE)
    if not holds_a_run(folder):
        return False
    return any((folder / name).exists() for name in others) or holds_run(folder)


def _saved(folder: Path) -> float | None:
    times = []
    for name in (FILE, checkpoint.FILE, summary.FILE):
        with contextlib.suppress(OSError):
            times.append((folder / name).stat().st_mtime)
    return max(times, default=None)
