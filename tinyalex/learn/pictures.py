"""Shows a lesson's pictures: a script writes a file, a notebook shows them under the cell."""

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
    """Show a picture: in a notebook under the cell; otherwise as a PNG file, whose path is printed.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made with ``Figure(...)``, not with pyplot, which needs a screen.
    name : str
        Letters, digits and hyphens: ``02-edges`` becomes ``02-edges.png`` in the folder
        ``TINYALEX_LESSON_PICTURES``, by default ``lesson-pictures``.

    Returns
    -------
    Path or None
        The file; None in a notebook.

    Raises
    ------
    ConfigError
        The name has other characters.
    RunError
        The file cannot be written.
    """
    if not name.replace("-", "").isalnum():
        raise ConfigError(f"show: bad name {name!r}", "use letters, digits and hyphens only")
    image = io.BytesIO()
    figure.savefig(image, dpi=DPI, format="png", bbox_inches="tight")
    if _in_notebook():  # as an image, because a notebook only shows figures of pyplot
        display = importlib.import_module("IPython.display")
        display.display(display.Image(image.getvalue(), alt=name))
        return None
    folder = Path(os.environ.get(FOLDER_VARIABLE, "") or "lesson-pictures")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    write_atomic(path, image.getvalue())
    print(f"picture: {path}")
    return path


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
