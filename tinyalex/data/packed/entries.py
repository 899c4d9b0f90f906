"""Read the table of records of one split, and check it against the index and the files."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

from tinyalex.data.decode import MOST_PIXELS
from tinyalex.data.file_access import cannot_read
from tinyalex.data.packed import format as layout_of
from tinyalex.data.packed.format import ENTRY, Layout, SplitIndex
from tinyalex.data.packed.index import AGAIN
from tinyalex.errors import DataError

_MOST_HEADER = 4096  # bytes of an .npy file before its records


def read_records(folder: Path, split: str, index: SplitIndex, layout: Layout) -> np.ndarray:
    """Read ``train.records.npy`` or ``val.records.npy``.

    Returns
    -------
    ENTRY (N,): every payload is within its file, and every label is a class

    Raises
    ------
    DataError
        A file is missing or has another size, the table is damaged, or one of its numbers is
        impossible.
    """
    path = folder / layout_of.records_name(split)
    content = read_bytes(path, index.records * ENTRY.itemsize + _MOST_HEADER, index.records_sha256)
    records = _parse(path, content, index.records)
    _check_shards(folder, split, index)
    _check_entries(path, records, index, layout)
    return records


def read_names(folder: Path, split: str, index: SplitIndex) -> list[str]:
    """Read the original names of a split's records.

    Raises
    ------
    DataError
        The file is missing or damaged.
    """
    path = folder / layout_of.names_name(split)
    content = read_bytes(path, index.records * layout_of.MOST_NAME_BYTES, index.names_sha256)
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error})", AGAIN) from error
    if len(lines) != index.records + 1 or lines[-1]:
        raise DataError(f"{path}: {index.records} lines expected (got {len(lines) - 1})", AGAIN)
    return [layout_of.unescape(line) for line in lines[:-1]]


def read_bytes(path: Path, most: int, sha256: str) -> bytes:
    """Read a file of at most ``most`` bytes, and compare its SHA-256.

    Raises
    ------
    DataError
        The file is missing, larger, cannot be read, or has another checksum.
    """
    try:
        if (size := path.stat().st_size) > most:
            raise DataError(f"{path}: {size:,} bytes, at most {most:,} expected", AGAIN)
        content = path.read_bytes()
    except OSError as error:
        raise cannot_read(error, path, AGAIN) from error
    if (got := hashlib.sha256(content).hexdigest()) != sha256:
        raise DataError(f"{path}: damaged (SHA-256 {got}, {sha256} expected)", AGAIN)
    return content


def _parse(path: Path, content: bytes, N: int) -> np.ndarray:
    """Read the records of an .npy file, without allocating memory as its header says."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"version {version}")
        shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    except Exception as error:  # the header is Python source, which may be anything
        raise DataError(f"{path}: not an .npy file ({error})", AGAIN) from error
    rest = len(content) - stream.tell()
    if dtype != ENTRY or shape != (N,) or by_columns or rest != N * ENTRY.itemsize:
        raise DataError(
            f"{path}: {N} records of {ENTRY.itemsize} bytes expected (got {dtype} {shape}, "
            f"{rest} bytes)",
            AGAIN,
        )
    return np.frombuffer(content, ENTRY, N, stream.tell())


def _check_shards(folder: Path, split: str, index: SplitIndex) -> None:
    for i, wanted in enumerate(index.shard_bytes):
        path = folder / layout_of.shard_name(split, i)
        if not path.is_file():
            raise DataError(f"{path}: no such file", AGAIN)
        if (size := path.stat().st_size) != wanted:
            raise DataError(f"{path}: {wanted:,} bytes expected (got {size:,})", AGAIN)


def _check_entries(path: Path, records: np.ndarray, index: SplitIndex, layout: Layout) -> None:
    classes = len(layout.classes)
    labels, sizes = records["label"], records["size"].astype(np.uint64)
    H, W = records["height"].astype(np.int64), records["width"].astype(np.int64)
    counts = np.array(index.shard_records)
    first = np.cumsum(counts) - counts  # of each shard
    shard = np.repeat(np.arange(len(counts)), counts)
    # Payloads are back to back: the sizes before a payload say where it begins.
    before = np.concatenate([np.zeros(1, np.uint64), np.cumsum(sizes, dtype=np.uint64)])
    offsets = before[:-1] - np.repeat(before[first], counts)
    limit = np.repeat(np.array(index.shard_bytes, np.uint64), counts)
    checks = [
        ((labels < 0) | (labels >= classes), f"its label is not in 0 to {classes - 1}"),
        (records["shard"] != shard, "it is in the wrong shard"),
        ((records["offset"] != offsets) | (offsets + sizes > limit), "its offset is wrong"),
        ((sizes == 0) | (H == 0) | (W == 0), "it is empty"),
        (H * W > MOST_PIXELS, f"more than {MOST_PIXELS:,} pixels"),
    ]
    if layout.image_shape is not None:
        wanted = layout.image_shape[:2]
        checks.append(((wanted[0] != H) | (wanted[1] != W), f"its size is not {wanted}"))
    if layout.kind == "raw":
        checks.append((sizes != H * W * 3, "its bytes are not those of its pixels"))
    for wrong, what in checks:
        if wrong.any():
            i = int(np.flatnonzero(wrong)[0])
            raise DataError(f"{path}: record {i}: {what} ({_spell(records[i])})", AGAIN)
    held = before[first + counts] - before[first]
    short = np.flatnonzero(held != np.array(index.shard_bytes, np.uint64))
    if len(short):
        i = int(short[0])
        raise DataError(
            f"{path}: the records of shard {i} have {held[i]:,} bytes, its file "
            f"{index.shard_bytes[i]:,}",
            AGAIN,
        )
    if np.bincount(labels, minlength=classes).tolist() != index.per_class:
        raise DataError(f"{path}: other counts of classes than in {layout_of.INDEX}", AGAIN)


def _spell(entry: np.void) -> str:
    return ", ".join(f"{name} {entry[name]}" for name in ENTRY.names or ())
