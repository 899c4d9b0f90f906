"""Where data sets are kept, and paths as people write them."""

from __future__ import annotations

import os
from pathlib import Path

from tinyalex.errors import DataError

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
