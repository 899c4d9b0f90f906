"""Runs: starting one, going on with one, and loading one to use its network."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
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
from tinyalex.training.guards import check_layers, check_mean
from tinyalex.training.listener import Listener
from tinyalex.training.loop import Loop
from tinyalex.training.metrics import MetricsFile
from tinyalex.training.setup import Parts, assemble, too_large
from tinyalex.training.stop import StopSignal
from tinyalex.training.summary import SUMMARY, info, read_summary, summary_of
from tinyalex.training.views import takes_ten_crops, ten_crop_errors

METRICS = "metrics.jsonl"


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
    ten_crops: bool | None = None,
) -> dict[str, Any]:
    """Go on with a run where its checkpoint is.

    With the same settings the result has the same bytes as a run that was never stopped, on any
    number of threads.

    Parameters
    ----------
    run_dir : Path
        The run's folder.
    epochs, backend, threads, workers, ten_crops : optional
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
    if "imported" in config.facts:
        raise RunError(
            f"{folder}: holds imported weights, which no training left: nothing to go on with",
            f"a new run that starts from them: --init-from {folder}",
        )
    changes: dict[str, Any] = {"epochs": epochs, "backend": backend}
    changes |= {"threads": threads, "workers": workers, "ten_crops": ten_crops}
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
        write_json(out / SUMMARY, summary)
    listener.end(summary)
    return summary


def _ten_crops(parts: Parts, stop: Callable[[], bool]) -> dict[str, float] | None:
    """The errors by ten crops, nothing if they are not wanted, None if ``stop()`` came first."""
    recipe = parts.config.recipe
    if not (parts.config.ten_crops and takes_ten_crops(recipe)):
        return {}
    return ten_crop_errors(
        parts.model,
        parts.backend,
        recipe,
        parts.statistics,
        parts.test_loader.split,
        parts.config.batch_size,
        stop,
    )


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
    model = model_of(config)
    facts = config.facts
    model.load_state_dict(checkpoint.weights)
    where = backends.get(backend, threads, precision)
    model.to(where)
    model.eval()
    statistics = data.Statistics.from_arrays(checkpoint.statistics)
    if "image_shape" in facts:
        check_mean(statistics, config.recipe, facts["image_shape"], str(folder))
    return Run(folder, config, model, statistics, list(facts["classes"]), where)


def model_of(config: ResolvedConfig) -> Model:
    """The model of a run that exists, before its weights are loaded.

    Raises
    ------
    CheckpointError
        config.json does not say enough, or its layers are not those of the model now.
    """
    facts = config.facts
    try:
        classes, (C, side, _) = list(facts["classes"]), facts["input_shape"]
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{config.out / configs.FILE}: classes or input_shape missing", "train again"
        ) from error
    model = models.build(
        config.model,
        num_classes=len(classes),
        seed=config.seed,
        init=models.ZEROS,
        dropout=config.recipe.dropout,
        in_channels=C,
        image_size=side,
    )
    check_layers(model, facts.get("layers"), str(config.out))
    return model
