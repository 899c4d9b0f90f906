"""Writes files atomically: after a crash or a kill the old file is there, or the new one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from tinyalex.errors import RunError, TinyalexError


def write_atomic(
    path: Path,
    data: bytes | Iterable[bytes | memoryview],
    error_type: type[TinyalexError] = RunError,
) -> None:
    """Write ``data``, or its pieces, to a temporary file; then rename it to ``path``.

    Raises
    ------
    RunError, or ``error_type``
        The file cannot be written (folder not writable, disk full). An older file at ``path`` is
        untouched.
    """
    with replacing(path, error_type) as file:
        for piece in [data] if isinstance(data, bytes) else data:
            _write(file, piece)


@contextlib.contextmanager
def replacing(path: Path, error_type: type[TinyalexError] = RunError) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces ``path`` at the end of the ``with`` block.

    Raises
    ------
    RunError, or ``error_type``
        As in `write_atomic`. After any error in the block the temporary file is removed and
        ``path`` is untouched.
    """
    if not path.name:
        raise error_type(f"{str(path)!r} is not the name of a file", "add a file's name")
    temporary = path.with_name(temporary_name(path.name))
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if not isinstance(error, OSError):
            raise
        raise error_type(
            f"{path}: cannot be written ({error.strerror or error}); an older file is untouched",
            "free some space or choose another folder",
        ) from error


def temporary_name(name: str, process: int | str | None = None) -> str:
    """Temporary name of the file ``name`` while this process (or ``"*"``: any) writes it."""
    return f".{name}.{os.getpid() if process is None else process}.tmp"


def remove_leftovers(folder: Path, names: Iterable[str] = ()) -> None:
    """Remove temporary files of processes that were killed while they wrote.

    Parameters
    ----------
    folder : Path
    names : iterable of str
        Files that no other process writes now. Temporary files of other names are removed only if
        their process has ended.
    """
    for path in folder.glob(temporary_name("*", "*")):
        if found := re.fullmatch(r"\.(.+)\.(\d{1,10})\.tmp", path.name):
            name, process = found.groups()
            if name in names or not is_running(int(process)):
                with contextlib.suppress(OSError):
                    path.unlink()


def is_running(process: int) -> bool:
    """Whether a process of this machine is there; on Windows always True."""
    if os.name == "nt":
        return True  # signal 0 would be Ctrl-C there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True


def write_json(path: Path, content: Any, error_type: type[TinyalexError] = RunError) -> None:
    """Write ``content`` as indented JSON, atomically."""
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    write_atomic(path, text.encode(), error_type)


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(file: BinaryIO, data: bytes | memoryview) -> None:
    file.write(data)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut; Windows cannot open folders and does not need it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
