"""List the members of a tar archive: only headers are read, and nothing is unpacked.

A member is then read by its offset in the file, in any order and by any process. No file is ever
written to the path that a member's name gives.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tinyalex.errors import DataError

_BLOCK = 512
_CHUNK = 1 << 16  # bytes
_SPECIAL = (b"L", b"K", b"x", b"X", b"g")  # headers about the next member, or all members
_MOST_TEXT = 1 << 20  # bytes of a long name or of a pax header
_AGAIN = "download the archive again, and compare its checksum with the published one"


@dataclass(frozen=True)
class Member:
    """A member of an archive.

    Attributes
    ----------
    name : str
        As the archive spells it; bytes that are not UTF-8 are kept as surrogates.
    offset, size : int
        Place of its content in the outermost file, in bytes.
    refused : str
        Why it must not be used (a link, a device, a name that points outside); "" if it may.
    """

    name: str
    offset: int
    size: int
    refused: str = ""


def members(file: BinaryIO, where: str, start: int = 0, end: int | None = None) -> Iterator[Member]:
    """Yield the members of an archive, or of an archive inside an archive, without folders.

    Parameters
    ----------
    file : binary file
    where : str
        The archive's name, for messages.
    start, end : int
        The archive's bytes in the file: by default all. For an archive inside an archive, its
        ``offset`` and ``offset + size``.

    Raises
    ------
    DataError
        It is not an uncompressed tar archive, or is cut off; or a header is damaged or promises
        more bytes than there are.
    """
    if end is None:
        end = file.seek(0, 2)
    at, special = start, _Special()
    while True:
        file.seek(at)
        block = file.read(min(_BLOCK, max(0, end - at)))
        if len(block) == _BLOCK and not any(block):
            _check_rest(file, where, at, start, end)
            return
        if at == start and (block[:2] == b"\x1f\x8b" or block[:3] in (b"BZh", b"\xfd7z")):
            raise DataError(f"{where}: a compressed archive", "unpack it to a plain .tar")
        if len(block) < _BLOCK:
            if at == start and not block:
                raise DataError(f"{where}: an empty archive", _AGAIN)
            raise DataError(
                f"{where}: cut off at byte {at - start + len(block):,}: the end of an archive is"
                " missing",
                _AGAIN,
            )
        info = _header(block, where, at, start)
        is_special = info.type in _SPECIAL
        offset = at + _BLOCK
        size = info.size if is_special or special.size is None else special.size
        if size < 0 or offset + size > end:
            raise DataError(
                f"{where}: cut off, or a wrong header: {info.name!r} at byte {at - start:,} should"
                f" have {size:,} bytes, {end - offset:,} are left",
                _AGAIN,
            )
        # Links and devices have no content, whatever size their header gives.
        has_content = info.type not in (b"1", b"2", b"3", b"4", b"5", b"6")
        at = offset + (-(-size // _BLOCK) * _BLOCK if has_content else 0)
        if is_special:
            if size > _MOST_TEXT:
                raise DataError(f"{where}: a header of {size:,} bytes at {at - start:,}", _AGAIN)
            file.seek(offset)
            special.read(info.type, file.read(size), where)
            continue
        name = info.name if special.name is None else special.name
        sparse, special = special.sparse or info.type == b"S", _Special()
        if info.type == b"5":
            continue
        yield Member(name, offset, size, _refusal(name, info.type, sparse))


def read_member(file: BinaryIO, offset: int, size: int, where: str) -> bytes:
    """Read a member's bytes; raises DataError if the file has become shorter."""
    file.seek(offset)
    content = file.read(size)
    if len(content) != size:
        raise DataError(f"{where}: the archive has become shorter", _AGAIN)
    return content


def open_archive(path: Path) -> BinaryIO:
    """Open an archive; raises DataError if it cannot be opened."""
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: cannot be opened ({error.strerror or error})") from error


class _Special:
    """What special headers tell about the next member: a long name, its size, whether sparse."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.size: int | None = None
        self.sparse = False

    def read(self, kind: bytes, content: bytes, where: str) -> None:
        if kind == b"L":
            self.name = content.split(b"\0")[0].decode("utf-8", "surrogateescape")
        elif kind in (b"x", b"X"):
            for key, value in _pax(content, where):
                if key == "path":
                    self.name = value
                elif key == "size":
                    if not re.fullmatch("[0-9]{1,18}", value):
                        raise DataError(f"{where}: a member of size {value!r:.40}", _AGAIN)
                    self.size = int(value)
                elif key.startswith("GNU.sparse"):
                    self.sparse = True


def _pax(content: bytes, where: str) -> Iterator[tuple[str, str]]:
    """Yield key and value of each line ``LENGTH KEY=VALUE`` of a pax header."""
    at = 0
    while at < len(content) and content[at]:
        match = re.compile(rb"([0-9]{1,7}) ([^=]+)=").match(content, at)
        length = int(match[1]) if match else 0
        if match is None or at + length > len(content) or length < match.end() - at + 1:
            raise DataError(f"{where}: a damaged pax header", _AGAIN)
        value = content[match.end() : at + length - 1]
        yield match[2].decode("utf-8", "replace"), value.decode("utf-8", "surrogateescape")
        at += length


def _header(block: bytes, where: str, at: int, start: int) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError) as error:
        if at > start:
            message = f"{where}: damaged: no header at byte {at - start:,}"
        else:
            message = f"{where}: not a tar archive"
        raise DataError(f"{message} ({error})", _AGAIN) from error


def _check_rest(file: BinaryIO, where: str, at: int, start: int, end: int) -> None:
    """Raise DataError if data follow the zeros that end an archive: they would be lost silently."""
    file.seek(at)
    while at < end:
        chunk = file.read(min(_CHUNK, end - at))
        if not chunk:
            return
        if any(chunk):
            raise DataError(f"{where}: a hole at byte {at - start:,}: zeros, then data", _AGAIN)
        at += len(chunk)


def _refusal(name: str, kind: bytes, sparse: bool) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    if kind in (b"1", b"2"):
        return "a link, not an image"
    if kind in (b"3", b"4", b"6"):
        return "a device, not an image"
    if sparse:
        return "a sparse member"
    if kind not in (b"0", b"\0", b"7"):
        return f"a member of unknown type {kind!r}"
    if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", name):
        return "a name that points outside of the archive"
    return ""
