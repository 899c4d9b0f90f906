"""Starting a run, and resuming it."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tinyalex.backends import Backend
from tinyalex.data import Statistics
from tinyalex.errors import RunError
from tinyalex.evaluation.views import ten_crop_errors
from tinyalex.files import remove_leftovers, write_json
from tinyalex.group import Alone, Group
from tinyalex.lock import locked
from tinyalex.runs import checkpoint as checkpoints
from tinyalex.runs import config as configs
from tinyalex.runs import film
from tinyalex.runs import metrics as metric_lines
from tinyalex.runs import summary as summaries
from tinyalex.runs.config import ResolvedConfig, RunConfig, read_config
from tinyalex.runs.folder import forget_replaced
from tinyalex.runs.metrics import MetricsFile, NoMetricsFile
from tinyalex.runs.moved import in_place
from tinyalex.runs.state import check_complete
from tinyalex.settings import check_resume
from tinyalex.training.listener import Listener
from tinyalex.training.loop import Loop
from tinyalex.training.new_folder import new_folder, set_aside
from tinyalex.training.notebook import default_listener
from tinyalex.training.setup import Parts, assemble, too_large
from tinyalex.training.stop import StopSignal
from tinyalex.training.summary import info, summary_of

# Written by nobody else, so that their leftovers may be removed.
_OURS = (configs.FILE, checkpoints.FILE, checkpoints.ECHO, summaries.FILE, film.FILE)


def train(
    config: RunConfig,
    listener: Listener | None = None,
    group: Group | None = None,
    *,
    backend: Backend | None = None,
) -> dict[str, Any]:
    """Train a network and write a run's folder.

    Parameters
    ----------
    config : RunConfig
    listener : Listener, optional
        Hears of steps, epochs and warnings. By default `NotebookProgress` in a notebook, else none.
    group : Group, optional
        The workers that train together; all of them must call this. Only rank 0 writes files and
        tells the listener.
    backend : Backend, optional
        Used in place of the config's, such as one with your own operations (`Backend.replaced`).
        The run records which operations these were.

    Returns
    -------
    dict
        The content of summary.json. If a signal stopped the run, ``interrupted`` is True and
        ``signal`` is its number; `resume` continues the run.

    Raises
    ------
    RunError
        The folder was named and holds a run already, another process uses it, or it cannot be
        written. A folder that was not named gets a number; then ``config.out`` tells which.
    DivergedError
        The loss is no longer finite; the last good checkpoint is kept.
    ConfigError, DataError
        The settings or the data cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> from tinyalex import training
    >>> with tempfile.TemporaryDirectory() as out:
    ...     config = training.RunConfig("digits@100", epochs=1, backend="numpy", out=out)
    ...     summary = training.train(config)
    ...     run = training.load_run(out)
    >>> summary["epochs"], run.model.name, run.classes[:2]
    (1, 'tiny', ['0', '1'])
    """
    group = group or Alone()
    with new_folder(config, config.resolved(), group) as resolved:
        if group.leads:
            remove_leftovers(resolved.out, _OURS)
        parts = assemble(resolved, group=group, backend=backend)
        with set_aside(resolved, group):
            return _run(parts, parts.config, None, listener or default_listener())


def resume(
    run_dir: Path | str,
    listener: Listener | None = None,
    group: Group | None = None,
    *,
    own_backend: Backend | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Continue a run from its checkpoint.

    With the same settings the result is bit-identical to a run that was never stopped, on any
    number of threads.

    Parameters
    ----------
    run_dir : Path
        The run's folder; only rank 0 reads it.
    group : Group, optional
        As in `train`: any number of workers that divides the run's shards.
    own_backend : Backend, optional
        As ``backend`` of `train`. Without it, a run that began with your own operations continues
        with the package's, and the listener is warned.
    **changes : optional
        New ``epochs``, ``backend``, ``threads``, ``loader_threads`` or ``ten_crops`` (see
        `RunConfig`), if not None. More epochs move the learning rate's later steps. ``data`` and
        ``data_root``: where the same data are now; the run records the new place.

    Raises
    ------
    ConfigError
        Another setting would change.
    RunError
        The folder holds no run, or its data are gone or have changed.
    CheckpointError
        The checkpoint is damaged or belongs to another model.

    Examples
    --------
    >>> summary = resume("runs/tiny-digits-seed0")  # a finished run: nothing is left to do
    >>> summary["parameters"]
    60106
    """
    folder, group = Path(run_dir), group or Alone()
    check_resume(changes)
    if group.leads:
        read_config(folder)  # before `locked`, which creates the folder
    lock = locked(folder, "train", elsewhere="end it") if group.leads else contextlib.nullcontext()
    with lock:
        if group.leads:
            remove_leftovers(folder, _OURS)
        asked = {k: v for k, v in changes.items() if v is not None}
        place = asked.pop("data", None), asked.pop("data_root", None)
        summary = _resume(folder, asked, *place, listener or default_listener(), group, own_backend)
        if group.leads:
            forget_replaced(folder)
        return summary


def _resume(
    folder: Path,
    changes: dict[str, Any],
    data: str | None,
    data_root: Path | None,
    listener: Listener,
    group: Group,
    backend: Backend | None,
) -> dict[str, Any]:
    stored = _stored_config(group, folder)
    if "imported" in stored.facts:
        raise RunError(
            f"{folder}: holds imported weights, not a training run: nothing to resume",
            f"a new run that starts from them: --init-from {folder}",
        )
    config = replace(stored, **changes)
    summary = None
    checkpoint = _stored_checkpoint(group, folder, config.model)
    if checkpoint is not None:
        _check_epochs(folder, config.epochs, checkpoint.state)
        if checkpoint.state["epoch"] == config.epochs:
            summary = _stored_summary(group, folder)
    moved = data is not None or data_root is not None
    if summary is not None and not moved:
        return summary
    config = in_place(config, data, data_root)
    # A run that has moved from a GPU to a CPU has no workspace.
    on_gpu = config.backend in ("cuda", "auto")
    in_use = config if on_gpu else replace(config, workspace_mb=None)
    statistics = None if checkpoint is None else Statistics.from_arrays(checkpoint.statistics)
    parts = assemble(in_use, statistics, group, backend)
    if replaced := sorted(set(config.facts.get("replaced", ())) - set(parts.backend.own)):
        parts.notes.append(
            f"this run began with other functions for {', '.join(replaced)}; it continues with the "
            "package's own"
        )
    known = config.facts.get("data_fingerprint")
    if known != parts.config.facts["data_fingerprint"]:
        raise RunError(
            f"{folder}: {config.data} is not what it was when the run began",
            "--data with the same data, or a new run",
        )
    if summary is not None:
        if group.leads:
            write_json(folder / configs.FILE, config.to_dict())
        return summary
    return _run(parts, config, checkpoint, listener)


def _stored_config(group: Group, folder: Path) -> ResolvedConfig:
    """The run's settings, which rank 0 reads for all."""
    plain = group.broadcast(read_config(folder).to_dict() if group.leads else None)
    return ResolvedConfig.from_dict(plain, folder)


def _stored_checkpoint(group: Group, folder: Path, model: str) -> checkpoints.Checkpoint | None:
    """The run's checkpoint, if it has one, which rank 0 reads for all."""
    found = None
    if group.leads and (folder / checkpoints.FILE).exists():
        found = checkpoints.load_checkpoint(folder, model)
        check_complete(found.state, str(folder / checkpoints.FILE))
    plain = group.broadcast(None if found is None else [found.state, found.clocks])
    if plain is None or group.size == 1:
        return found
    weights, momentum, statistics = (
        group.broadcast_arrays(None if found is None else getattr(found, name))
        for name in ("weights", "momentum", "statistics")
    )
    return checkpoints.Checkpoint(model, weights, momentum, statistics, *plain)


def _stored_summary(group: Group, folder: Path) -> dict[str, Any] | None:
    """The summary of a run that has ended, which rank 0 reads for all."""
    summary: dict[str, Any] | None = None
    with contextlib.suppress(RunError):  # stopped before the summary was written
        summary = summaries.read_summary(folder) if group.leads else None
    summary = group.broadcast(summary)
    return summary


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
    out, leads = parts.config.out, parts.group.leads
    listener = listener if leads else Listener()
    state = {"metrics_lines": 0} if checkpoint is None else checkpoint.state
    kept = state.get("metrics_bytes"), state.get("metrics_lines")
    metrics: NoMetricsFile = NoMetricsFile()
    if leads:
        metrics = MetricsFile(out / metric_lines.FILE, *kept)
    try:
        with StopSignal() as stop, Loop(parts, metrics, listener, stop) as loop:
            if checkpoint is not None:
                loop.load(checkpoint)
            if leads:
                write_json(out / configs.FILE, settings.to_dict())
            listener.start(info(parts, loop))
            for note in parts.notes:
                listener.warning(note)
            with warnings.catch_warnings():
                # The loop has its own error for a loss that diverges.
                warnings.filterwarnings("ignore", "overflow|invalid value", RuntimeWarning)
                finished = loop.run()
                crops = _ten_crops(parts, loop) if finished else None
                loop.count_wall_seconds()
                finished = finished and crops is not None
    except MemoryError as error:
        raise too_large(parts, error) from error
    finally:
        metrics.close()
    summary = {**summary_of(parts, loop, finished), **(crops or {})}
    if finished and leads:
        head = checkpoints.read_head(out)
        if head is not None and head[0]:  # checkpoints of older versions have no checksum
            summary[summaries.CHECKPOINT] = head[0]
        write_json(out / summaries.FILE, summary)
    elif not finished:
        summary["signal"] = loop.signal
    listener.end(summary)
    return summary


def _ten_crops(parts: Parts, loop: Loop) -> dict[str, float] | None:
    """The errors by ten crops; empty if not wanted, None if the loop stops."""
    images, centre = parts.preprocessing, parts.test_loader
    if not (parts.config.ten_crops and images.suits_ten_crops):
        return {}
    loader = images.loader(
        centre.split, parts.backend, centre.batch_size, views="ten", shards=parts.shards
    )
    reached = partial(loop.listener.phase, "ten crops")
    return ten_crop_errors(parts.model, loader, loop.stops, parts.batch_group, reached)
