"""Members of a small tar archive, one by one; nothing is written to the disk."""

from __future__ import annotations

import contextlib
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from tinyalex.errors import DataError

MOST_MEMBERS = 1000  # CIFAR's official archives have nine


@contextlib.contextmanager
def members_of(path: Path, get: str) -> Iterator[Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]]:
    """Open an archive: its members, folders left out; nothing is written to disk."""

    def members(archive: tarfile.TarFile) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        for count, member in enumerate(archive):
            if count >= MOST_MEMBERS:
                raise DataError(f"{path}: more than {MOST_MEMBERS} members", get)
            if not member.isdir():
                yield archive, member

    try:
        with tarfile.open(path, "r:*") as archive:
            yield members(archive)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DataError(f"{path}: not a whole .tar.gz file ({error})", get) from error
