"""Runs whose data have moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tinyalex import data
from tinyalex.errors import RunError
from tinyalex.runs.config import ResolvedConfig
from tinyalex.runs.places import data_place


def in_place(config: ResolvedConfig, name: str | None, root: Path | None) -> ResolvedConfig:
    """A run's settings with the place of the data now: ``name`` and ``root``, if not None.

    Raises RunError if no place is given, and the data are not where they were.
    """
    if root is not None:
        config = replace(config, data_root=Path(root).absolute())
    if name is not None:
        return replace(config, data=data_place(name))
    if data.is_built_in(config.data) or (config.data and data.expand(config.data).exists()):
        return config
    if "imported" in config.facts:
        raise RunError(
            f"{config.out}: imported weights come without data (theirs was {config.data})",
            "--data FOLDER, with images of the network's classes",
        )
    raise RunError(
        f"{config.out}: the run's data was {config.data}: not there",
        f"`tinyalex train --resume {config.out} --data FOLDER` notes where it is now",
    )
