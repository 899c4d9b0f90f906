"""Download published weights, and check the hash that is part of the file's name."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.numpy import save

from tinyalex.data import default_root
from tinyalex.data.fetch import Bar
from tinyalex.errors import BackendError, DataError, RunError, unknown
from tinyalex.files import sha256, write_atomic
from tinyalex.weights.tensors import read_pth

if TYPE_CHECKING:
    from rich.progress import Progress


@dataclass(frozen=True)
class Published:
    """Weights that can be downloaded.

    Attributes
    ----------
    url : str
    sha256_prefix : str
        First digits of the file's SHA-256. torch.hub puts eight of them into a file's name, and
        checks only these.
    """

    url: str
    sha256_prefix: str

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.url.rpartition("/")[2]


# torchvision/models/alexnet.py: AlexNet_Weights.IMAGENET1K_V1
PUBLISHED = {
    "torchvision": Published(
        "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth", "7be5be79"
    )
}


def weights_folder(root: Path | str | None = None) -> Path:
    """Folder of the downloads: ``weights`` in ``$TINYALEX_DATA``, else in ``~/.cache/tinyalex``."""
    return (Path(root) if root is not None else default_root()) / "weights"


def download(name: str, root: Path | str | None = None, progress: Progress | None = None) -> Path:
    """Download published weights, unless they are there already.

    Parameters
    ----------
    name : str
        ``"torchvision"``.
    root : path, optional
        See `weights_folder`.
    progress : rich.progress.Progress, optional
        Shows a bar for this download.

    Returns
    -------
    Path
        The file as published: complete and with the right hash.

    Raises
    ------
    ConfigError
        The name is unknown.
    DataError
        The file cannot be downloaded, has another hash, or the folder cannot be written.

    Examples
    --------
    >>> download("torch")
    Traceback (most recent call last):
        ...
    tinyalex.errors.ConfigError: unknown weights to download: 'torch'
    Try: 'torchvision', or one of: torchvision
    """
    if name not in PUBLISHED:
        raise unknown("weights to download:", name, PUBLISHED)
    import pooch  # slow to import

    published, folder = PUBLISHED[name], weights_folder(root)
    target = folder / published.file
    temporary = folder / f".{published.file}.{os.getpid()}.tmp"
    wanted = published.sha256_prefix
    by_hand = f"download {published.url} with a browser and put it into {folder}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if target.is_file() and sha256(target).startswith(wanted):
            return target
        bar = Bar(progress, published.file) if progress is not None else False
        pooch.HTTPDownloader(progressbar=bar)(published.url, str(temporary), None)
        got = sha256(temporary)
        if not got.startswith(wanted):
            raise DataError(
                f"{published.url}: the file's SHA-256 must begin with {wanted} (got {got[:8]})",
                f"again later, or {by_hand}",
            )
        temporary.replace(target)
    except OSError as error:  # requests' errors are OSErrors
        raise DataError(f"{published.url}: cannot be downloaded ({error})", by_hand) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return target


def convert(path: Path) -> Path:
    """Convert a .pth file to .safetensors in the same folder: PyTorch is then needed only once.

    Raises
    ------
    BackendError
        PyTorch is not installed.
    """
    converted = path.with_suffix(".safetensors")
    write_atomic(converted, save(read_pth(path)[0], metadata={"format": "pt"}))
    return converted


def find(name: str, root: Path | str | None = None) -> Path:
    """The path of downloaded weights, converted to .safetensors if possible.

    Parameters
    ----------
    name : str
        ``"torchvision"``.
    root : path, optional
        See `weights_folder`.

    Raises
    ------
    ConfigError
        The name is unknown.
    DataError
        They have not been downloaded.
    BackendError
        They are not converted yet, and PyTorch is not installed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     find("torchvision", root)
    Traceback (most recent call last):
        ...
    tinyalex.errors.DataError: ...alexnet-owt-7be5be79.pth: not downloaded
    Try: tinyalex weights download torchvision
    """
    if name not in PUBLISHED:
        raise unknown("weights", name, [*PUBLISHED, "a file"])
    path = weights_folder(root) / PUBLISHED[name].file
    if (converted := path.with_suffix(".safetensors")).is_file():
        return converted
    if not path.is_file():
        raise DataError(f"{path}: not downloaded", f"tinyalex weights download {name}")
    try:
        return convert(path)
    except RunError:  # the folder cannot be written
        return path


def is_readable(path: Path) -> bool:
    """Convert a downloaded file if PyTorch is installed; returns whether it can be read."""
    try:
        convert(path)
    except BackendError:
        return False
    return True
