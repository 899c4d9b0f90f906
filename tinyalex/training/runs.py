"""Starting a run, and resuming it."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinyalex.data import Statistics
from tinyalex.errors import RunError
from tinyalex.evaluation.views import ten_crop_errors
from tinyalex.files import remove_leftovers, write_json
from tinyalex.lock import locked
from tinyalex.runs import checkpoint as checkpoints
from tinyalex.runs import config as configs
from tinyalex.runs import metrics as metric_lines
from tinyalex.runs import summary as summaries
from tinyalex.runs.config import ResolvedConfig, RunConfig, read_config
from tinyalex.runs.moved import in_place
from tinyalex.runs.state import check_complete
from tinyalex.settings import check_resume
from tinyalex.training.listener import Listener
from tinyalex.training.loop import Loop
from tinyalex.training.setup import Parts, assemble, too_large
from tinyalex.training.stop import StopSignal
from tinyalex.training.summary import info, summary_of

# Written by nobody else, so that their leftovers may be removed.
_OURS = (configs.FILE, checkpoints.FILE, checkpoints.ECHO, summaries.FILE)


def train(config: RunConfig, listener: Listener | None = None) -> dict[str, Any]:
    """Train a network and write a run's folder.

    Parameters
    ----------
    config : RunConfig
    listener : Listener, optional
        Hears of steps, epochs and warnings.

    Returns
    -------
    dict
        The content of summary.json. If a signal stopped the run, ``interrupted`` is True and
        ``signal`` is its number; `resume` continues the run.

    Raises
    ------
    RunError
        The folder holds a run already, another process uses it, or it cannot be written.
    DivergedError
        The loss is no longer finite; the last good checkpoint is kept.
    ConfigError, DataError
        The settings or the data cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> from tinyalex import training
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     summary = training.train(training.RunConfig(epochs=1, out=f"{folder}/first"))
    ...     run = training.load_run(f"{folder}/first")
    >>> summary["epochs"], run.model.name, run.classes[:2]
    (1, 'tiny', ['0', '1'])
    """
    resolved = config.resolved()
    out = resolved.out
    with locked(out, "train"):
        if (out / configs.FILE).exists() or (out / checkpoints.FILE).exists():
            raise RunError(f"{out}: holds a run already", f"--resume {out}, or another --out")
        remove_leftovers(out, _OURS)
        parts = assemble(resolved)
        return _run(parts, parts.config, None, listener or Listener())


def resume(run_dir: Path | str, listener: Listener | None = None, **changes: Any) -> dict[str, Any]:
    """Continue a run from its checkpoint.

    With the same settings the result is bit-identical to a run that was never stopped, on any
    number of threads.

    Parameters
    ----------
    run_dir : Path
        The run's folder.
    **changes : optional
        New ``epochs``, ``backend``, ``threads``, ``workers`` or ``ten_crops`` (see `RunConfig`),
        if not None. More epochs move the learning rate's later steps. ``data`` and ``data_root``:
        where the same data are now; the run records the new place.

    Raises
    ------
    ConfigError
        Another setting would change.
    RunError
        The folder holds no run, or its data are gone or have changed.
    CheckpointError
        The checkpoint is damaged or belongs to another model.
    """
    folder = Path(run_dir)
    check_resume(changes)
    read_config(folder)  # before `locked`, which creates the folder
    with locked(folder, "train", elsewhere="end it"):
        remove_leftovers(folder, _OURS)
        asked = {k: v for k, v in changes.items() if v is not None}
        place = asked.pop("data", None), asked.pop("data_root", None)
        return _resume(folder, asked, *place, listener or Listener())


def _resume(
    folder: Path,
    changes: dict[str, Any],
    data: str | None,
    data_root: Path | None,
    listener: Listener,
) -> dict[str, Any]:
    stored = read_config(folder)
    if "imported" in stored.facts:
        raise RunError(
            f"{folder}: holds imported weights, not a training run: nothing to resume",
            f"a new run that starts from them: --init-from {folder}",
        )
    config = replace(stored, **changes)
    checkpoint, summary = None, None
    if (folder / checkpoints.FILE).exists():
        checkpoint = checkpoints.load_checkpoint(folder, config.model)
        check_complete(checkpoint.state, str(folder / checkpoints.FILE))
        _check_epochs(folder, config.epochs, checkpoint.state)
        if checkpoint.state["epoch"] == config.epochs:
            with contextlib.suppress(RunError):  # stopped before the summary was written
                summary = summaries.read_summary(folder)
    moved = data is not None or data_root is not None
    if summary is not None and not moved:
        return summary
    config = in_place(config, data, data_root)
    # A run that has moved from a GPU to a CPU has no workspace.
    on_gpu = config.backend in ("cuda", "auto")
    in_use = config if on_gpu else replace(config, workspace_mb=None)
    statistics = None if checkpoint is None else Statistics.from_arrays(checkpoint.statistics)
    parts = assemble(in_use, statistics)
    known = config.facts.get("data_fingerprint")
    if known != parts.config.facts["data_fingerprint"]:
        raise RunError(
            f"{folder}: {config.data} is not what it was when the run began",
            "--data with the same data, or a new run",
        )
    if summary is not None:
        write_json(folder / configs.FILE, config.to_dict())
        return summary
    return _run(parts, config, checkpoint, listener)


def _check_epochs(folder: Path, epochs: int, state: Mapping[str, Any]) -> None:
    """Refuse fewer epochs than the run has trained."""
    done, begun = state["epoch"], int(state["step"] > 0)
    if done + begun > epochs:
        also = f", epoch {done + 1} begun" if begun else ""
        raise RunError(
            f"{folder}: --epochs {epochs} is less than the run has: {done} done{also}; nothing is "
            "changed",
            f"--epochs {done + begun} or more, or a new run with --epochs {epochs}",
        )


def _run(
    parts: Parts,
    settings: ResolvedConfig,
    checkpoint: checkpoints.Checkpoint | None,
    listener: Listener,
) -> dict[str, Any]:
    """Train to the end or to a signal; ``settings`` go into config.json."""
    out = parts.config.out
    state = {"metrics_lines": 0} if checkpoint is None else checkpoint.state
    kept = state.get("metrics_bytes"), state.get("metrics_lines")
    metrics = metric_lines.MetricsFile(out / metric_lines.FILE, *kept)
    try:
        with StopSignal() as stop:
            loop = Loop(parts, metrics, listener, stop)
            if checkpoint is not None:
                loop.load(checkpoint)
            write_json(out / configs.FILE, settings.to_dict())
            listener.start(info(parts, loop))
            for note in parts.notes:
                listener.warning(note)
            with warnings.catch_warnings():
                # The loop has its own error for a loss that diverges.
                warnings.filterwarnings("ignore", "overflow|invalid value", RuntimeWarning)
                finished = loop.run()
                crops = _ten_crops(parts, stop) if finished else None
                loop.count_wall_seconds()
                finished = finished and crops is not None
    except MemoryError as error:
        raise too_large(parts, error) from error
    finally:
        metrics.close()
    summary = {**summary_of(parts, loop, finished), **(crops or {})}
    if finished:
        head = checkpoints.read_head(out)
        if head is not None and head[0]:  # checkpoints of older versions have no checksum
            summary[summaries.CHECKPOINT] = head[0]
        write_json(out / summaries.FILE, summary)
    elif stop.number is not None:
        summary["signal"] = stop.number
    listener.end(summary)
    return summary


def _ten_crops(parts: Parts, stop: Callable[[], bool]) -> dict[str, float] | None:
    """The errors by ten crops; empty if not wanted, None once ``stop()`` is true."""
    config, images = parts.config, parts.preprocessing
    if not (config.ten_crops and images.suits_ten_crops):
        return {}
    split = parts.test_loader.split
    loader = images.loader(split, parts.backend, config.batch_size, views="ten")
    return ten_crop_errors(parts.model, loader, stop)
