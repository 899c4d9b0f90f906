"""Scripts that call `prepare` without ``if __name__ == "__main__":``.

A worker process that is spawned reads the script that started it, under another name. Without the
guard it comes to `prepare` there, before it has become a worker.
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
    """What to say."""
    return ConfigError(
        "prepare: each worker process reads the script that calls it, and would begin it again",
        'put the call under `if __name__ == "__main__":`, or workers=1',
    )


def refuse() -> None:
    """End a process that is being started; quietly where `prepare` itself is starting it.

    Raises
    ------
    ConfigError
        Somebody else is starting it.
    """
    # Private, but it is how multiprocessing itself finds out (spawn.py, _check_not_importing_main).
    if not getattr(multiprocessing.current_process(), "_inheriting", False):
        return
    parent, _, note = os.environ.get(_NOTE, "").partition(" ")
    if parent != str(os.getppid()):
        raise error()
    Path(note).touch()  # the parent reads it, and says once what is wrong
    raise SystemExit(1)


@contextlib.contextmanager
def watched() -> Iterator[Callable[[], bool]]:
    """While processes are started: gives whether one of them came to `refuse`."""
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
