"""Errors that a user can cause. A command prints them without a traceback and exits with 2.

Messages name arguments (``epochs must be at least 1``), hints give them a value (``epochs=1``).
Commands print the options in their place (`tinyalex.commands.console.as_options`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TinyalexError(Exception):
    """Base of every error that tinyalex raises on purpose.

    Parameters
    ----------
    message : str
        Where it went wrong, what was wanted and what was got.
    hint : str
        What to do; printed on a separate line after ``Try:``.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nTry: {self.hint}" if self.hint else self.message


class ShapeError(TinyalexError, ValueError):
    """An array has the wrong shape, rank or dtype."""


class BackendError(TinyalexError, RuntimeError):
    """A backend is missing, or this machine cannot run it."""


class DeviceMemoryError(BackendError, MemoryError):
    """The memory of a GPU is full."""


class DataError(TinyalexError, ValueError):
    """A data set, an image file or a label cannot be used."""


class ConfigError(TinyalexError, ValueError):
    """A name, an option or a number is not allowed."""


class CheckpointError(TinyalexError, RuntimeError):
    """A checkpoint or a state dict does not fit, or is damaged."""


class RunError(TinyalexError, RuntimeError):
    """A run's folder cannot be used."""


class DivergedError(TinyalexError, RuntimeError):
    """The loss is no longer a finite number."""


def unknown(kind: str, name: str, known: Iterable[str]) -> ConfigError:
    """Make the error for a name that does not exist; the hint begins with the nearest one.

    Examples
    --------
    >>> print(unknown("model", "alexnt", ["alexnet", "tiny"]))
    unknown model 'alexnt'
    Try: 'alexnet', or one of: alexnet, tiny
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    nearest = f"{near[0]!r}, or " if near else ""
    return ConfigError(f"unknown {kind} {name!r}", f"{nearest}one of: {', '.join(names)}")
