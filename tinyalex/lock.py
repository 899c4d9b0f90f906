"""A lock on a folder, for one process at a time; the operating system frees it if we end."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tinyalex.errors import RunError, TinyalexError

FILE = ".lock"

_SAYS = re.compile(rb"process (\d{1,10}) since ([\d-]{10} [\d:]{8}) for ([a-z ]{1,40})\n")
_FAR = 1 << 30  # Windows locks bytes of a file, which other processes cannot read then


@contextlib.contextmanager
def locked(
    folder: Path,
    work: str,
    error_type: type[TinyalexError] = RunError,
    elsewhere: str = "another folder with --out",
) -> Iterator[None]:
    """Make the folder if it is missing, and lock it.

    At the end, a folder that was made here and is still empty is removed.

    Parameters
    ----------
    folder : Path
    work : str
        What other processes are told, in small letters: "train".
    elsewhere : str
        What to do if the folder cannot be used.

    Raises
    ------
    RunError, or ``error_type``
        Another process uses the folder (the message says which one), or nothing can be written
        to it.
    """
    made = _make(folder, error_type, elsewhere)
    try:
        with _take(folder, error_type, elsewhere) as file:
            try:
                _say(file, work)
                yield
            finally:
                _remove(folder / FILE)
        if os.name == "nt":  # where an open file cannot be removed
            _remove(folder / FILE)
    finally:
        with contextlib.suppress(OSError):  # no longer empty
            for path in made:
                path.rmdir()


def holder(folder: Path) -> str | None:
    """Which process uses the folder, in words; None if none does. Nothing is changed."""
    try:
        file = (folder / FILE).open("rb")
    except OSError:
        return None
    with file:
        return None if _lock(file, shared=True) else _holder(file)


def last_holder(folder: Path) -> tuple[int, str] | None:
    """The process that has the folder's lock and its work, as it wrote them; None if none did.

    The lock itself is not touched. A process that was killed may have left this.
    """
    with contextlib.suppress(OSError), (folder / FILE).open("rb") as file:
        if found := _SAYS.fullmatch(file.read(200)):
            return int(found[1]), found[3].decode()
    return None


def _make(folder: Path, error_type: type[TinyalexError], elsewhere: str) -> list[Path]:
    """Make a folder and its parents; gives those that were missing, the innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot(folder, error, error_type, elsewhere) from error
    return missing


def _take(folder: Path, error_type: type[TinyalexError], elsewhere: str) -> BinaryIO:
    path = folder / FILE
    while True:
        try:
            # The file is not emptied or replaced: another process may hold it.
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        except FileNotFoundError:  # the last holder has just removed the folder that it made
            _make(folder, error_type, elsewhere)
            continue
        except OSError as error:
            raise _cannot(folder, error, error_type, elsewhere) from error
        if not _lock_soon(file):
            with file:
                who = _holder(file)
            raise error_type(
                f"{folder}: {who} is using it",
                f"wait until it has ended, or {elsewhere}",
            )
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # the last holder removed it after we had opened it


def _lock_soon(file: BinaryIO) -> bool:
    """Take the lock; False if another process has it for longer than `holder` needs."""
    for _ in range(3):
        if _lock(file):
            return True
        time.sleep(0.02)
    return False


def _lock(file: BinaryIO, shared: bool = False) -> bool:
    """Take the lock; False if another process has it. Those who only look share it."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(
            file, fcntl.LOCK_SH | fcntl.LOCK_NB if shared else fcntl.LOCK_EX | fcntl.LOCK_NB
        )
    except BlockingIOError:
        return False
    except OSError:
        pass  # a file system without locks
    return True


def _say(file: BinaryIO, work: str) -> None:
    """Write into the file who has the lock, for the messages of others."""
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    with contextlib.suppress(OSError):  # the disk is full
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()} since {since} for {work}\n".encode())
        file.flush()


def _holder(file: BinaryIO) -> str:
    with contextlib.suppress(OSError):
        file.seek(0)
        if found := _SAYS.fullmatch(file.read(200)):
            process, since, work = (part.decode() for part in found.groups())
            return f"process {process} ({work}, since {since})"
    return "another process"


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _cannot(
    folder: Path, error: OSError, error_type: type[TinyalexError], elsewhere: str
) -> TinyalexError:
    return error_type(f"{folder}: cannot be written ({error.strerror or error})", elsewhere)
