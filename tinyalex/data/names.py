"""Names of the built-in data sets, and where data lie."""

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


VARIABLE = "TINYALEX_DATA"


def default_root() -> Path:
    """Where data sets are kept: ``$TINYALEX_DATA``, else ``~/.cache/tinyalex``.

    Raises
    ------
    DataError
        The variable is not set, and the user has no home folder (as in a container).
    """
    named = os.environ.get(VARIABLE)
    return Path(named) if named else _home("the data's folder") / ".cache" / "tinyalex"


def expand(name: str | os.PathLike[str]) -> Path:
    """A path in which ``~`` is the home folder.

    Raises
    ------
    DataError
        There is no such home folder.
    """
    try:
        return Path(name).expanduser()
    except RuntimeError:  # Path knows no home of this user, or no user of that name
        raise DataError(f"{name}: no such home folder", "the whole path, without ~") from None


def _home(what: str) -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise DataError(
            f"{what} cannot be found: this user has no home folder (HOME is not set)",
            f"--data-root FOLDER, or {VARIABLE}=FOLDER",
        ) from None
