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
FILES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
NAMES_100 = "fine_label_names.txt"  # of CIFAR-100

RECORDS = 10_000  # images per file; CIFAR-100's training file has five times as many
PIXELS = 3 * 32 * 32  # bytes of an image: the red, the green and the blue plane
MOST_MEMBERS = 1000  # of an archive; the official ones have nine
_FIRST_MEMBERS = 20
_MOST_NAMES = 1 << 16  # bytes of the list of names

_GET = "tinyalex data download cifar10, or --data FOLDER with cifar-10-batches-bin in it"


@dataclass(frozen=True)
class _Version:
    """How one of the two data sets is stored."""

    name: str
    folder: str
    archive: str
    files: dict[str, int]  # size in units of `RECORDS`; the last is the test file
    label_bytes: int  # bytes of a record before its pixels; the last of them is the label
    get: str  # what to try if the data set is missing or damaged
    python_folder: str
    python_files: tuple[str, ...]

    @property
    def wanted(self) -> list[str]:
        return [*self.files, *([NAMES_100] if self is _HUNDRED else [])]

    def size(self, file: str) -> int | None:
        """Bytes that a file must have; None for the list of names."""
        if file not in self.files:
            return None
        return self.files[file] * RECORDS * (self.label_bytes + PIXELS)


_TEN = _Version(
    "cifar10",
    FOLDER,
    ARCHIVE,
    dict.fromkeys(FILES, 1),
    1,
    _GET,
    "cifar-10-batches-py",
    ("data_batch_1", "test_batch"),
)
_HUNDRED = _Version(
    "cifar100",
    "cifar-100-binary",
    "cifar-100-binary.tar.gz",
    {"train.bin": 5, "test.bin": 1},
    2,  # the coarse label, then the fine one
    "cifar-100-binary.tar.gz, of https://www.cs.toronto.edu/~kriz/cifar.html",
    "cifar-100-python",
    ("train", "test", "meta"),
)


def find_cifar10(place: Path) -> Path | None:
    """Find CIFAR-10 at or just below ``place``: the folder of .bin files, or the archive."""
    return _find(place, _TEN, FILES)


def whole_cifar10(place: Path) -> Path | None:
    """Find the folder of .bin files at or just below ``place``, if all of CIFAR-10 is in it."""
    source = find_cifar10(place)
    return source if source is not None and _is_whole(source, _TEN) else None


def find_cifar(place: Path) -> Path | None:
    """Find CIFAR-10 or CIFAR-100 at or just below ``place``.

    Raises
    ------
    DataError
        ``place`` holds the Python version, which is made of pickles: they can run any program.
        Or ``place`` is another archive.
    """
    source = find_cifar10(place) or _find(place, _HUNDRED, [NAMES_100])
    if source is not None and source.is_file() and not _may_be_cifar(source):
        raise packed_up(source)
    if source is None:
        _refuse_python_version(place)
    return source


def _find(place: Path, version: _Version, signs: list[str]) -> Path | None:
    if place.is_file():
        return place if place.name.endswith((".tar.gz", ".tgz", ".tar")) else None
    archive = place / version.archive
    for folder in (place, place / version.folder):
        if any((folder / name).is_file() for name in signs):
            # Unpacking may have been interrupted: then the archive is still good.
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
    for version in (_TEN, _HUNDRED):
        archive = place / version.archive.replace("binary", "python")
        copies = [archive] if archive.is_file() else []
        for folder in (place / version.python_folder, place):
            if all((folder / name).is_file() for name in version.python_files):
                copies.insert(0, folder)
        if copies:
            raise DataError(
                f"{copies[0]}: {version.name} in its Python version, which is made of pickles and"
                " never loaded here",
                f"the binary version: {version.get}",
            )


def load_cifar10(place: Path) -> Dataset:
    """Load CIFAR-10 into memory: 50,000 training and 10,000 test images, 184 MB.

    Parameters
    ----------
    place : Path
        ``cifar-10-batches-bin``, the archive ``cifar-10-binary.tar.gz``, or a folder with one of
        them in it.

    Returns
    -------
    Dataset
        uint8 (32, 32, 3), ten classes.

    Raises
    ------
    DataError
        There is no CIFAR-10, a file is missing, has another size or holds a label above 9, or
        the archive is damaged.

    Notes
    -----
    Layout: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
    """
    source = find_cifar10(place)
    if source is None:
        _refuse_python_version(place)
        raise DataError(f"cifar10: not found at {place}", _GET)
    return _load(source, _TEN)


def load_cifar(source: Path) -> Dataset:
    """Load what `find_cifar` has found: CIFAR-10, or CIFAR-100 with its hundred fine classes."""
    is_hundred = _holds_hundred(source) if source.is_file() else (source / NAMES_100).is_file()
    return _load(source, _HUNDRED if is_hundred else _TEN)


def _load(source: Path, version: _Version) -> Dataset:
    counts = {name: n * RECORDS for name, n in version.files.items()}
    *_, n_test = counts.values()
    images = np.empty((sum(counts.values()), 32, 32, 3), np.uint8)  # training images first
    labels = np.empty(len(images), np.int64)
    first = dict(zip(counts, itertools.accumulate(counts.values(), initial=0), strict=False))
    digests, classes = {}, CLASSES
    read = _from_folder if source.is_dir() else _from_archive
    for name, content in read(source, version):
        digests[name] = hashlib.sha256(content).hexdigest()
        if name == NAMES_100:
            classes = _names(content, source)
            continue
        n = counts[name]
        at = slice(first[name], first[name] + n)
        records = np.frombuffer(content, np.uint8).reshape(n, version.label_bytes + PIXELS)
        labels[at] = records[:, version.label_bytes - 1]
        check_labels(labels[at], n, 100 if version is _HUNDRED else 10, f"{source}: {name}")
        pixels = records[:, version.label_bytes :]
        images[at] = pixels.reshape(n, 3, 32, 32).transpose(0, 2, 3, 1)
    return from_arrays(
        version.name,
        classes,
        (images[:-n_test], labels[:-n_test]),
        (images[-n_test:], labels[-n_test:]),
        hashlib.sha256("".join(digests[name] for name in counts).encode()).hexdigest(),
    )


def _names(content: bytes, source: Path) -> list[str]:
    names = content.decode("utf-8", "replace").split()
    if len(names) != 100 or len(set(names)) != 100:
        raise DataError(
            f"{source}: {NAMES_100} must name 100 classes (got {len(set(names))})", _HUNDRED.get
        )
    return names


def _check_size(where: str, size: int, name: str, version: _Version) -> None:
    wanted = version.size(name)
    if wanted is None and size <= _MOST_NAMES:
        return
    if size != wanted:
        raise DataError(
            f"{where}: {wanted or _MOST_NAMES:,} bytes expected (got {size:,})",
            "the binary version is needed, and all of it: " + version.get,
        )


def _from_folder(folder: Path, version: _Version) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file; sizes are checked before anything is read."""
    for name in version.wanted:
        path = folder / name
        if not path.is_file():
            raise DataError(f"{version.name}: {name} is missing in {folder}", version.get)
        _check_size(str(path), path.stat().st_size, name, version)
    for name in version.wanted:
        path = folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error})") from error
        _check_size(str(path), len(content), name, version)
        yield name, content


def _holds_hundred(path: Path) -> bool:
    """Whether an archive is CIFAR-100's, by the folder of the first file in it."""
    with _opened(path, _GET) as (_, members):
        first = next(members, None)
        return first is not None and first.name.startswith(f"{_HUNDRED.folder}/")


def _may_be_cifar(path: Path) -> bool:
    """Whether an archive is one of CIFAR's, by its name or the names of its first files."""
    if path.name.startswith("cifar-10"):
        return True
    try:
        with _opened(path, _GET) as (_, members):
            names = [member.name for member in itertools.islice(members, _FIRST_MEMBERS)]
    except DataError:
        return False
    known = {*_TEN.files, *_HUNDRED.files}
    return any(name.startswith("cifar-10") or PurePosixPath(name).name in known for name in names)


def _from_archive(path: Path, version: _Version) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file in the archive; nothing is written to disk."""
    seen: set[str] = set()
    with _opened(path, version.get) as (archive, members):
        for member in members:
            *folders, name = PurePosixPath(member.name).parts or [""]
            if len(folders) > 1 or name not in version.wanted:
                continue
            where = f"{path}: {member.name}"
            if not member.isreg():
                raise DataError(f"{where} is a link or a device, not a file", version.get)
            if name in seen:
                raise DataError(f"{path}: {name} is there twice", version.get)
            _check_size(where, member.size, name, version)
            stream = archive.extractfile(member)
            content = stream.read(member.size) if stream else b""
            _check_size(where, len(content), name, version)
            seen.add(name)
            yield name, content
    if missing := [name for name in version.wanted if name not in seen]:
        raise DataError(f"{path}: {', '.join(missing)} missing", version.get)


@contextlib.contextmanager
def _opened(path: Path, get: str) -> Iterator[tuple[tarfile.TarFile, Iterator[tarfile.TarInfo]]]:
    """Open an archive, with an iterator over its members that are not folders."""

    def members() -> Iterator[tarfile.TarInfo]:
        for count, member in enumerate(archive):
            if count >= MOST_MEMBERS:
                raise DataError(f"{path}: more than {MOST_MEMBERS} members", get)
            if not member.isdir():
                yield member

    try:
        with tarfile.open(path, "r:*") as archive:
            yield archive, members()
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DataError(f"{path}: not a whole .tar.gz file ({error})", get) from error
