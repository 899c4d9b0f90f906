"""How a packed data set is stored: names of files, and what their index says.

DST/
  index.json              what is here; written last: without it DST is unfinished
  train-00000.rec ...     payloads back to back: uint8 pixels (H, W, C), or JPEG files
  train.records.npy       one `ENTRY` per record: position of its payload, label, checksum
  train.names.txt         the original name of each record, one per line, escaped
  val-00000.rec, ...      the same for the validation split
  statistics.safetensors  mean image and colour statistics of the training images
  rejected.tsv            which images were not taken, and why
  parts/                  while DST is being prepared: one file per finished shard
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tinyalex.errors import DataError
from tinyalex.typed import Mismatch, fields, list_of, map_of, maybe, number, one_of, text, whole

VERSION = 1
INDEX, STATISTICS, REJECTED, PARTS = "index.json", "statistics.safetensors", "rejected.tsv", "parts"
SPLITS = ("train", "val")

ENTRY = np.dtype(
    [
        ("offset", "<u8"),  # first byte of the payload in its shard
        ("size", "<u4"),  # bytes
        ("shard", "<u4"),
        ("label", "<i4"),
        ("crc32", "<u4"),  # of the payload, as zlib computes it
        ("height", "<u2"),
        ("width", "<u2"),
    ]
)

MOST_SIDE = 65_535  # pixels: height and width have 16 bits; JPEG has the same limit
MOST_CLASSES = 1 << 20
MOST_NAME_BYTES = 1 << 16  # of a name, escaped


def _option(value: Any, field: str) -> None:
    """Null, true, false, text or a number of at least 0."""
    if isinstance(value, str):
        text(MOST_NAME_BYTES)(value, field)
    elif value is not None and not isinstance(value, bool):
        number(0)(value, field)


def _options(value: Any, field: str) -> None:
    map_of(_option)(value, field)
    _BOUNDED(value, field)


_BOUNDED = fields(
    {},
    {"size": whole(1, MOST_SIDE), "quality": whole(1, 100), "seed": whole(), "shard_mb": whole(1)},
)
_LAYOUT = fields(
    {
        "kind": one_of("raw", "jpeg"),
        "image_shape": maybe(list_of(whole(1, MOST_SIDE), 3)),
        "classes": list_of(text(), least=1, most=MOST_CLASSES),
        "class_names": maybe(list_of(text(), most=MOST_CLASSES)),
        "options": _options,
    }
)


@dataclass(frozen=True)
class Layout:
    """What all records of a packed data set have in common.

    Attributes
    ----------
    kind : ``"raw"`` (uint8 pixels) or ``"jpeg"`` (JPEG files)
    image_shape : (H, W, 3), or None if sizes differ (``jpeg`` only)
    classes : list of str
        Synsets or folder names, all different, in the order of the labels.
    class_names : list of str, optional
        Names for people, in the same order.
    options : dict
        Everything else that decides the bytes, as JSON holds it.

    Raises
    ------
    DataError
        A field has another type or value.
    """

    kind: str
    image_shape: tuple[int, int, int] | None
    classes: list[str]
    class_names: list[str] | None
    options: dict[str, Any]

    def __post_init__(self) -> None:
        try:
            _LAYOUT(vars(self), "")
        except Mismatch as error:
            raise DataError(str(error)) from None
        if self.image_shape is None and self.kind == "raw":
            raise DataError("raw records need one image shape")
        if self.image_shape is not None and self.image_shape[2] != 3:
            raise DataError(f"image_shape must be (H, W, 3) (got {self.image_shape})")
        if len(set(self.classes)) != len(self.classes):
            twice = next(name for i, name in enumerate(self.classes) if name in self.classes[:i])
            raise DataError(f"classes: {twice!r} is there twice")
        if self.class_names is not None and len(self.class_names) != len(self.classes):
            raise DataError(
                f"class_names: one per class ({len(self.classes)} classes, "
                f"{len(self.class_names)} names)"
            )

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Layout:
        """Read a layout from JSON, as `dataclasses.asdict` gave it; raises DataError."""
        shape = plain.get("image_shape")
        return cls(
            plain.get("kind", ""),
            tuple(shape) if isinstance(shape, list) else shape,
            plain.get("classes", ()),
            plain.get("class_names"),
            plain.get("options", {}),
        )

    def digest(self) -> str:
        """SHA-256: layouts with the same digest make the same bytes from the same images."""
        text = json.dumps(asdict(self), sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class SplitIndex:
    """What ``index.json`` says of one split.

    Attributes
    ----------
    shard_records, shard_bytes : list of int
        Number of records and size of each shard's file.
    per_class : list of int
        Number of records of each label.
    records_sha256, names_sha256 : str
        SHA-256 of the split's two index files.
    """

    shard_records: list[int]
    shard_bytes: list[int]
    per_class: list[int]
    records_sha256: str
    names_sha256: str

    @property
    def records(self) -> int:
        """Number of records in all shards."""
        return sum(self.shard_records)


@dataclass(frozen=True)
class Index:
    """Contents of ``index.json``.

    ``statistics_sha256`` is None if there are no statistics; ``rejected`` is the number of images
    that were not taken, per split.
    """

    layout: Layout
    splits: dict[str, SplitIndex]
    rejected: dict[str, int]
    rejected_sha256: str
    statistics_sha256: str | None
    fingerprint: str


def shard_name(split: str, number: int) -> str:
    """``train-00003.rec``."""
    return f"{split}-{number:05d}.rec"


def records_name(split: str) -> str:
    """``train.records.npy``."""
    return f"{split}.records.npy"


def names_name(split: str) -> str:
    """``train.names.txt``."""
    return f"{split}.names.txt"


def escape(text: str) -> str:
    """Escape a name, so that it is printable and has no tab or line break.

    Examples
    --------
    >>> print(escape("a\\tb\\\\c.jpg"))
    a\\tb\\\\c.jpg
    """
    return "".join(
        c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode("ascii")
        for c in text
    )


def unescape(text: str) -> str:
    """Read what `escape` wrote."""
    return _ESCAPED.sub(lambda m: m[0].encode("ascii").decode("unicode_escape"), text)


_ESCAPED = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[\\tnr])")
