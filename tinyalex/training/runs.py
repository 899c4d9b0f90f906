"""Runs: starting one, going on with one, and loading one to use its network."""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tinyalex import backends, data, models
from tinyalex.backends import Backend
from tinyalex.errors import CheckpointError, RunError
from tinyalex.files import write_json
from tinyalex.models import Model
from tinyalex.training import checkpoint as checkpoints
from tinyalex.training import config as configs
from tinyalex.training.config import ResolvedConfig, RunConfig, read_config
from tinyalex.training.listener import Listener
from tinyalex.training.loop import Loop
from tinyalex.training.metrics import MetricsFile
from tinyalex.training.setup import Parts, assemble, too_large
from tinyalex.training.stop import StopSignal

METRICS = "metrics.jsonl"
SUMMARY = "summary.json"


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
        `resume` can then go on with.

    Raises
    ------
    RunError
        The folder holds a run already, or cannot be written.
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
    _claim_folder(resolved.out)
    parts = assemble(resolved)
    write_json(resolved.out / configs.FILE, parts.config.to_dict())
    return _run(parts, None, listener or Listener())


def resume(
    run_dir: Path | str,
    listener: Listener | None = None,
    *,
    epochs: int | None = None,
    backend: str | None = None,
    threads: int | None = None,
    workers: int | None = None,
) -> dict[str, Any]:
    """Go on with a run where its checkpoint is.

    With the same settings the result has the same bytes as a run that was never stopped, on any
    number of threads.

    Parameters
    ----------
    run_dir : Path
        The run's folder.
    epochs, backend, threads, workers : optional
        Other than the run's. More epochs move the steps of the rate that are still to come.

    Raises
    ------
    RunError
        The folder holds no run, or its data are no longer the same.
    CheckpointError
        The checkpoint is damaged or belongs to another model.
    """
    folder = Path(run_dir)
    config = read_config(folder)
    changes: dict[str, Any] = {"epochs": epochs, "backend": backend}
    changes |= {"threads": threads, "workers": workers}
    config = replace(config, **{k: v for k, v in changes.items() if v is not None})
    if config.backend not in ("cuda", "auto"):
        config = replace(config, workspace_mb=None)  # of a GPU that the run has left
    checkpoint = None
    if (folder / checkpoints.FILE).exists():
        checkpoint = checkpoints.load_checkpoint(folder, config.model)
        if checkpoint.state["epoch"] >= config.epochs and (folder / SUMMARY).exists():
            return read_summary(folder)
    statistics = None if checkpoint is None else data.Statistics.from_arrays(checkpoint.statistics)
    parts = assemble(config, statistics)
    known = config.facts.get("data_fingerprint")
    if known != parts.config.facts["data_fingerprint"]:
        raise RunError(
            f"{folder}: {config.data} is not what it was when the run began",
            "the same data again, or a new run",
        )
    return _run(parts, checkpoint, listener or Listener())


def _run(
    parts: Parts, checkpoint: checkpoints.Checkpoint | None, listener: Listener
) -> dict[str, Any]:
    out = parts.config.out
    keep = 0 if checkpoint is None else int(checkpoint.state["metrics_bytes"])
    metrics = MetricsFile(out / METRICS, keep_bytes=keep)
    try:
        with StopSignal() as stop:
            loop = Loop(parts, metrics, listener, stop)
            if checkpoint is not None:
                loop.load(checkpoint)
            listener.start(_info(parts, loop))
            with warnings.catch_warnings():
                # A loss that grows without limit gets its own error from the loop.
                warnings.filterwarnings("ignore", "overflow|invalid value", RuntimeWarning)
                finished = loop.run()
    except MemoryError as error:
        raise too_large(parts, error) from error
    finally:
        metrics.close()
    summary = _summary(parts, loop, finished)
    if finished:
        write_json(out / SUMMARY, summary)
    listener.end(summary)
    return summary


def _info(parts: Parts, loop: Loop) -> dict[str, Any]:
    config = parts.config
    return {
        "model": config.model,
        "recipe": config.recipe.name,
        "data": config.facts["data_name"],
        "train_images": config.facts["train_images"],
        "test_images": config.facts["test_images"],
        "backend": parts.backend.name,
        "threads": parts.backend.threads,
        "precision": parts.backend.precision,
        "epochs": config.epochs,
        "batch_size": config.batch_size,
        "lr": config.lr,
        "seed": config.seed,
        "steps_per_epoch": loop.steps_per_epoch,
        "parameters": parts.model.count_parameters(),
        "out": str(config.out),
        "epoch": loop.epoch,
        "step": loop.step,
    }


def _summary(parts: Parts, loop: Loop, finished: bool) -> dict[str, Any]:
    config, last, held = parts.config, loop.last_epoch, parts.backend.memory_held()
    return {
        "top1_error": last.get("test_error"),
        "top5_error": last.get("test_top5_error"),
        "test_loss": last.get("test_loss"),
        "train_error": last.get("train_error"),
        "train_loss": last.get("train_loss"),
        "images_per_second": round(loop.images_trained / max(loop.train_seconds, 1e-9), 1),
        "parameters": parts.model.count_parameters(),
        "epochs": loop.epoch,
        "seed": config.seed,
        "backend": parts.backend.name,
        "threads": parts.backend.threads,
        "precision": parts.backend.precision,
        "gpu_memory_mib": None if held is None else round(held / 2**20, 1),
        "wall_seconds": round(loop.wall_seconds, 1),
        "model": config.model,
        "recipe": config.recipe.name,
        "data": config.facts["data_name"],
        "batch_size": config.batch_size,
        "lr": config.lr,
        "command": config.command,
        "versions": config.facts["versions"],
        "interrupted": not finished,
    }


def read_summary(folder: Path) -> dict[str, Any]:
    """Read a finished run's summary.json."""
    path = Path(folder) / SUMMARY
    try:
        summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read ({error})", "finish the run: --resume") from error
    return summary


def _claim_folder(out: Path) -> None:
    """Make the run's folder, unless it holds a run or cannot be written."""
    if (out / configs.FILE).exists() or (out / checkpoints.FILE).exists():
        raise RunError(f"{out}: holds a run already", f"--resume {out}, or another --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".probe.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise RunError(
            f"{out}: cannot be written ({error.strerror})", "another folder with --out"
        ) from error


@dataclass
class Run:
    """A trained network with all that it needs to look at images.

    Attributes
    ----------
    folder : Path
    config : ResolvedConfig
    model : Model
        In test mode, on ``backend``.
    statistics : data.Statistics
        Of the training images.
    classes : list of str
    backend : Backend
    """

    folder: Path
    config: ResolvedConfig
    model: Model
    statistics: data.Statistics
    classes: list[str]
    backend: Backend


def load_run(
    run_dir: Path | str,
    backend: str = "auto",
    threads: int | None = None,
    precision: str | None = None,
) -> Run:
    """Load a run's network in test mode; products are float32 unless ``precision`` says tf32.

    Raises
    ------
    RunError
        The folder holds no run.
    CheckpointError
        The checkpoint is missing, damaged or of another model.
    """
    folder = Path(run_dir)
    config = read_config(folder)
    checkpoint = checkpoints.load_checkpoint(folder, config.model)
    facts = config.facts
    try:
        classes, (C, side, _) = list(facts["classes"]), facts["input_shape"]
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{folder / configs.FILE}: classes or input_shape missing", "train again"
        ) from error
    model = models.build(
        config.model,
        num_classes=len(classes),
        seed=config.seed,
        dropout=config.recipe.dropout,
        in_channels=C,
        image_size=side,
    )
    model.load_state_dict(checkpoint.weights)
    where = backends.get(backend, threads, precision)
    model.to(where)
    model.eval()
    statistics = data.Statistics.from_arrays(checkpoint.statistics)
    return Run(folder, config, model, statistics, classes, where)
