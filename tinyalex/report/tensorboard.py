"""A run's curves and filters for TensorBoard."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tinyalex.errors import ConfigError
from tinyalex.extras import install
from tinyalex.report.sheet import filters_sheet
from tinyalex.runs import film
from tinyalex.training import Listener

FOLDER = "tensorboard"  # in the run's folder; one `tensorboard --logdir runs` shows all runs


class TensorBoard(Listener):
    """Writes an event file while a run trains: scalars by step, filters by epoch.

    Raises
    ------
    ConfigError
        tensorboardX, of the extra ``tensorboard``, is not installed.
    """

    def __init__(self) -> None:
        try:
            import tensorboardX
        except ImportError as error:
            raise ConfigError(
                "TensorBoard's files are written with tensorboardX, which is not installed",
                install("tensorboard"),
            ) from error
        self._writer_type = tensorboardX.SummaryWriter

    def start(self, info: dict[str, Any]) -> None:
        """Open the file. What an earlier process wrote after the run's checkpoint is superseded."""
        self._run, self._steps = Path(info["out"]), info["steps_per_epoch"]
        self._logged = begun = info["epoch"] * self._steps + info["step"]
        self._shown = info["epoch"] or -1  # the last epoch whose filters are written
        folder = str(self._run / FOLDER)
        # The package names its files by the second: a run resumed at once needs a name of its own.
        purge = begun + 1 if begun else None
        self._writer = self._writer_type(folder, purge_step=purge, filename_suffix=f".{begun}")

    def step(self, record: dict[str, Any]) -> None:
        """Loss, error, learning rate and speed since the last log line."""
        at = (record["epoch"] - 1) * self._steps + record["step"]
        if at == self._logged:  # told of twice
            return
        self._logged = at
        names = {"loss": "training/loss", "error": "training/error", "lr": "learning_rate"}
        for key, name in {**names, "images_per_second": "images_per_second"}.items():
            self._writer.add_scalar(name, record[key], at)

    def epoch(self, record: dict[str, Any]) -> None:
        """Loss and errors on the test images; the filters."""
        at = record["epoch"] * self._steps
        for name in ("loss", "error", "top5_error"):
            self._writer.add_scalar(f"test/{name}", record[f"test_{name}"], at)
        self._filters()
        self._writer.flush()

    def end(self, summary: dict[str, Any]) -> None:
        """Close the file."""
        self._writer.close()

    def _filters(self) -> None:
        """Those of all epochs that are new, at first also the initial ones."""
        kept = film.read(self._run)
        if kept is None:
            return
        for epoch, frame in zip(kept.epochs, kept.filters, strict=True):
            if epoch <= self._shown:
                continue
            self._shown = int(epoch)
            with Image.open(io.BytesIO(filters_sheet(frame, kept.groups))) as picture:
                factor = max(1, 400 // picture.width)
                size = picture.width * factor, picture.height * factor
                pixels = np.asarray(picture.convert("RGBA").resize(size, Image.Resampling.NEAREST))
            at = self._shown * self._steps
            self._writer.add_image("filters", pixels, at, dataformats="HWC")
