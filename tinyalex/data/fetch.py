"""Download a data set from the first mirror that answers, and check its SHA-256."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tinyalex import notice
from tinyalex.data.cifar import ARCHIVE, whole_cifar10
from tinyalex.data.names import default_root
from tinyalex.errors import DataError, unknown

if TYPE_CHECKING:
    from rich.progress import Progress

# SHA-256 and size of the file as its authors publish it (MD5 c32a1d4ab5d03f1284b67883e8d87530 on
# https://www.cs.toronto.edu/~kriz/cifar.html).
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
SIZE = 170_052_171  # bytes
MIRRORS = [
    f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}",
    f"https://cave.cs.toronto.edu/kriz/{ARCHIVE}",
    f"https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/{ARCHIVE}",
]


class Bar:
    """A rich progress bar with the four methods of tqdm's that pooch calls."""

    def __init__(self, progress: Progress, name: str, size: int | None = None) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=size)
        self.total = size

    def update(self, n: int) -> None:
        self._progress.update(self._task, advance=n, total=self.total)

    def reset(self) -> None:
        self._progress.reset(self._task, total=self.total)

    def close(self) -> None:
        """Do nothing: the caller ends the display."""


def download(name: str, root: str | Path | None = None, progress: Progress | None = None) -> Path:
    """Download a data set's archive, unless it is already there; it is not unpacked.

    Parameters
    ----------
    name : ``"cifar10"``
    root : path, optional
        Where to put it; by default ``$TINYALEX_DATA``, or ``~/.cache/tinyalex``.
    progress : rich.progress.Progress, optional
        Shows a bar for the download.

    Returns
    -------
    Path
        The archive with the right checksum; or the folder of .bin files, if it is complete.

    Raises
    ------
    ConfigError
        The name is unknown.
    DataError
        No mirror gave the right file, or the folder cannot be written.

    Examples
    --------
    >>> download("cifar-10")
    Traceback (most recent call last):
        ...
    tinyalex.errors.ConfigError: unknown data set to download 'cifar-10'
    Try: 'cifar10', or one of: cifar10
    """
    if name != "cifar10":
        raise unknown("data set to download", name, ["cifar10"])
    import pooch  # slow to import: only where it is needed

    pooch.get_logger().setLevel("WARNING")
    folder = Path(root) if root is not None else default_root()
    if (there := _already(folder)) is not None:
        notice.tell(f"{there}: already there and complete; nothing is downloaded")
        return there
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be created ({error})", "--data-root FOLDER") from error
    failures = []
    for url in MIRRORS:
        bar = Bar(progress, ARCHIVE, SIZE) if progress is not None else False
        fetch = pooch.HTTPDownloader(progressbar=bar)
        # pooch writes to a temporary file and renames it once the checksum is right.
        try:
            return Path(pooch.retrieve(url, f"sha256:{SHA256}", ARCHIVE, folder, downloader=fetch))
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            failures.append(f"  {url}: {error}")
    raise DataError(
        f"{name}: no mirror gave {ARCHIVE}\n" + "\n".join(failures),
        f"download it with a browser, and put it into {folder}",
    )


def _already(folder: Path) -> Path | None:
    """CIFAR-10, unpacked or as the archive, if it is complete; the folder may be read-only."""
    import pooch

    if (unpacked := whole_cifar10(folder)) is not None:
        return unpacked
    archive = folder if folder.is_file() else folder / ARCHIVE
    try:
        right = archive.stat().st_size == SIZE and pooch.file_hash(str(archive)) == SHA256
    except OSError:  # there is no archive, or it cannot be read
        return None
    return archive if right else None
