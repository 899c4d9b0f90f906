"""Data sets, augmentation and loading.

dataset = data.load("digits")
statistics = data.statistics(dataset.train)
loader = data.Loader(dataset.train, backends.get("auto"), 128, mean=statistics.mean("image"))
for x, labels in loader: ...
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from tinyalex.data.batches import ArrayLoader, Batches
from tinyalex.data.cifar import find_cifar, load_cifar, load_cifar10
from tinyalex.data.dataset import Dataset, Split, check_labels, from_arrays, stratified_split
from tinyalex.data.decode import read_image
from tinyalex.data.digits import load_digits, load_moved_digits
from tinyalex.data.fetch import download
from tinyalex.data.folder import load_folder
from tinyalex.data.image_statistics import Statistics
from tinyalex.data.loader import Loader
from tinyalex.data.names import NAMES, choose, default_root, expand, is_built_in, no_such_data
from tinyalex.data.packed import is_packed, load_packed
from tinyalex.data.subset import MARK, among, part
from tinyalex.data.summary import Glance, glance, info, statistics
from tinyalex.data.views import nine_views, ten_views
from tinyalex.errors import DataError

__all__ = [
    "ArrayLoader",
    "Batches",
    "Dataset",
    "Glance",
    "Loader",
    "Split",
    "Statistics",
    "among",
    "check_labels",
    "choose",
    "default_root",
    "download",
    "expand",
    "from_arrays",
    "glance",
    "info",
    "is_built_in",
    "is_packed",
    "load",
    "load_packed",
    "nine_views",
    "read_image",
    "statistics",
    "stratified_split",
    "ten_views",
]


def load(
    name: str | Path,
    *,
    root: str | Path | None = None,
    image_size: int | None = None,
    val_fraction: float = 0.2,
    seed: int = 0,
    channels: int | None = None,
    jpeg_decoder: str = "turbo",
    measured: Collection[str] | None = None,
    trained_on: Collection[str] = (),
    run_folder: Path | None = None,
) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    name : str or Path
        ``"digits"``, ``"moved-digits"``, ``"cifar10"``, or a path: a folder with one sub-folder
        per class, a packed data set, or CIFAR-10's or CIFAR-100's own files. A built-in name may
        be followed by parts (`tinyalex.data.subset.part`): ``"cifar10@10000"``,
        ``"cifar10@held-out"``.
    root : path, optional
        Directory of cifar10; by default ``$TINYALEX_DATA``, or ``~/.cache/tinyalex``.
    image_size : int, optional
        Side in pixels. By default 256 for a folder; a packed data set stays as it is stored. The
        built-in sets have their own size and ignore it.
    val_fraction, seed : optional
        Share and choice of the images held out, for a folder without a validation folder.
    channels : int, optional
        3 for RGB, 1 for grey. Images of a folder or of packed data are converted (3 by default);
        the other sets must have this number.
    jpeg_decoder : ``"turbo"``, ``"pillow"`` or ``"nvimgcodec"``
        For packed JPEG files.
    measured, trained_on, run_folder : optional
        For a folder: the classes of a network that is evaluated on it, the fingerprints of the
        data it was trained on, and a run's folder that is not a class; see `load_folder`.

    Returns
    -------
    Dataset
        uint8 images (H, W, C), int64 labels.

    Raises
    ------
    DataError
        The data are missing or damaged, or have another number of channels.
    ConfigError
        There is neither a data set nor a folder of that name, or no such part of it.

    Examples
    --------
    >>> dataset = load("digits")
    >>> len(dataset.train), len(dataset.test), dataset.image_shape
    (1437, 360, (16, 16, 1))
    """
    whole, *parts = str(name).split(MARK)
    if parts and whole in NAMES:
        dataset = load(whole, root=root, channels=channels)
        for text in parts:
            dataset = part(dataset, text)
        return dataset
    if name == "digits":
        dataset = load_digits()
    elif name == "moved-digits":
        dataset = load_moved_digits()
    elif name == "cifar10":
        dataset = load_cifar10(Path(root) if root is not None else default_root())
    elif name and (path := expand(name)).exists():
        C = 3 if channels is None else channels
        held_out: dict[str, Any] = {"val_fraction": val_fraction, "seed": seed}
        if path.is_dir() and is_packed(path):
            return load_packed(path, image_size, C, jpeg_decoder=jpeg_decoder, **held_out)
        if (cifar := find_cifar(path)) is None:
            size = 256 if image_size is None else image_size
            network: dict[str, Any] = {"measured": measured, "trained_on": trained_on}
            return load_folder(path, size, C, **held_out, **network, run_folder=run_folder)
        dataset = load_cifar(cifar)
    else:
        raise no_such_data(str(name))
    C = dataset.image_shape[2]
    if channels is not None and channels != C:
        raise DataError(
            f"{dataset.name}: images have {C} channels, {channels} wanted",
            "a model for these images; see `tinyalex model`",
        )
    return dataset
