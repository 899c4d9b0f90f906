"""Scripts that call `prepare` without ``if __name__ == "__main__":``.

A spawned worker process runs the script that started it, under another name. Without the guard it
reaches the call of `prepare` there, before it has become a worker.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tinyalex.errors import ConfigError

_NOTE = "TINYALEX_PREPARE_NOTE"  # in the environment of worker processes: "PARENT PATH"


def error() -> ConfigError:
    """The error that tells about the missing guard."""
    return ConfigError(
        "prepare: each worker process runs the script that calls it, and would call it again",
        'put the call under `if __name__ == "__main__":`, or workers=1',
    )


def refuse() -> None:
    """Raise ConfigError in a process that is being spawned.

    A process that `prepare` itself is spawning leaves a note for it instead, and exits.
    """
    # Private, but multiprocessing itself looks here (spawn.py, _check_not_importing_main).
    if not getattr(multiprocessing.current_process(), "_inheriting", False):
        return
    parent, _, note = os.environ.get(_NOTE, "").partition(" ")
    if parent != str(os.getppid()):
        raise error()
    Path(note).touch()  # the parent reads it and reports the error once
    raise SystemExit(1)


@contextlib.contextmanager
def watched() -> Iterator[Callable[[], bool]]:
    """While processes are spawned: gives a function that tells whether one left a note."""
    before = os.environ.get(_NOTE)
    with tempfile.TemporaryDirectory(prefix="tinyalex-") as folder:
        note = Path(folder) / "unguarded"
        os.environ[_NOTE] = f"{os.getpid()} {note}"
        try:
            yield note.exists
        finally:
            if before is None:
                del os.environ[_NOTE]
            else:
                os.environ[_NOTE] = before
