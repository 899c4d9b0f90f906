"""The place of a run's data: recorded as an absolute path, found again when the run has moved."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from tinyalex import data


def data_place(name: str) -> str:
    """The absolute path of the data; names of built-in sets and missing paths stay as they are."""
    if data.is_built_in(name) or not name:
        return name
    path = data.expand(name)
    return os.path.abspath(path) if path.exists() else name


def remembered_place(name: str, recorded_out: str, folder: Path) -> str:
    """Find the data of an older run, whose config.json has relative paths.

    Parameters
    ----------
    name, recorded_out : str
        The data and the run's folder in config.json, relative to the same working folder.
    folder : Path
        Where the run's folder is now.

    Returns
    -------
    str
        ``name`` from the working folder at the time, if that exists; else ``name`` as it is.
    """
    if not name or data.is_built_in(name) or os.path.isabs(name):
        return name
    out, here = PurePath(recorded_out), Path(os.path.abspath(folder))
    if not out.is_absolute() and out.parts and here.parts[-len(out.parts) :] == out.parts:
        path = here.parents[len(out.parts) - 1] / name
        if path.exists():
            return str(path)
    return name
