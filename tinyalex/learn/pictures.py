"""Where a lesson's pictures go: into a file as a script, under the cell in a notebook."""

from __future__ import annotations

import importlib
import io
import os
import sys
from pathlib import Path
from typing import Any

from tinyalex.errors import ConfigError
from tinyalex.files import write_atomic

FOLDER_VARIABLE = "TINYALEX_LESSON_PICTURES"
DPI = 110


def show(figure: Any, name: str) -> Path | None:
    """Show a picture: in a notebook under the cell, else as a PNG whose path is printed.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made with ``Figure(...)``, not with pyplot, so that nothing needs a screen.
    name : str
        Letters, digits and hyphens: ``02-edges`` becomes ``02-edges.png`` in the folder that
        ``TINYALEX_LESSON_PICTURES`` names, by default ``lesson-pictures``.

    Returns
    -------
    Path or None
        The file; None in a notebook.

    Raises
    ------
    ConfigError
        The name could leave the folder.
    RunError
        The file cannot be written.
    """
    if not name.replace("-", "").isalnum():
        raise ConfigError(f"show: not a picture's name: {name!r}", "letters, digits and hyphens")
    if _in_notebook():
        importlib.import_module("IPython.display").display(figure)
        return None
    folder = Path(os.environ.get(FOLDER_VARIABLE, "") or "lesson-pictures")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    image = io.BytesIO()
    figure.savefig(image, dpi=DPI, format="png", bbox_inches="tight")
    write_atomic(path, image.getvalue())
    print(f"picture: {path}")
    return path


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
