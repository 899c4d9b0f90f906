"""Names of the built-in data sets, and what a user means by one."""

from __future__ import annotations

import os
from pathlib import Path

from tinyalex import notice
from tinyalex.data.subset import MARK
from tinyalex.errors import DataError, TinyalexError, unknown

NAMES = ("digits", "moved-digits", "cifar10")


def choose(name: str) -> str:
    """Read what a user typed: a folder of that name comes before the built-in data set.

    Returns
    -------
    str
        The name; of a folder in the working folder that is called as a built-in set, or as a
        part of one, its path (``./digits``), and the user is warned.
    """
    if name.split(MARK)[0] not in NAMES or not Path(name).is_dir():
        return name
    path = os.path.join(os.curdir, name)
    notice.warn(
        f"{name}: the folder {path} is taken, not the built-in data set of that name"
        " (for that one, work in another folder)"
    )
    return path


def is_built_in(name: str) -> bool:
    """Whether a name, `choose` has read it, is that of a built-in set or of a part of one."""
    return name.split(MARK)[0] in NAMES


def no_such_data(name: str) -> TinyalexError:
    """The error for what is neither a data set nor a folder."""
    if not name:
        return DataError("the name of the data is empty", "a data set's name, or a folder")
    if len(Path(name).parts) > 1:
        return DataError(f"{name}: no such folder", "a data set's name, or a folder of images")
    return unknown("data set, and no such folder:", name, NAMES)
