"""CIFAR-10 in its official binary version, from a folder or from the .tar.gz as downloaded."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from tinyalex.data.dataset import Dataset, check_labels, from_arrays
from tinyalex.errors import DataError

CLASSES = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
]
FOLDER = "cifar-10-batches-bin"
ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN_FILES = [f"data_batch_{i}.bin" for i in range(1, 6)]
TEST_FILE = "test_batch.bin"
FILES = [*TRAIN_FILES, TEST_FILE]

RECORDS = 10_000  # images a file
RECORD_BYTES = 1 + 3 * 32 * 32  # the label, then the red, the green and the blue plane
MOST_MEMBERS = 1000  # the official archive has nine

_GET = "tinyalex data download cifar10, or --data FOLDER where cifar-10-batches-bin lies"


def default_root() -> Path:
    """Where data sets are kept: ``$TINYALEX_DATA``, else ``~/.cache/tinyalex``."""
    return Path(os.environ.get("TINYALEX_DATA") or Path.home() / ".cache" / "tinyalex")


def find_cifar10(place: Path) -> Path | None:
    """Find CIFAR-10 at or just below ``place``: the folder of .bin files, or the archive."""
    if place.is_file():
        return place if place.name.endswith((".tar.gz", ".tgz", ".tar")) else None
    for folder in (place, place / FOLDER):
        if any((folder / name).is_file() for name in FILES):
            return folder
    archive = place / ARCHIVE
    return archive if archive.is_file() else None


def load_cifar10(place: Path) -> Dataset:
    """Load CIFAR-10 into memory: 50,000 training and 10,000 test images, 184 MB.

    Parameters
    ----------
    place : Path
        ``cifar-10-batches-bin``, a folder that holds it or the archive, or the archive
        ``cifar-10-binary.tar.gz`` itself.

    Returns
    -------
    Dataset
        uint8 (32, 32, 3), ten classes.

    Raises
    ------
    DataError
        Nothing is there, a file is missing, has another size or holds a label above 9, or the
        archive is damaged.

    Notes
    -----
    Layout: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
    """
    found = find_cifar10(place)
    if found is None:
        raise DataError(f"cifar10: not found at {place}", _GET)
    parts = _from_folder(found) if found.is_dir() else _from_archive(found)
    train = np.empty((len(TRAIN_FILES) * RECORDS, 32, 32, 3), np.uint8)
    test = np.empty((RECORDS, 32, 32, 3), np.uint8)
    train_labels = np.empty(len(train), np.int64)
    test_labels = np.empty(len(test), np.int64)
    digests = {}
    for name, content in parts:
        at = slice(0, RECORDS)
        images, labels = test, test_labels
        if name != TEST_FILE:
            first = TRAIN_FILES.index(name) * RECORDS
            at = slice(first, first + RECORDS)
            images, labels = train, train_labels
        records = np.frombuffer(content, np.uint8).reshape(RECORDS, RECORD_BYTES)
        check_labels(records[:, 0], RECORDS, len(CLASSES), f"{found}: {name}")
        labels[at] = records[:, 0]
        images[at] = records[:, 1:].reshape(RECORDS, 3, 32, 32).transpose(0, 2, 3, 1)
        digests[name] = hashlib.sha256(content).hexdigest()
    fingerprint = hashlib.sha256("".join(digests[name] for name in FILES).encode()).hexdigest()
    return from_arrays("cifar10", CLASSES, (train, train_labels), (test, test_labels), fingerprint)


def _check_size(where: str, size: int) -> None:
    wanted = RECORDS * RECORD_BYTES
    if size != wanted:
        raise DataError(
            f"{where}: {wanted:,} bytes expected (got {size:,})",
            "the binary version is needed, and all of it: " + _GET,
        )


def _from_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file; sizes are checked before anything is read."""
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise DataError(f"cifar10: {name} is missing in {folder}", _GET)
        _check_size(str(path), path.stat().st_size)
    for name in FILES:
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise DataError(f"{folder / name}: cannot be read ({error})") from error
        _check_size(str(folder / name), len(content))
        yield name, content


def _from_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file in the archive; nothing is written to disk."""
    seen: set[str] = set()
    try:
        with tarfile.open(path, "r:*") as archive:
            for count, member in enumerate(archive):
                if count >= MOST_MEMBERS:
                    raise DataError(f"{path}: more than {MOST_MEMBERS} members", _GET)
                if not member.isdir():
                    yield from _member(path, archive, member, seen)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DataError(f"{path}: not a whole .tar.gz file ({error})", _GET) from error
    if missing := [name for name in FILES if name not in seen]:
        raise DataError(f"{path}: {', '.join(missing)} missing", _GET)


def _member(
    path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo, seen: set[str]
) -> Iterator[tuple[str, bytes]]:
    parts = PurePosixPath(member.name).parts
    name = parts[-1] if parts else ""
    if len(parts) > 2 or name not in FILES:
        return
    if not member.isreg():
        raise DataError(f"{path}: {member.name} is a link or a device, not a file", _GET)
    if name in seen:
        raise DataError(f"{path}: {name} is there twice", _GET)
    _check_size(f"{path}: {member.name}", member.size)
    stream = archive.extractfile(member)
    content = stream.read(member.size) if stream else b""
    _check_size(f"{path}: {member.name}", len(content))
    seen.add(name)
    yield name, content
