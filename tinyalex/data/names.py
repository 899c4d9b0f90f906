"""Names of data sets, as users type them, and where data sets are stored."""

from __future__ import annotations

import os
from pathlib import Path

from tinyalex import notice
from tinyalex.data.subset import MARK
from tinyalex.errors import DataError, TinyalexError, unknown

NAMES = ("digits", "moved-digits", "cifar10")


def choose(name: str) -> str:
    """Read what a user typed: a folder of that name is preferred to the built-in data set.

    Returns
    -------
    str
        The name; for a folder with the name of a built-in set or of a part of one, its path
        (``./digits``), with a warning.

    Examples
    --------
    >>> choose("cifar10@10000")
    'cifar10@10000'
    """
    if name.split(MARK)[0] not in NAMES or not Path(name).is_dir():
        return name
    path = os.path.join(os.curdir, name)
    notice.warn(
        f"{name}: the folder {path} is used, not the built-in data set of that name"
        " (to use that, work in another folder)"
    )
    return path


def is_built_in(name: str) -> bool:
    """Whether a name from `choose` is that of a built-in set or of a part of one.

    Examples
    --------
    >>> is_built_in("cifar10@held-out"), is_built_in("photos")
    (True, False)
    """
    return name.split(MARK)[0] in NAMES


def no_such_data(name: str) -> TinyalexError:
    """The error for a name that is neither a data set's nor a folder's."""
    if not name:
        return DataError("the name of the data is empty", "a data set's name, or a folder")
    if len(Path(name).parts) > 1:
        return DataError(f"{name}: no such folder", "a data set's name, or a folder of images")
    return unknown("data set, and no such folder:", name, NAMES)


VARIABLE = "TINYALEX_DATA"


def default_root() -> Path:
    """The folder of downloaded data sets: ``$TINYALEX_DATA``, or ``~/.cache/tinyalex``.

    Raises
    ------
    DataError
        The variable is not set, and the user has no home folder (as in a container).

    Examples
    --------
    >>> from unittest import mock
    >>> with mock.patch.dict(os.environ, TINYALEX_DATA="sets"):
    ...     default_root().name
    'sets'
    """
    if folder := os.environ.get(VARIABLE):
        return Path(folder)
    try:
        return Path.home() / ".cache" / "tinyalex"
    except RuntimeError:
        raise DataError(
            "the data's folder cannot be found: this user has no home folder (HOME is not set)",
            f"--data-root FOLDER, or {VARIABLE}=FOLDER",
        ) from None


def expand(name: str | os.PathLike[str]) -> Path:
    """A path with ``~`` replaced by the home folder; raises DataError if there is none.

    Examples
    --------
    >>> expand("~/photos") == Path.home() / "photos"
    True
    """
    try:
        return Path(name).expanduser()
    except RuntimeError:  # this user has no home folder, or there is no user of that name
        raise DataError(f"{name}: no such home folder", "the full path, without ~") from None
