"""Every file that was handed in, in folders and in .zip archives; none is left out silently.

Nothing is unpacked: a file in an archive is read into memory when it is judged. Links are listed
and never followed.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tinyalex.learn.grader import filenames, source
from tinyalex.learn.grader.verdict import AnswerError, Outcome

MAX_DEPTH = 8  # levels of folders that are searched
MAX_FILES = 2000  # per student
MAX_ZIP = 64 << 20  # bytes
MAX_READ = 1 << 20  # bytes of an archive at once, so also of its table of contents
A_LINK = "a link, not read"
# What systems and tools leave behind: not listed; and folders that are listed, not looked into.
JUNK = {".ds_store", "thumbs.db", "desktop.ini", "__macosx", ".tinyalex-milestones.json"}
TOOLS = {"__pycache__", "node_modules", "site-packages", "venv"}


@dataclass(frozen=True)
class File:
    """A file that was handed in.

    Attributes
    ----------
    shown : str
        Its path from the student's folder, as the teacher reads it: ``hw.zip/week4/06_relu.py``.
    path : Path
        The file on the disk, or the archive that it is in.
    member : int, optional
        Its number in the archive.
    why : str
        Why it is not read; empty if it can be.
    """

    shown: str
    path: Path
    member: int | None = None
    why: str = ""

    @property
    def name(self) -> str:
        return PurePosixPath(self.shown).name

    def content(self) -> bytes:
        """Its bytes.

        Raises
        ------
        AnswerError
            It cannot be read, or is too large.
        """
        if self.why:
            raise AnswerError(Outcome.UNREADABLE, self.why)
        if self.member is None:
            return source.content_of(self.path)
        content = _unpacked(self.path, self.member, self.name)
        source.check_size(content, self.name)
        return content


def files_in(folder: Path) -> list[File]:
    """All files of a folder and of the folders and .zip archives in it."""
    found: list[File] = []
    for file in _walk(folder, "", 0):
        if len(found) >= MAX_FILES:
            why = f"more than {MAX_FILES:,} files: it and the rest are not looked at"
            found.append(File(file.shown, file.path, why=why))
            break
        found.append(file)
    return found


def file_at(path: Path, shown: str) -> list[File]:
    """A file as a list of one, or what is in it if it is a .zip archive."""
    if is_link(path):
        return [File(shown, path, why=A_LINK)]
    if filenames.is_zip(path.name):
        return _in_zip(path, shown)
    try:
        regular = stat.S_ISREG(path.lstat().st_mode)
    except OSError as error:
        return [File(shown, path, why=f"cannot be read ({error.strerror or error})")]
    return [File(shown, path, why="" if regular else "not a file")]


def is_link(path: Path) -> bool:
    """Whether it is a link, or what Windows calls a junction (Python tells since 3.12)."""
    return path.is_symlink() or bool(getattr(path, "is_junction", bool)())


def is_junk(name: str) -> bool:
    """What macOS and Windows add on their own."""
    return name.lower() in JUNK or name.startswith("._")


def _walk(folder: Path, shown: str, depth: int) -> Iterator[File]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        why = f"its folder cannot be read ({error.strerror or error})"
        yield File(shown or folder.name, folder, why=why)
        return
    for path in paths:
        inside = f"{shown}{path.name}"
        if is_junk(path.name):
            continue
        if is_link(path) or not path.is_dir():
            yield from file_at(path, inside)
        elif path.name.startswith(".") or path.name.lower() in TOOLS:
            yield File(f"{inside}/", path, why="a folder of tools, not looked into")
        elif depth == MAX_DEPTH:
            yield File(f"{inside}/", path, why=f"more than {MAX_DEPTH} folders deep, not read")
        else:
            yield from _walk(path, f"{inside}/", depth + 1)


class _TooMuchAtOnce(Exception):
    pass


class _Bounded(io.BufferedReader):
    """A file of which no more than `MAX_READ` bytes are read at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        to_the_end = size is None or size < 0
        content = super().read(MAX_READ + 1 if to_the_end else min(size or 0, MAX_READ + 1))
        if len(content) > MAX_READ:
            raise _TooMuchAtOnce
        return content


def _open(path: Path) -> BinaryIO:
    file = _Bounded(source.opened(path))
    if file.seek(0, io.SEEK_END) > MAX_ZIP:
        file.close()
        why = f"an archive larger than {MAX_ZIP >> 20} MiB, not read"
        raise AnswerError(Outcome.UNREADABLE, why)
    return file


def _in_zip(path: Path, shown: str) -> list[File]:
    try:
        with _open(path) as file, zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            listed = [
                File(f"{shown}/{_tidy(info.filename)}", path, i, _why_not(info))
                for i, info in enumerate(infos[:MAX_FILES])
                if not info.is_dir() and not _is_junk_inside(info.filename)
            ]
    except AnswerError as error:
        return [File(shown, path, why=error.what)]
    except _TooMuchAtOnce:
        return [File(shown, path, why="an archive of too many files, not read")]
    except OSError as error:
        return [File(shown, path, why=f"cannot be read ({error.strerror or error})")]
    except Exception:  # zipfile has no single error for damaged archives
        return [File(shown, path, why="a damaged archive, or no .zip at all")]
    if len(infos) > MAX_FILES:
        why = f"an archive of more than {MAX_FILES:,} files: the rest is not looked at"
        listed.append(File(shown, path, why=why))
    return listed or [File(shown, path, why="an empty archive")]


def _unpacked(path: Path, member: int, name: str) -> bytes:
    """A file in an archive, read to at most one byte above its limit."""
    most = source.limit(name) + 1
    content = bytearray()
    try:
        with _open(path) as file, zipfile.ZipFile(file) as archive:
            info = archive.infolist()[member]
            if why := _why_not(info):
                raise AnswerError(Outcome.UNREADABLE, why)
            with archive.open(info) as packed:
                while len(content) < most and (piece := packed.read(1 << 16)):
                    content += piece
    except AnswerError:
        raise
    except Exception as error:  # damaged data: zlib.error, BadZipFile, EOFError and others
        raise AnswerError(Outcome.UNREADABLE, f"its archive is damaged ({error})") from None
    return bytes(content[:most])


def _tidy(name: str) -> str:
    """A name from an archive; some programs on Windows write backslashes."""
    return name.replace("\\", "/")


def _is_junk_inside(name: str) -> bool:
    return any(is_junk(part) for part in PurePosixPath(_tidy(name)).parts)


def _why_not(info: zipfile.ZipInfo) -> str:
    """Why a file in an archive is not read; empty if it can be."""
    parts = PurePosixPath(_tidy(info.filename)).parts or ("",)
    if stat.S_ISLNK(info.external_attr >> 16):
        return A_LINK
    if ".." in parts or _tidy(info.filename).startswith("/") or ":" in parts[0]:
        return "its path leads out of the archive, not read"
    if info.flag_bits & 0x1:
        return "encrypted, not read: hand it in without a password"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "packed in an unusual way, not read: make the .zip again"
    if filenames.is_archive(parts[-1]):
        return "an archive in an archive: unpack it"
    if any(part.startswith(".") or part.lower() in TOOLS for part in parts[:-1]):
        return "in a folder of tools, not looked into"
    return ""
