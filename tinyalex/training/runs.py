"""Runs: starting one, and resuming one."""

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

_OURS = (configs.FILE, checkpoints.FILE, checkpoints.ECHO, summaries.FILE)  # only we write them


def train(config: RunConfig, listener: Listener | None = None) -> dict[str, Any]:
    """Train a network from nothing and leave a run's folder.

    Parameters
    ----------
    config : RunConfig
    listener : Listener, optional
        Hears of steps, epochs and warnings.

    Returns
    -------
    dict
        What summary.json holds; ``interrupted`` is True when a signal stopped the run, which
        `resume` can then go on with, and ``signal`` is its number.

    Raises
    ------
    RunError
        The folder holds a run already, another process is at work in it, or it cannot be written.
    DivergedError
        The loss is no longer a number; the last good checkpoint is kept.
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
    """Go on with a run where its checkpoint is.

    With the same settings the result has the same bytes as a run that was never stopped, on any
    number of threads.

    Parameters
    ----------
    run_dir : Path
        The run's folder.
    **changes : optional
        Of the settings (see `RunConfig`): other ``epochs``, ``backend``, ``threads``, ``workers``
        or ``ten_crops`` than the run's, if not None. More epochs move the steps of the rate that
        are still to come. ``data`` and ``data_root``: where the run's data are now; they must be
        the same. The run remembers the new place.

    Raises
    ------
    ConfigError
        Another setting would change.
    RunError
        The folder holds no run, or its data are gone or no longer the same.
    CheckpointError
        The checkpoint is damaged or belongs to another model.
    """
    folder = Path(run_dir)
    check_resume(changes)
    read_config(folder)  # makes no folder where there is none
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
            f"{folder}: holds imported weights, which no training left: nothing to resume",
            f"a new run that starts from them: --init-from {folder}",
        )
    config = replace(stored, **changes)
    checkpoint, summary = None, None
    if (folder / checkpoints.FILE).exists():
        checkpoint = checkpoints.load_checkpoint(folder, config.model)
        check_complete(checkpoint.state, str(folder / checkpoints.FILE))
        _check_epochs(folder, config.epochs, checkpoint.state)
        if checkpoint.state["epoch"] == config.epochs:
            with contextlib.suppress(RunError):  # the last test was never finished
                summary = summaries.read_summary(folder)
    moved = data is not None or data_root is not None
    if summary is not None and not moved:
        return summary
    config = in_place(config, data, data_root)
    at_work = config
    if config.backend not in ("cuda", "auto"):
        at_work = replace(config, workspace_mb=None)  # of a GPU that the run has left
    statistics = None if checkpoint is None else Statistics.from_arrays(checkpoint.statistics)
    parts = assemble(at_work, statistics)
    known = config.facts.get("data_fingerprint")
    if known != parts.config.facts["data_fingerprint"]:
        raise RunError(
            f"{folder}: {config.data} is not what it was when the run began",
            "the same data again, or a new run",
        )
    if summary is not None:
        write_json(folder / configs.FILE, config.to_dict())
        return summary
    return _run(parts, config, checkpoint, listener)


def _check_epochs(folder: Path, epochs: int, state: Mapping[str, Any]) -> None:
    """Refuse to go on to an epoch that the run has left behind."""
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
    """Train to the end or a signal, after all checks; ``settings`` is what config.json keeps."""
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
                # A loss that grows without limit gets its own error from the loop.
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
        summary |= _checksum(out)
        write_json(out / summaries.FILE, summary)
    elif stop.number is not None:
        summary["signal"] = stop.number
    listener.end(summary)
    return summary


def _ten_crops(parts: Parts, stop: Callable[[], bool]) -> dict[str, float] | None:
    """The errors by ten crops, nothing if they are not wanted, None if ``stop()`` came first."""
    config, images = parts.config, parts.preprocessing
    if not (config.ten_crops and images.suits_ten_crops):
        return {}
    split = parts.test_loader.split
    loader = images.loader(split, parts.backend, config.batch_size, views="ten")
    return ten_crop_errors(parts.model, loader, stop)


def _checksum(out: Path) -> dict[str, str]:
    """Which checkpoint a summary tells of; nothing for one of an older version."""
    head = checkpoints.read_head(out)
    return {summaries.CHECKPOINT: head[0]} if head is not None and head[0] else {}
