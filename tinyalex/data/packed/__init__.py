"""Packed data sets: many images in a few large files, with an index and checksums."""

from __future__ import annotations

from tinyalex.data.packed.format import Index, Layout
from tinyalex.data.packed.index import read_index
from tinyalex.data.packed.joining import ShardReport, finish, finished_shards
from tinyalex.data.packed.writer import ShardWriter

__all__ = [
    "Index",
    "Layout",
    "ShardReport",
    "ShardWriter",
    "finish",
    "finished_shards",
    "read_index",
]
