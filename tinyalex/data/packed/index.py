"""Write and read ``index.json`` of a packed data set."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
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
    shard_name,
)
from tinyalex.errors import DataError
from tinyalex.typed import Mismatch, fields, list_of, map_of, maybe, read_json, text, whole

MOST_BYTES = 256 << 20  # ImageNet's index has 100 kB

AGAIN = "`tinyalex data prepare` again, into an empty folder"


def _sha256(value: Any, field: str) -> None:
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        raise Mismatch(field, "a SHA-256 in hexadecimal digits", value)


_SPLIT = fields(
    {
        "records": whole(1),
        "shards": list_of(fields({"file": text(), "records": whole(), "bytes": whole()})),
        "per_class": list_of(whole()),
        "records_sha256": _sha256,
        "names_sha256": _sha256,
    }
)
_INDEX = fields(
    {
        "splits": fields({"train": _SPLIT}, {"val": _SPLIT}),
        "rejected": map_of(whole()),
        "rejected_sha256": _sha256,
        "fingerprint": _sha256,
    },
    {"statistics_sha256": maybe(_sha256)},
)


def fingerprint(index: Index) -> str:
    """SHA-256 of the layout and of all checksums of the data set."""
    parts: list[Any] = [index.layout.digest(), index.rejected_sha256, index.statistics_sha256]
    for name, split in index.splits.items():
        parts += [name, split.records_sha256, split.names_sha256, split.shard_bytes]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def index_document(index: Index) -> dict[str, Any]:
    """The content of ``index.json``, as JSON holds it."""
    return {
        "format": "tinyalex packed images",
        "version": VERSION,
        **asdict(index.layout),
        "splits": {
            name: {
                "records": split.records,
                "shards": [
                    {"file": shard_name(name, i), "records": records, "bytes": size}
                    for i, (records, size) in enumerate(
                        zip(split.shard_records, split.shard_bytes, strict=True)
                    )
                ],
                "per_class": split.per_class,
                "records_sha256": split.records_sha256,
                "names_sha256": split.names_sha256,
            }
            for name, split in index.splits.items()
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
        The folder is unfinished or not a packed data set, or the file is damaged or
        contradicts itself.
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
    except (DataError, Mismatch) as error:
        raise DataError(f"{path}: {error}", AGAIN) from None


def _checked(plain: dict[str, Any]) -> Index:
    layout = Layout.from_dict(plain)
    _INDEX(plain, "")
    splits = plain["splits"]
    if not set(splits) <= set(SPLITS):
        raise DataError("splits must be train, or train and val")
    index = Index(
        layout,
        {split: _split(split, splits[split], layout) for split in SPLITS if split in splits},
        plain["rejected"],
        plain["rejected_sha256"],
        plain.get("statistics_sha256"),
        plain["fingerprint"],
    )
    if index.fingerprint != fingerprint(index):
        raise DataError("damaged: the fingerprint is not that of the rest")
    return index


def _split(split: str, plain: dict[str, Any], layout: Layout) -> SplitIndex:
    shards, per_class = plain["shards"], plain["per_class"]
    for i, shard in enumerate(shards):
        if shard["file"] != shard_name(split, i):
            raise DataError(
                f"splits: shard {i} of {split} must have the file {shard_name(split, i)}"
            )
    index = SplitIndex(
        [shard["records"] for shard in shards],
        [shard["bytes"] for shard in shards],
        per_class,
        plain["records_sha256"],
        plain["names_sha256"],
    )
    if not index.records == plain["records"] == sum(per_class):
        raise DataError(
            f"splits: {split} has {plain['records']} records, its shards {index.records}, "
            f"its classes {sum(per_class)}"
        )
    if len(per_class) != len(layout.classes):
        raise DataError(f"splits: per_class of {split} must have a count for each class")
    return index
