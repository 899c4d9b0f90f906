"""Fetch published weights: checked by the hash that their publisher put into the name."""

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
from tinyalex.files import write_atomic
from tinyalex.weights.tensors import read_pth

if TYPE_CHECKING:
    from rich.progress import Progress


@dataclass(frozen=True)
class Published:
    """Weights on somebody's server.

    Attributes
    ----------
    url : str
    sha256_prefix : str
        First digits of the file's SHA-256. torch.hub writes eight of them into a file's name,
        and checks no more either.
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
    """Where weights are kept: ``weights`` in ``$TINYALEX_DATA``, else in ``~/.cache/tinyalex``."""
    return (Path(root) if root is not None else default_root()) / "weights"


def download(name: str, root: Path | str | None = None, progress: Progress | None = None) -> Path:
    """Download published weights, once.

    Parameters
    ----------
    name : str
        ``"torchvision"``.
    root : path, optional
        See `weights_folder`.
    progress : rich.progress.Progress, optional
        Gets a bar of its own.

    Returns
    -------
    Path
        The file as it was published. It is there whole, with the right hash, or not at all.

    Raises
    ------
    ConfigError
        The name is unknown.
    DataError
        The file cannot be fetched, has another hash, or the folder cannot be written.
    """
    if name not in PUBLISHED:
        raise unknown("weights to download:", name, PUBLISHED)
    import pooch  # slow to import: only where it is needed

    published, folder = PUBLISHED[name], weights_folder(root)
    target = folder / published.file
    temporary = folder / f".{published.file}.{os.getpid()}.tmp"
    wanted = published.sha256_prefix
    by_hand = f"a browser: put {published.url} into {folder}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if target.is_file() and _sha256(target).startswith(wanted):
            return target
        bar = Bar(progress, published.file) if progress is not None else False
        pooch.HTTPDownloader(progressbar=bar)(published.url, str(temporary), None)
        got = _sha256(temporary)
        if not got.startswith(wanted):
            raise DataError(
                f"{published.url}: the file's SHA-256 must begin with {wanted} (got {got[:8]})",
                f"once more later, or {by_hand}",
            )
        temporary.replace(target)
    except OSError as error:  # requests' errors are OSErrors
        raise DataError(f"{published.url}: cannot be fetched ({error})", by_hand) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return target


def convert(path: Path) -> Path:
    """Write a .pth file's tensors beside it as .safetensors, so that PyTorch is needed once.

    Raises
    ------
    BackendError
        PyTorch is not installed.
    """
    beside = path.with_suffix(".safetensors")
    write_atomic(beside, save(read_pth(path)[0], metadata={"format": "pt"}))
    return beside


def find(name: str, root: Path | str | None = None) -> Path:
    """A downloaded file, as .safetensors where it has been converted, or can be.

    Raises
    ------
    ConfigError
        The name is unknown.
    DataError
        It has not been downloaded.
    BackendError
        It is a .pth file still, and PyTorch is not installed.
    """
    if name not in PUBLISHED:
        raise unknown("weights", name, [*PUBLISHED, "a file"])
    path = weights_folder(root) / PUBLISHED[name].file
    if (beside := path.with_suffix(".safetensors")).is_file():
        return beside
    if not path.is_file():
        raise DataError(f"{path}: not downloaded", f"tinyalex weights download {name}")
    try:
        return convert(path)
    except RunError:  # the folder cannot be written: read it as it is
        return path


def is_readable(path: Path) -> bool:
    """Convert a downloaded file if that is possible; whether it can be read from now on."""
    try:
        convert(path)
    except BackendError:
        return False
    return True


def _sha256(path: Path) -> str:
    import pooch

    digest: str = pooch.file_hash(str(path), alg="sha256")
    return digest
