"""``index.json`` of a packed data set: what it holds, and the checks on reading it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from tinyalex.data.packed.format import (
    INDEX,
    PARTS,
    SPLITS,
    VERSION,
    Index,
    Layout,
    SplitIndex,
    is_count,
    shard_name,
)
from tinyalex.errors import DataError
from tinyalex.typed import read_json

MOST_BYTES = 256 << 20  # ImageNet's index has 100 kB

AGAIN = "`tinyalex data prepare` again, into an empty folder"


def fingerprint(index: Index) -> str:
    """SHA-256 of the layout and of the checksums of all that belongs to the data set."""
    parts: list[Any] = [index.layout.digest(), index.rejected_sha256, index.statistics_sha256]
    for split, part in index.splits.items():
        parts += [split, part.records_sha256, part.names_sha256, part.shard_bytes]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def index_document(index: Index) -> dict[str, Any]:
    """What ``index.json`` holds."""
    return {
        "format": "tinyalex packed images",
        "version": VERSION,
        **index.layout.to_dict(),
        "splits": {
            split: {
                "records": part.records,
                "shards": [
                    {"file": shard_name(split, i), "records": records, "bytes": size}
                    for i, (records, size) in enumerate(
                        zip(part.shard_records, part.shard_bytes, strict=True)
                    )
                ],
                "per_class": part.per_class,
                "records_sha256": part.records_sha256,
                "names_sha256": part.names_sha256,
            }
            for split, part in index.splits.items()
        },
        "rejected": index.rejected,
        "rejected_sha256": index.rejected_sha256,
        "statistics_sha256": index.statistics_sha256,
        "fingerprint": index.fingerprint,
    }


def read_index(folder: Path) -> Index:
    """Read ``index.json``.

    Raises
    ------
    DataError
        The folder is unfinished or no packed data set, or the file is damaged or lies about
        what it can know itself.
    """
    path = folder / INDEX
    if not path.is_file():
        if (folder / PARTS).is_dir():
            raise DataError(
                f"{folder}: preparing it was not finished",
                "`tinyalex data prepare` again: it resumes",
            )
        raise DataError(f"{folder}: not a packed data set (no {INDEX})", AGAIN)
    try:
        plain = read_json(path, error_type=DataError, hint=AGAIN, most=MOST_BYTES)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file", AGAIN) from None
    if not isinstance(plain, dict) or plain.get("format") != "tinyalex packed images":
        raise DataError(f"{path}: not the index of a packed data set", AGAIN)
    if plain.get("version") != VERSION:
        raise DataError(
            f"{path}: format version {plain.get('version')!r} (this tinyalex reads {VERSION})",
            "another version of tinyalex, or " + AGAIN,
        )
    try:
        return _checked(plain)
    except DataError as error:
        raise DataError(f"{path}: {error.message}", error.hint or AGAIN) from None


def _checked(plain: dict[str, Any]) -> Index:
    layout = Layout.from_dict(plain)
    splits, rejected = plain.get("splits"), plain.get("rejected")
    if not isinstance(splits, dict) or not {"train"} <= set(splits) <= set(SPLITS):
        raise DataError("splits must be train, or train and val")
    if not isinstance(rejected, dict) or not all(map(is_count, rejected.values())):
        raise DataError("rejected must hold counts")
    statistics = plain.get("statistics_sha256")
    index = Index(
        layout,
        {
            split: _checked_split(split, splits[split], layout)
            for split in SPLITS
            if split in splits
        },
        rejected,
        _sha256("rejected_sha256", plain.get("rejected_sha256")),
        None if statistics is None else _sha256("statistics_sha256", statistics),
        _sha256("fingerprint", plain.get("fingerprint")),
    )
    if index.fingerprint != fingerprint(index):
        raise DataError("damaged: the fingerprint is not that of the rest")
    return index


def _checked_split(split: str, plain: Any, layout: Layout) -> SplitIndex:
    if not isinstance(plain, dict) or not isinstance(plain.get("shards"), list):
        raise DataError(f"splits: {split} must list its shards")
    shards, per_class = plain["shards"], plain.get("per_class")
    for i, shard in enumerate(shards):
        good = isinstance(shard, dict) and shard.get("file") == shard_name(split, i)
        if not good or not (is_count(shard.get("records")) and is_count(shard.get("bytes"))):
            raise DataError(
                f"splits: shard {i} of {split} must have the file {shard_name(split, i)}, "
                "records and bytes"
            )
    if not isinstance(per_class, list) or not all(map(is_count, per_class)):
        raise DataError(f"splits: per_class of {split} must be a list of counts")
    part = SplitIndex(
        [shard["records"] for shard in shards],
        [shard["bytes"] for shard in shards],
        per_class,
        _sha256("records_sha256", plain.get("records_sha256")),
        _sha256("names_sha256", plain.get("names_sha256")),
    )
    if not part.records or part.records != plain.get("records") or sum(per_class) != part.records:
        raise DataError(
            f"splits: {split} has {plain.get('records')!r} records, its shards {part.records}, "
            f"its classes {sum(per_class)}"
        )
    if len(per_class) != len(layout.classes):
        raise DataError(f"splits: per_class of {split} must have a count for each class")
    return part


def _sha256(what: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        raise DataError(f"{what} must be a SHA-256 in hexadecimal digits (got {value!r:.80})")
    return value
