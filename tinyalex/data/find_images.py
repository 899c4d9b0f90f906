"""The pictures below a class folder: links are followed, nothing is met twice."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tinyalex.data.file_access import refusal
from tinyalex.data.file_types import is_hidden, is_of_system, suffixes
from tinyalex.data.splits import is_output
from tinyalex.errors import DataError

OF_SYSTEM = "left by an operating system"
NOT_READ = "not a picture by its name"
BROKEN = "a broken link, or not a file"


class Aside(NamedTuple):
    """A file among pictures that is none: its class, its path and why it is left out."""

    class_name: str
    path: Path
    reason: str


class Walk:
    """Reads class folders; follows links, but comes to no file of a class twice."""

    def __init__(self, aside: list[Aside], parts: list[Path], ours: Path | None) -> None:
        self.aside, self.ours = aside, ours
        self.roots = [Path(os.path.realpath(part)) for part in parts]
        self.wanted = suffixes()

    def pictures(self, top: Path, name: str) -> Iterator[Path]:
        """Yield the pictures below a class folder."""
        here = Path(os.path.realpath(top))
        followed = {here}
        linked: set[str] = set()
        todo = [(top, False)]
        while todo:
            folder, by_link = todo.pop()
            for entry in _entries(folder):
                path = folder / entry.name
                if _is_folder(entry, path):
                    if entry.is_symlink():
                        target = Path(os.path.realpath(path))
                        if self._is_known(target, here, followed):
                            continue
                        followed.add(target)
                    if not is_output(path, self.ours):
                        todo.append((path, by_link or entry.is_symlink()))
                elif self._is_picture(entry, path, name):
                    if by_link or entry.is_symlink():
                        real = os.path.realpath(path)
                        if real in linked or (here in Path(real).parents and _is_seen(real, here)):
                            continue
                        linked.add(real)
                    yield path

    def _is_known(self, target: Path, here: Path, followed: set[Path]) -> bool:
        """Whether a link leads to where the walk comes, or has come, by another way."""
        around = {target, *target.parents}
        return bool(around & {*followed, *self.roots}) or target in here.parents

    def _is_picture(self, entry: os.DirEntry[str], path: Path, name: str) -> bool:
        if is_of_system(entry.name):
            reason = OF_SYSTEM
        elif not _is_file(entry, path):
            reason = BROKEN
        elif path.suffix.lower() not in self.wanted:
            reason = NOT_READ
        else:
            return True
        self.aside.append(Aside(name, path, reason))
        return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, sorted, without what is hidden and without a system's folders."""
    try:
        with os.scandir(folder) as entries:
            return [
                entry
                for entry in sorted(entries, key=lambda entry: entry.name)
                if not is_hidden(entry.name) and not (is_of_system(entry.name) and entry.is_dir())
            ]
    except OSError as error:
        reason = error.strerror or str(error)
        raise refusal(error, folder) or DataError(f"{folder}: cannot be read ({reason})") from error


def _is_folder(entry: os.DirEntry[str], path: Path) -> bool:
    return _asked(entry.is_dir, path)


def _is_file(entry: os.DirEntry[str], path: Path) -> bool:
    return _asked(entry.is_file, path)


def _asked(question: Callable[[], bool], path: Path) -> bool:
    """What a file is; a link that leads in a circle is nothing, one that may not be followed told.

    Raises
    ------
    AccessError
        The link leads into a folder that may not be read.
    """
    try:
        return question()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        reason = error.strerror or str(error)
        raise refusal(error, path) or DataError(f"{path}: cannot be read ({reason})") from error


def _is_seen(real: str, here: Path) -> bool:
    """Whether a file below a class folder is met there without a link."""
    return not any(map(is_hidden, Path(real).relative_to(here).parts))
