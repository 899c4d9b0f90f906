"""The training runs of lesson 13, which lessons 14 and 15 use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tinyalex import recipes, training
from tinyalex.learn.fitting import dataset_name
from tinyalex.training import Listener, RunConfig

FOLDER = Path("lesson-runs")
EPOCHS = {"digits": 14, "cifar10": 4}
LOG_EVERY = 15  # steps between two lines of metrics.jsonl, several times per epoch


def run_config(
    seed: int = 0, epochs: int | None = None, out: Path | str | None = None
) -> RunConfig:
    """The configuration of lesson 13: tiny on moved digits, or cifar-80sec on CIFAR-10.

    Parameters
    ----------
    seed : int
    epochs : int, optional
        By default the lesson's; the learning rate schedule is scaled to them.
    out : path, optional
        The run's folder, by default ``lesson-runs/DATA-seedN`` in the current folder.

    Raises
    ------
    ConfigError
        ``TINYALEX_LESSON_DATA`` is neither ``digits`` nor ``cifar10``.
    """
    name = dataset_name()
    epochs = EPOCHS[name] if epochs is None else epochs
    if name == "cifar10":
        out = out or FOLDER / f"cifar10-seed{seed}"
        return RunConfig(
            name, "cifar-80sec", epochs=epochs, seed=seed, out=Path(out), log_every=LOG_EVERY
        )
    out = out or FOLDER / f"moved-digits-seed{seed}"
    # The crop is 14 of 16 for centred digits; the loss is the lessons', which smooth no labels. A
    # short run learns most if the learning rate drops once, late: after 12 of 14 epochs.
    recipe = replace(
        recipes.get("tiny"),
        image_size=20,
        crop=18,
        label_smoothing=0.0,
        schedule={"kind": "steps", "epochs": (34,), "factor": 0.1},
    )
    return RunConfig(
        "moved-digits", "tiny", recipe, epochs=epochs, seed=seed, out=Path(out), log_every=LOG_EVERY
    )


def trained(seed: int = 0, listener: Listener | None = None) -> Path:
    """The folder of a finished run of lesson 13; trains or resumes it if necessary.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C stopped it; the next call resumes it.
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
