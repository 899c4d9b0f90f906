"""The image files below a class folder: links are followed, no file is found twice."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tinyalex.data.file_access import cannot_read
from tinyalex.data.file_types import is_hidden, is_of_system, suffixes
from tinyalex.data.splits import is_output

OF_SYSTEM = "left by an operating system"
NOT_READ = "not an image by its name"
BROKEN = "a broken link, or not a file"


class Aside(NamedTuple):
    """A file that was left out: its class, its path and the reason."""

    class_name: str
    path: Path
    reason: str


class Walk:
    """Walks through class folders; follows links, but yields no file of a class twice.

    Parameters
    ----------
    aside : list of Aside
        Files that are left out are appended to it.
    splits : list of Path
        The folders of all splits. A link that leads into one of them is not followed.
    run_folder : Path, optional
        The folder of a run, which is skipped.
    """

    def __init__(self, aside: list[Aside], splits: list[Path], run_folder: Path | None) -> None:
        self.aside, self.run_folder = aside, run_folder
        self.roots = [Path(os.path.realpath(split)) for split in splits]
        self.wanted = suffixes()

    def images(self, top: Path, name: str) -> Iterator[Path]:
        """Yield the image files below the folder ``top`` of the class ``name``."""
        here = Path(os.path.realpath(top))
        followed = {here}
        linked: set[str] = set()
        todo = [(top, False)]
        while todo:
            folder, by_link = todo.pop()
            for entry in _entries(folder):
                path = folder / entry.name
                if _ask(entry.is_dir, path):
                    if entry.is_symlink():
                        target = Path(os.path.realpath(path))
                        if self._is_known(target, here, followed):
                            continue
                        followed.add(target)
                    if not is_output(path, self.run_folder):
                        todo.append((path, by_link or entry.is_symlink()))
                elif self._is_image(entry, path, name):
                    if by_link or entry.is_symlink():
                        real = os.path.realpath(path)
                        if real in linked or _is_below(real, here):
                            continue
                        linked.add(real)
                    yield path

    def _is_known(self, target: Path, here: Path, followed: set[Path]) -> bool:
        """Whether the folder that a link leads to is walked through in another way."""
        around = {target, *target.parents}
        return bool(around & {*followed, *self.roots}) or target in here.parents

    def _is_image(self, entry: os.DirEntry[str], path: Path, name: str) -> bool:
        if is_of_system(entry.name):
            reason = OF_SYSTEM
        elif not _ask(entry.is_file, path):
            reason = BROKEN
        elif path.suffix.lower() not in self.wanted:
            reason = NOT_READ
        else:
            return True
        self.aside.append(Aside(name, path, reason))
        return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Entries of a folder, sorted, without hidden ones and an operating system's folders."""
    try:
        with os.scandir(folder) as entries:
            return [
                entry
                for entry in sorted(entries, key=lambda entry: entry.name)
                if not is_hidden(entry.name) and not (is_of_system(entry.name) and entry.is_dir())
            ]
    except OSError as error:
        raise cannot_read(error, folder) from error


def _ask(question: Callable[[], bool], path: Path) -> bool:
    """Ask whether an entry is a file or a folder; a link that leads in a circle is neither.

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
        raise cannot_read(error, path) from error


def _is_below(real: str, here: Path) -> bool:
    """Whether a file is found below a class folder without a link too."""
    path = Path(real)
    return here in path.parents and not any(map(is_hidden, path.relative_to(here).parts))
