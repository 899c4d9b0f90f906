"""The installed files that verdicts depend on: the same before and after a class is judged."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import importlib.util
from pathlib import Path

from tinyalex.errors import ConfigError
from tinyalex.learn.places import PACKAGE, lessons_folder

LIBRARIES = ("numpy", "hypothesis", "numba", "llvmlite")


def checked() -> dict[str, str]:
    """The state of all files; raises ConfigError if a file is not the one that was installed.

    The package's files are compared with the hashes of its wheel. A clone has none.
    """
    try:
        files = importlib.metadata.distribution("tinyalex").files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if file.hash is not None and path.suffix == ".py" and path.is_relative_to(PACKAGE):
            digest = hashlib.new(file.hash.mode, path.read_bytes()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
                raise ConfigError(f"{path} is not the file that was installed", "install it again")
    return _state()


def check_unchanged(before: dict[str, str]) -> None:
    """Raise ConfigError if a file has changed, come or gone since ``before``."""
    after = _state()
    changed = sorted(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ConfigError(
            f"{changed[0]}{more} changed while answers were judged: no verdict counts",
            "install tinyalex again, and grade in a container",
        )


def _state() -> dict[str, str]:
    """Hashes of the package's files; size and times of the libraries' files."""
    found = {}
    for folder in (PACKAGE, lessons_folder()):
        for path in folder.rglob("*.py"):
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    for name in LIBRARIES:
        spec = importlib.util.find_spec(name)
        for place in spec.submodule_search_locations or () if spec else ():
            for path in Path(place).rglob("*"):
                if path.suffix in (".py", ".so", ".pyd", ".dylib"):
                    status = path.stat()
                    found[str(path)] = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
    return found
