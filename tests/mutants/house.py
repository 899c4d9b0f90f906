"""Copies of the repository in which bugs are planted: one for each process that runs tests."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "pyproject.toml",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "CITATION.cff",
)


class House:
    """A copy of what tests need: package, lessons, tests, documents, settings.

    Parameters
    ----------
    folder : Path
        Empty; the copy goes there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        junk = shutil.ignore_patterns("__pycache__", ".hypothesis", ".pytest_cache")
        for name in ("tinyalex", "lessons", "tests", "docs"):
            shutil.copytree(ROOT / name, folder / name, ignore=junk)
        for name in PAGES:
            shutil.copy2(ROOT / name, folder)

    @contextlib.contextmanager
    def planted(self, mutant: Mutant, at: int) -> Iterator[None]:
        """Hold the bug for a while.

        ``at`` becomes the file's time in seconds, another one for each bug: compiled code is
        known by its source's time and size, and none may serve two versions of a file.
        """
        path = self.folder / mutant.file
        before, times = path.read_bytes(), path.stat()
        path.write_bytes(mutant.plant(before.decode("utf-8")).encode("utf-8"))
        os.utime(path, (at, at))
        try:
            yield
        finally:
            path.write_bytes(before)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
