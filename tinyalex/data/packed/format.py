"""How a packed data set lies on disk: names of files, their index, and the checks on reading it.

DST/
  index.json              what is here; written last, so that without it DST is unfinished
  train-00000.rec ...     payloads back to back: uint8 pixels (H, W, C), or JPEG files
  train.records.npy       one `ENTRY` a record: where its payload lies, label, checksum
  train.names.txt         the original name of each record, one a line, escaped
  val-00000.rec, ...      the same for the validation part
  statistics.safetensors  mean image and colour statistics of the training images
  rejected.tsv            what was not taken, and why
  parts/                  while DST is being prepared: a file for each finished shard
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyalex.errors import DataError
from tinyalex.typed import Mismatch, fields, number, text, whole

VERSION = 1
INDEX, STATISTICS, REJECTED, PARTS = "index.json", "statistics.safetensors", "rejected.tsv", "parts"
SPLITS = ("train", "val")
KINDS = ("raw", "jpeg")

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

MOST_SIDE = 65_535  # pixels, for height and width are 16-bit; JPEG has the same limit
MOST_CLASSES = 1 << 20
MOST_NAME_BYTES = 1 << 16  # of a name, escaped


_BOUNDED = fields(
    {},
    {
        "size": whole(1, MOST_SIDE),
        "quality": whole(1, 100),
        "seed": whole(),
        "shard_mb": whole(1),
    },
)


def check_options(value: Any, field: str) -> None:
    """Refuse options that are not words, flags, null or numbers from 0."""
    for name, option in value.items():
        if isinstance(option, str):
            text(MOST_NAME_BYTES)(option, f"{field}.{name}")
        elif option is not None and not isinstance(option, bool):
            number(0)(option, f"{field}.{name}")
    _BOUNDED(value, field)


@dataclass(frozen=True)
class Layout:
    """What all records of a packed data set have in common.

    Attributes
    ----------
    kind : ``"raw"`` (uint8 pixels) or ``"jpeg"`` (JPEG files)
    image_shape : (H, W, 3), or None where sizes differ (``jpeg`` only)
    classes : list of str
        Synsets or folder names, in the order of the labels.
    class_names : list of str, optional
        Words for people, in the same order.
    options : mapping
        Everything else that decides the bytes, as JSON holds it.

    Raises
    ------
    DataError
        A field is not of that kind.
    """

    kind: str
    image_shape: tuple[int, int, int] | None
    classes: list[str]
    class_names: list[str] | None
    options: dict[str, Any]

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DataError(f"kind must be raw or jpeg (got {self.kind!r})")
        shape = self.image_shape
        if shape is None:
            if self.kind == "raw":
                raise DataError("raw records need one image shape")
        else:
            whole = isinstance(shape, tuple) and all(map(is_count, shape))
            good = whole and len(shape) == 3 and shape[2] == 3
            if not good or not all(1 <= side <= MOST_SIDE for side in shape[:2]):
                raise DataError(f"image_shape must be (H, W, 3) (got {shape!r})")
        check_names("classes", self.classes)
        if not 1 <= len(self.classes) <= MOST_CLASSES:
            raise DataError(f"classes: 1 to {MOST_CLASSES:,} names (got {len(self.classes):,})")
        if self.class_names is not None:
            check_names("class_names", self.class_names)
            if len(self.class_names) != len(self.classes):
                raise DataError(
                    f"class_names: one a class ({len(self.classes)} classes, "
                    f"{len(self.class_names)} names)"
                )
        if not isinstance(self.options, dict):
            raise DataError(f"options must be a mapping (got {type(self.options).__name__})")
        try:
            check_options(self.options, "options")
        except Mismatch as error:
            raise DataError(str(error)) from None

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON holds it."""
        return {
            "kind": self.kind,
            "image_shape": None if self.image_shape is None else list(self.image_shape),
            "classes": list(self.classes),
            "class_names": None if self.class_names is None else list(self.class_names),
            "options": dict(self.options),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Layout:
        """Read what `to_dict` gave; raises DataError."""
        shape = plain.get("image_shape")
        return cls(
            plain.get("kind", ""),
            tuple(shape) if isinstance(shape, list) else shape,
            plain.get("classes", ()),
            plain.get("class_names"),
            plain.get("options", {}),
        )

    def digest(self) -> str:
        """SHA-256: two layouts with the same one make the same bytes of the same pictures."""
        text = json.dumps(self.to_dict(), sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class SplitIndex:
    """What ``index.json`` says of one split.

    Attributes
    ----------
    shard_records, shard_bytes : list of int
        Records and size of each shard's file.
    per_class : list of int
        Records of each label.
    records_sha256, names_sha256 : str
        Of the split's two index files.
    """

    shard_records: list[int]
    shard_bytes: list[int]
    per_class: list[int]
    records_sha256: str
    names_sha256: str

    @property
    def records(self) -> int:
        """Records in all shards."""
        return sum(self.shard_records)


@dataclass(frozen=True)
class Index:
    """Contents of ``index.json``.

    ``statistics_sha256`` is None where there are no statistics; ``rejected`` counts, a split,
    what was not taken.
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
    """Write a name so that it is one printable field of one line, and can be read back.

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


def check_names(what: str, names: Any) -> None:
    """Refuse what is not a list of different texts."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError(f"{what} must be a list of names")
    if what == "classes" and len(set(names)) != len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise DataError(f"classes: {twice!r} is there twice")


def is_count(value: Any) -> bool:
    """Whether a JSON value is a whole number that fits 63 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63
