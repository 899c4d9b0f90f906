"""Open a packed data set."""

from __future__ import annotations

import io
from pathlib import Path

from safetensors.numpy import load

from tinyalex.data.dataset import Dataset, stratified_split
from tinyalex.data.folder import check_size
from tinyalex.data.image_statistics import Statistics
from tinyalex.data.packed import format as layout_of
from tinyalex.data.packed.decoders import get_decoder
from tinyalex.data.packed.entries import read_bytes
from tinyalex.data.packed.format import Index
from tinyalex.data.packed.index import AGAIN, read_index
from tinyalex.data.packed.records import DEFAULT_SIDE, Records
from tinyalex.errors import DataError
from tinyalex.files import temporary_name
from tinyalex.typed import check_header


def is_packed(folder: Path) -> bool:
    """Whether a folder holds a packed data set, finished or not, by its files' names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     is_packed(Path(folder))
    False
    """
    records = (folder / layout_of.records_name("train")).is_file()
    shards = next(folder.glob("*-[0-9][0-9][0-9][0-9][0-9].rec"), None) is not None
    if (folder / layout_of.INDEX).is_file():
        return records or shards
    begun = next(folder.glob(temporary_name("*.rec", "*")), None) is not None
    parts = folder / layout_of.PARTS
    return shards or begun or next(parts.glob("*.safetensors"), None) is not None


def load_packed(
    folder: Path,
    image_size: int | None = None,
    channels: int = 3,
    *,
    jpeg_decoder: str = "turbo",
    val_fraction: float = 0.2,
    seed: int = 0,
) -> Dataset:
    """Open a packed data set.

    Parameters
    ----------
    folder : Path
    image_size : int, optional
        Side of the images in pixels; images of another size are scaled (shorter side, bilinear)
        and their centre is cut out, as in `load_folder`. By default images stay as they are
        stored, or have a side of 256 if they are stored in different sizes.
    channels : 3 for RGB, 1 for grey
    jpeg_decoder : ``"turbo"``, ``"pillow"`` or ``"nvimgcodec"``
    val_fraction, seed : optional
        Share and choice of the images held out, if the data set has no validation split.

    Returns
    -------
    Dataset
        uint8 images of one shape (H, W, channels). ``statistics`` are those computed while
        packing, if the images stay as they are stored and the whole training split is used.

    Raises
    ------
    DataError
        Preparing was not finished, an index file is damaged, or a shard has another size. A
        damaged record raises it, with its name, when it is read.
    ConfigError
        The JPEG decoder is unknown or not installed.

    Notes
    -----
    Whenever a record is read, its checksum is checked.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_packed(Path(folder))
    Traceback (most recent call last):
        ...
    tinyalex.errors.DataError: ...
    """
    folder = Path(folder)
    index = read_index(folder)
    layout = index.layout
    check_size(DEFAULT_SIDE if image_size is None else image_size, channels)
    if image_size is None and layout.image_shape is not None:
        shape = (*layout.image_shape[:2], channels)
    else:
        shape = (image_size or DEFAULT_SIDE, image_size or DEFAULT_SIDE, channels)
    decoder = get_decoder(jpeg_decoder) if layout.kind == "jpeg" else None
    splits = {
        split: Records(folder, split, index, shape, decoder).split() for split in index.splits
    }
    train, test = splits["train"], splits.get("val")
    statistics = None
    if test is None:
        chosen, held_out = stratified_split(train.labels, val_fraction, seed)
        train, test = train.subset(chosen), train.subset(held_out)
    elif shape == layout.image_shape:
        statistics = read_statistics(folder, index)
    return Dataset(
        name=folder.resolve().name,
        classes=list(layout.classes),
        train=train,
        test=test,
        image_shape=shape,
        fingerprint=index.fingerprint,
        statistics=statistics,
    )


def read_statistics(folder: Path, index: Index) -> Statistics | None:
    """Read the statistics of the training images, if there are any.

    Raises
    ------
    DataError
        The file is missing or damaged, or holds something else.
    """
    shape = index.layout.image_shape
    if index.statistics_sha256 is None or shape is None:
        return None
    path = folder / layout_of.STATISTICS
    content = read_bytes(path, 4 * shape[0] * shape[1] * 3 + 65_536, index.statistics_sha256)
    check_header(io.BytesIO(content), str(path), DataError, AGAIN)
    try:
        statistics = Statistics.from_arrays(load(content))
    except DataError as error:
        raise DataError(f"{path}: {error.message}", AGAIN) from error
    except Exception as error:  # safetensors raises errors of several kinds
        raise DataError(f"{path}: damaged ({error})", AGAIN) from error
    if (mean := statistics.mean_image.shape) != (3, *shape[:2]):
        raise DataError(f"{path}: mean image {mean}, images {shape}", AGAIN)
    return statistics
