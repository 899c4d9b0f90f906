"""The facts of a run: for its listener at the start, for summary.json at the end."""

from __future__ import annotations

from typing import Any

from tinyalex.training.loop import Loop
from tinyalex.training.setup import Parts


def _common(parts: Parts) -> dict[str, Any]:
    config = parts.config
    return {
        "model": config.model,
        "recipe": config.recipe.name,
        "data": config.facts["data_name"],
        "backend": parts.backend.name,
        "threads": parts.backend.threads,
        "precision": parts.backend.precision,
        "batch_size": config.batch_size,
        "lr": config.scaled_lr,
        "seed": config.seed,
        "parameters": parts.model.count_parameters(),
    }


def info(parts: Parts, loop: Loop) -> dict[str, Any]:
    """What a listener gets before the first step."""
    facts = parts.config.facts
    return {
        **_common(parts),
        "train_images": facts["train_images"],
        "test_images": facts["test_images"],
        "epochs": parts.config.epochs,
        "steps_per_epoch": loop.steps_per_epoch,
        "out": str(parts.config.out),
        "epoch": loop.epoch,
        "step": loop.step,
    }


def summary_of(parts: Parts, loop: Loop, finished: bool) -> dict[str, Any]:
    """The content of summary.json.

    ``wall_seconds`` is the whole run's time, with tests and checkpoints; ``images_per_second`` is
    the speed of its training steps, without compiling.
    """
    last, held = loop.last_epoch, parts.backend.memory_held()
    return {
        "top1_error": last.get("test_error"),
        "top5_error": last.get("test_top5_error"),
        "test_loss": last.get("test_loss"),
        "train_error": last.get("train_error"),
        "train_loss": last.get("train_loss"),
        "images_per_second": round(loop.steps_clock.speed(loop.images_trained), 1),
        "epochs": loop.epoch,
        **_common(parts),
        "gpu_memory_mib": None if held is None else round(held / 2**20, 1),
        "wall_seconds": round(loop.wall_seconds, 1),
        "command": parts.config.command,
        "versions": parts.config.facts["versions"],
        "interrupted": not finished,
    }
