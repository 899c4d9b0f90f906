"""Writes the package as a wheel for students: without the reference solutions.

The same files always give the same bytes: fixed order, dates and permissions.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.metadata
import io
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import tinyalex
from tinyalex import files
from tinyalex.errors import ConfigError
from tinyalex.learn.places import PACKAGE, lessons_folder, solutions_folder

TAG = "1students"  # a build tag: tells the file from the teachers' wheel
_CACHES = {".pyc", ".pyo", ".nbi", ".nbc"}
_DATE = (1980, 1, 1, 0, 0, 0)


def write(folder: Path) -> tuple[Path, list[str]]:
    """Write the wheel into a folder; returns its path and the names of the files in it.

    Raises
    ------
    ConfigError
        The package is not installed as this version, or the file cannot be written.
    """
    info = f"tinyalex-{tinyalex.__version__}.dist-info"
    content = dict(_package()) | {f"{info}/{name}": data for name, data in _metadata().items()}
    record = f"{info}/RECORD"
    content[record] = _record(content, record)
    target = folder / f"tinyalex-{tinyalex.__version__}-{TAG}-py3-none-any.whl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror or error}", "another folder") from None
    with files.replacing(target, ConfigError) as file, zipfile.ZipFile(file, "w") as wheel:
        for name, data in content.items():
            member = zipfile.ZipInfo(name, _DATE)
            member.compress_type, member.create_system = zipfile.ZIP_DEFLATED, 3
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            wheel.writestr(member, data)
    return target, list(content)


def _package() -> Iterator[tuple[str, bytes]]:
    """The files of the package and of its lessons, from a clone or from where it is installed."""
    lessons = lessons_folder()
    yield from _files(PACKAGE, "tinyalex")
    if not lessons.is_relative_to(PACKAGE):
        yield from _files(lessons, "tinyalex/lessons")


def _files(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__pycache__" or path.is_symlink():
            continue
        if path.is_dir() and path != solutions_folder():
            yield from _files(path, f"{name}/{path.name}")
        elif path.is_file() and path.suffix not in _CACHES:
            yield f"{name}/{path.name}", path.read_bytes()


def _metadata() -> dict[str, bytes]:
    try:
        installed = importlib.metadata.distribution("tinyalex")
    except importlib.metadata.PackageNotFoundError:
        installed = None
    if installed is None or installed.version != tinyalex.__version__:
        found = f"version {installed.version} is" if installed else "it is not"
        raise ConfigError(
            f"the wheel needs tinyalex {tinyalex.__version__} to be installed; {found} installed",
            "pip install -e . in the clone",
        )
    names = ("METADATA", "entry_points.txt", "licenses/LICENSE")
    texts = {name: installed.read_text(name) for name in names}
    texts["WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: tinyalex exercise student-wheel\n"
        f"Root-Is-Purelib: true\nTag: py3-none-any\nBuild: {TAG}\n"
    )
    return {name: text.encode() for name, text in sorted(texts.items()) if text is not None}


def _record(content: dict[str, bytes], name: str) -> bytes:
    """The list of all files with their hashes and sizes, which pip checks."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    for file, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        table.writerow([file, f"sha256={digest}", len(data)])
    table.writerow([name, "", ""])
    return text.getvalue().encode()
