"""CIFAR-10 and CIFAR-100, their binary versions: a folder, or the .tar.gz as downloaded."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from tinyalex.data.dataset import Dataset, check_labels, from_arrays
from tinyalex.data.splits import packed_up
from tinyalex.errors import DataError

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
FOLDER = "cifar-10-batches-bin"
ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN_FILES = [f"data_batch_{i}.bin" for i in range(1, 6)]
TEST_FILE = "test_batch.bin"
FILES = [*TRAIN_FILES, TEST_FILE]
NAMES_100 = "fine_label_names.txt"  # of CIFAR-100

RECORDS = 10_000  # images in a file; CIFAR-100's training file has five times as many
PIXELS = 3 * 32 * 32  # bytes of a picture: the red, the green and the blue plane
RECORD_BYTES = 1 + PIXELS  # CIFAR-100 has a byte more, for the coarse label
_FIRST_MEMBERS = 20
_MOST_NAMES = 1 << 16  # bytes of the list of names

_GET = "tinyalex data download cifar10, or --data FOLDER where cifar-10-batches-bin lies"


@dataclass(frozen=True)
class _Version:
    """One of the two data sets: its files, and how many bytes of a record come before pixels."""

    name: str
    folder: str
    archive: str
    files: dict[str, int]  # records in each; the last is the test file
    label_bytes: int  # the last of them is the label
    get: str

    def size(self, file: str) -> int | None:
        """Bytes that a file must have; None for the list of names."""
        return self.files[file] * (self.label_bytes + PIXELS) if file in self.files else None

    @property
    def wanted(self) -> list[str]:
        return [*self.files, *([NAMES_100] if self.label_bytes == 2 else [])]


def _ten() -> _Version:
    files = dict.fromkeys(FILES, RECORDS)
    return _Version("cifar10", FOLDER, ARCHIVE, files, 1, _GET)


def _hundred() -> _Version:
    files = {"train.bin": 5 * RECORDS, "test.bin": RECORDS}
    get = "cifar-100-binary.tar.gz, of https://www.cs.toronto.edu/~kriz/cifar.html"
    return _Version("cifar100", "cifar-100-binary", "cifar-100-binary.tar.gz", files, 2, get)


def find_cifar10(place: Path) -> Path | None:
    """Find CIFAR-10 at or just below ``place``: the folder of .bin files, or the archive."""
    return _find(place, _ten(), FILES)


def whole_cifar10(place: Path) -> Path | None:
    """Find the folder of .bin files at or just below ``place``, if all of CIFAR-10 is in it."""
    found = find_cifar10(place)
    return found if found is not None and _is_whole(found, _ten()) else None


def find_cifar(place: Path) -> Path | None:
    """Find CIFAR-10 or CIFAR-100 at or just below ``place``.

    Raises
    ------
    DataError
        The Python version lies there: it is made of pickles, which can run any program. Or
        ``place`` is another archive.
    """
    found = find_cifar10(place) or _find(place, _hundred(), [NAMES_100])
    if found is not None and found.is_file() and not _may_be_cifar(found):
        raise packed_up(found)
    if found is None:
        _refuse_python_version(place)
    return found


def _find(place: Path, version: _Version, signs: list[str]) -> Path | None:
    if place.is_file():
        return place if place.name.endswith((".tar.gz", ".tgz", ".tar")) else None
    archive = place / version.archive
    for folder in (place, place / version.folder):
        if any((folder / name).is_file() for name in signs):
            # Where the unpacking broke off, the archive is as good as ever.
            return archive if archive.is_file() and not _is_whole(folder, version) else folder
    return archive if archive.is_file() else None


def _is_whole(folder: Path, version: _Version) -> bool:
    """Whether a folder has all files, by their names and sizes."""
    for name in version.wanted:
        path = folder / name
        if not path.is_file() or version.size(name) not in (None, path.stat().st_size):
            return False
    return True


def _refuse_python_version(place: Path) -> None:
    for version, folder in ((_ten(), "cifar-10-batches-py"), (_hundred(), "cifar-100-python")):
        batches = (
            ("data_batch_1", "test_batch")
            if version.label_bytes == 1
            else ("train", "test", "meta")
        )
        archive = version.archive.replace("binary", "python")
        for found in (place, place / folder):
            if all((found / name).is_file() for name in batches):
                break
        else:
            found = place / archive
            if not found.is_file():
                continue
        raise DataError(
            f"{found}: {version.name} in its Python version, which is made of pickles and never"
            " loaded here",
            f"the binary version: {version.get}",
        )


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
        _refuse_python_version(place)
        raise DataError(f"cifar10: not found at {place}", _GET)
    return _load(found, _ten())


def load_cifar(found: Path) -> Dataset:
    """Load what `find_cifar` has found: CIFAR-10, or CIFAR-100 with its hundred fine classes."""
    is_hundred = _holds_hundred(found) if found.is_file() else (found / NAMES_100).is_file()
    return _load(found, _hundred() if is_hundred else _ten())


def _load(found: Path, version: _Version) -> Dataset:
    *train_files, test_file = version.files
    train = np.empty((sum(map(version.files.__getitem__, train_files)), 32, 32, 3), np.uint8)
    test = np.empty((version.files[test_file], 32, 32, 3), np.uint8)
    train_labels = np.empty(len(train), np.int64)
    test_labels = np.empty(len(test), np.int64)
    digests, classes = {}, CLASSES
    for name, content in _read(found, version):
        digests[name] = hashlib.sha256(content).hexdigest()
        if name == NAMES_100:
            classes = _names(content, found)
            continue
        n = version.files[name]
        images, labels, at = test, test_labels, slice(0, n)
        if name != test_file:
            first = train_files.index(name) * n
            images, labels, at = train, train_labels, slice(first, first + n)
        records = np.frombuffer(content, np.uint8).reshape(n, version.label_bytes + PIXELS)
        labels[at] = records[:, version.label_bytes - 1]
        count = len(CLASSES) if version.label_bytes == 1 else 100
        check_labels(labels[at], n, count, f"{found}: {name}")
        pixels = records[:, version.label_bytes :]
        images[at] = pixels.reshape(n, 3, 32, 32).transpose(0, 2, 3, 1)
    joined = "".join(digests[name] for name in version.files)
    fingerprint = hashlib.sha256(joined.encode()).hexdigest()
    return from_arrays(
        version.name, classes, (train, train_labels), (test, test_labels), fingerprint
    )


def _names(content: bytes, found: Path) -> list[str]:
    names = content.decode("utf-8", "replace").split()
    if len(names) != 100 or len(set(names)) != 100:
        raise DataError(
            f"{found}: {NAMES_100} must name 100 classes (got {len(set(names))})", _hundred().get
        )
    return names


def _read(found: Path, version: _Version) -> Iterator[tuple[str, bytes]]:
    return _from_folder(found, version) if found.is_dir() else _from_archive(found, version)


def _check_size(where: str, size: int, wanted: int | None, get: str) -> None:
    if wanted is None and size <= _MOST_NAMES:
        return
    if size != wanted:
        raise DataError(
            f"{where}: {wanted or _MOST_NAMES:,} bytes expected (got {size:,})",
            "the binary version is needed, and all of it: " + get,
        )


def _from_folder(folder: Path, version: _Version) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file; sizes are checked before anything is read."""
    for name in version.wanted:
        path = folder / name
        if not path.is_file():
            raise DataError(f"{version.name}: {name} is missing in {folder}", version.get)
        _check_size(str(path), path.stat().st_size, version.size(name), version.get)
    for name in version.wanted:
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise DataError(f"{folder / name}: cannot be read ({error})") from error
        _check_size(str(folder / name), len(content), version.size(name), version.get)
        yield name, content


def _holds_hundred(path: Path) -> bool:
    """Whether an archive is CIFAR-100's, by the folder of the first file in it."""
    with members_of(path, _GET) as members:
        first = next(members, None)
        return first is not None and first[1].name.startswith(f"{_hundred().folder}/")


def _may_be_cifar(path: Path) -> bool:
    """Whether an archive is one of CIFAR's, by its name or the names of its first files."""
    if path.name.startswith("cifar-10"):
        return True
    try:
        with members_of(path, _GET) as members:
            names = [member.name for _, member in itertools.islice(members, _FIRST_MEMBERS)]
    except DataError:
        return False
    known = {*_ten().files, *_hundred().files}
    return any(name.startswith("cifar-10") or PurePosixPath(name).name in known for name in names)


def _from_archive(path: Path, version: _Version) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file in the archive."""
    seen: set[str] = set()
    with members_of(path, version.get) as members:
        for archive, member in members:
            yield from _member(path, archive, member, seen, version)
    if missing := [name for name in version.wanted if name not in seen]:
        raise DataError(f"{path}: {', '.join(missing)} missing", version.get)


def _member(
    path: Path,
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    seen: set[str],
    version: _Version,
) -> Iterator[tuple[str, bytes]]:
    parts = PurePosixPath(member.name).parts
    name = parts[-1] if parts else ""
    if len(parts) > 2 or name not in version.wanted:
        return
    if not member.isreg():
        raise DataError(f"{path}: {member.name} is a link or a device, not a file", version.get)
    if name in seen:
        raise DataError(f"{path}: {name} is there twice", version.get)
    where = f"{path}: {member.name}"
    _check_size(where, member.size, version.size(name), version.get)
    stream = archive.extractfile(member)
    content = stream.read(member.size) if stream else b""
    _check_size(where, len(content), version.size(name), version.get)
    seen.add(name)
    yield name, content


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
