"""Where a run's data lie: remembered as a whole path, found again when a run has moved."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from tinyalex import data


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
