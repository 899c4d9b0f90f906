"""Packed data sets: many images in a few large files, with an index and checksums."""

from __future__ import annotations

from tinyalex.data.packed.format import Index, Layout
from tinyalex.data.packed.index import read_index
from tinyalex.data.packed.joining import ShardReport, finish, finished_shards
from tinyalex.data.packed.reader import is_packed, load_packed
from tinyalex.data.packed.verify import Verdict, describe, verify
from tinyalex.data.packed.writer import ShardWriter

__all__ = [
    "Index",
    "Layout",
    "ShardReport",
    "ShardWriter",
    "Verdict",
    "describe",
    "finish",
    "finished_shards",
    "is_packed",
    "load_packed",
    "read_index",
    "verify",
]
