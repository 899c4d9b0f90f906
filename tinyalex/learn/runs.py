"""The training runs that lesson 13 leaves, and that lessons 14 and 15 look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tinyalex import recipes, training
from tinyalex.learn.fitting import dataset_name
from tinyalex.training import Listener, RunConfig

FOLDER = Path("lesson-runs")
EPOCHS = {"digits": 20, "cifar10": 4}
LINE = 15  # steps between two lines of metrics.jsonl: a listener hears of an epoch's middle


def run_config(
    seed: int = 0, epochs: int | None = None, out: Path | str | None = None
) -> RunConfig:
    """Say how lesson 13 trains: tiny on moved digits, or cifar-80sec on CIFAR-10.

    Parameters
    ----------
    seed : int
    epochs : int, optional
        Other than the lesson's; the steps of the rate move with them.
    out : path, optional
        The run's folder, by default ``lesson-runs/DATA-seedN`` in the current directory.

    Raises
    ------
    ConfigError
        ``TINYALEX_LESSON_DATA`` holds something else than ``digits`` or ``cifar10``.
    """
    name = dataset_name()
    epochs = EPOCHS[name] if epochs is None else epochs
    if name == "cifar10":
        out = out or FOLDER / f"cifar10-seed{seed}"
        return RunConfig(
            name, "cifar-80sec", epochs=epochs, seed=seed, out=Path(out), log_every=LINE
        )
    out = out or FOLDER / f"moved-digits-seed{seed}"
    recipe = replace(recipes.get("tiny"), image_size=20, crop=18)  # 14 of 16 for centred digits
    return RunConfig(
        "moved-digits", "tiny", recipe, epochs=epochs, seed=seed, out=Path(out), log_every=LINE
    )


def trained(seed: int = 0, listener: Listener | None = None) -> Path:
    """Give the folder of a finished run of lesson 13: train it, or go on with it, if need be.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C stopped it; called again, it goes on from there.
    TinyalexError
        As `tinyalex.training.train` and `tinyalex.training.resume`.
    """
    config = run_config(seed).resolved()
    if (config.out / "config.json").exists():
        summary = training.resume(config.out, listener, epochs=config.epochs)
    else:
        summary = training.train(run_config(seed), listener)
    if summary.get("interrupted"):
        raise KeyboardInterrupt
    return config.out
