"""The facts of a run: for its listener at the start, for summary.json at the end."""

from __future__ import annotations

from typing import Any

from tinyalex.training.loop import Loop
from tinyalex.training.setup import Parts


def info(parts: Parts, loop: Loop) -> dict[str, Any]:
    """What a listener gets before the first step."""
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


def summary_of(parts: Parts, loop: Loop, finished: bool) -> dict[str, Any]:
    """The content of summary.json.

    ``wall_seconds`` is the whole run's time, with tests and checkpoints; ``images_per_second`` is
    the speed of its training steps, without compiling.
    """
    config, last, held = parts.config, loop.last_epoch, parts.backend.memory_held()
    return {
        "top1_error": last.get("test_error"),
        "top5_error": last.get("test_top5_error"),
        "test_loss": last.get("test_loss"),
        "train_error": last.get("train_error"),
        "train_loss": last.get("train_loss"),
        "images_per_second": round(loop.steps_clock.speed(loop.images_trained), 1),
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
