"""Where a run's data lie: remembered as a whole path, found again when a run has moved."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from tinyalex import data
from tinyalex.errors import RunError

if TYPE_CHECKING:
    from tinyalex.training.config import ResolvedConfig


def data_place(name: str) -> str:
    """What a run remembers of its data: a path that holds in every working folder.

    The name of a built-in set, or of something that does not exist, stays as it is.
    """
    if data.is_built_in(name) or not name:
        return name
    path = data.expand(name)
    return os.path.abspath(path) if path.exists() else name


def remembered_place(name: str, recorded_out: str, folder: Path) -> str:
    """Find the data of a run of an older version, which noted a path relative to somewhere.

    Parameters
    ----------
    name : str
        The data, as config.json has them.
    recorded_out : str
        The run's folder, as config.json has it: relative to the same place.
    folder : Path
        Where the run's folder is now.

    Returns
    -------
    str
        The path from where the run was trained, if something is there; else ``name``.
    """
    if not name or data.is_built_in(name) or os.path.isabs(name):
        return name
    out, here = PurePath(recorded_out), Path(os.path.abspath(folder))
    if not out.is_absolute() and out.parts and here.parts[-len(out.parts) :] == out.parts:
        path = here.parents[len(out.parts) - 1] / name
        if path.exists():
            return str(path)
    return name


def in_place(config: ResolvedConfig, name: str | None, root: Path | None) -> ResolvedConfig:
    """A run's settings with the data where they are now.

    Parameters
    ----------
    config : ResolvedConfig
    name, root : optional
        Where the data are, if elsewhere than the run remembers.

    Raises
    ------
    RunError
        Nothing is where the run remembers its data.
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
            "--data FOLDER, with pictures of the network's classes",
        )
    raise RunError(
        f"{config.out}: the run's data was {config.data}: not there",
        "--data says where it is now",
    )
