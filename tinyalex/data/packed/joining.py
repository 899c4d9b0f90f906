"""Join finished shards to a packed data set."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from tinyalex import files
from tinyalex.data.image_statistics import Statistics
from tinyalex.data.packed import format as layout_of
from tinyalex.data.packed.format import ENTRY, Index, Layout, SplitIndex, escape
from tinyalex.data.packed.index import fingerprint, index_document
from tinyalex.data.packed.writer import sidecar
from tinyalex.errors import DataError
from tinyalex.typed import fields, flag, list_of, open_tensors, parse_json, text, whole

_ABOUT = fields({"version": whole(), "layout": text(64), "bytes": whole(), "measured": flag})
_NAMES = list_of(text())
_ROWS = list_of(list_of(text(), 3))


@dataclass(frozen=True)
class ShardReport:
    """A finished shard: its number of records, of bytes and of rejected images."""

    records: int
    bytes: int
    rejected: int


@dataclass(frozen=True)
class _Shard:
    """The contents of a sidecar: the file that says that a shard is finished."""

    about: dict[str, Any]
    records: np.ndarray
    names: list[str]
    rejected: list[list[str]]  # class, name, reason
    total: np.ndarray | None
    products: np.ndarray | None


def finished_shards(dst: Path, layout: Layout | None = None) -> dict[tuple[str, int], ShardReport]:
    """List the finished shards by split and number.

    Parameters
    ----------
    dst : Path
    layout : Layout, optional
        Refuse shards that were made with another layout.

    Raises
    ------
    DataError
        A shard was made with another layout: preparing began with other options.
    """
    finished = {}
    for path in sorted((Path(dst) / layout_of.PARTS).glob("*.safetensors")):
        split, _, number = path.stem.rpartition("-")
        if split not in layout_of.SPLITS or not (number.isascii() and number.isdigit()):
            continue
        shard = _read_shard(dst, split, int(number))
        if shard is None or path != sidecar(dst, split, int(number)):
            continue
        if layout is not None and shard.about["layout"] != layout.digest():
            raise DataError(
                f"{dst}: preparing it began with other options or other images",
                "the same command as before, or another folder",
            )
        report = ShardReport(len(shard.records), shard.about["bytes"], len(shard.rejected))
        finished[split, int(number)] = report
    return finished


def finish(
    dst: Path,
    layout: Layout,
    shards: dict[str, int],
    rejected: Sequence[tuple[str, str, str, str]] = (),
) -> Index:
    """Join the finished shards to a data set; ``index.json`` is written last.

    Parameters
    ----------
    dst : Path
    layout : Layout
    shards : mapping of split to number of shards
    rejected : sequence of (split, class, name, reason), optional
        Images that were rejected before they came to a shard.

    Returns
    -------
    Index
        The content of ``index.json``.

    Raises
    ------
    DataError
        A shard is missing, or was made with another layout; a split has no record; the disk is
        full.
    """
    dst = Path(dst)
    splits: dict[str, SplitIndex] = {}
    rejections: list[tuple[str, ...]] = list(rejected)
    statistics = None
    for split in layout_of.SPLITS:
        if not shards.get(split):
            continue
        done = [_finished_shard(dst, split, i, layout) for i in range(shards[split])]
        records = np.concatenate([shard.records for shard in done])
        if not len(records):
            raise DataError(f"{dst}: no image of {split} could be used", "see the reasons above")
        content = _npy(records)
        names = "".join(escape(name) + "\n" for shard in done for name in shard.names).encode()
        files.write_atomic(dst / layout_of.records_name(split), content, DataError)
        files.write_atomic(dst / layout_of.names_name(split), names, DataError)
        splits[split] = SplitIndex(
            [len(shard.records) for shard in done],
            [shard.about["bytes"] for shard in done],
            np.bincount(records["label"], minlength=len(layout.classes)).tolist(),
            hashlib.sha256(content).hexdigest(),
            hashlib.sha256(names).hexdigest(),
        )
        rejections += [(split, *row) for shard in done for row in shard.rejected]
        if split == "train" and all(shard.total is not None for shard in done):
            total = sum(shard.total for shard in done if shard.total is not None)
            products = sum(shard.products for shard in done if shard.products is not None)
            measured = Statistics.from_sums(np.asarray(total), np.asarray(products), len(records))
            statistics = save(measured.to_arrays())
            files.write_atomic(dst / layout_of.STATISTICS, statistics, DataError)
    if "train" not in splits:
        raise DataError(f"{dst}: there is no training split")
    rows = [("split", "class", "name", "reason"), *rejections]
    table = "".join("\t".join(map(escape, row)) + "\n" for row in rows).encode()
    files.write_atomic(dst / layout_of.REJECTED, table, DataError)
    index = Index(
        layout,
        splits,
        {split: sum(row[0] == split for row in rejections) for split in splits},
        hashlib.sha256(table).hexdigest(),
        None if statistics is None else hashlib.sha256(statistics).hexdigest(),
        fingerprint="",
    )
    index = replace(index, fingerprint=fingerprint(index))
    files.write_json(dst / layout_of.INDEX, index_document(index), DataError)
    shutil.rmtree(dst / layout_of.PARTS, ignore_errors=True)
    return index


def _finished_shard(dst: Path, split: str, number: int, layout: Layout) -> _Shard:
    shard = _read_shard(dst, split, number)
    name = layout_of.shard_name(split, number)
    if shard is None:
        raise DataError(
            f"{dst}: shard {name} is missing", "`tinyalex data prepare` again: it resumes"
        )
    if shard.about["layout"] != layout.digest():
        raise DataError(f"{dst}: shard {name} was made with other options", "another folder")
    return shard


def _read_shard(dst: Path, split: str, number: int) -> _Shard | None:
    """Read a sidecar; None if it is damaged, or its shard has another size than it says."""
    try:
        with open_tensors(sidecar(dst, split, number), DataError) as file:
            about = parse_json((file.metadata() or {})["about"], _ABOUT, "about", DataError)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        path = Path(dst) / layout_of.shard_name(split, number)
        if about["version"] != layout_of.VERSION or path.stat().st_size != about["bytes"]:
            return None
        shard = _Shard(
            about,
            np.frombuffer(tensors["records"].tobytes(), ENTRY),
            parse_json(tensors["names"].tobytes(), _NAMES, "names", DataError),
            parse_json(tensors["rejected"].tobytes(), _ROWS, "rejected", DataError),
            tensors["total"] if about["measured"] else None,
            tensors["products"] if about["measured"] else None,
        )
        return shard if len(shard.names) == len(shard.records) else None
    except (DataError, OSError, ValueError, KeyError):
        return None


def _npy(records: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, records, version=(1, 0), allow_pickle=False)
    return stream.getvalue()
