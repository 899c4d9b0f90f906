"""The folder that preparing writes to: is it free, were the options the same, is there room."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.filesize import decimal

from tinyalex import files, lock
from tinyalex.data.packed import Index, Layout, read_index
from tinyalex.data.packed.format import ENTRY, INDEX, PARTS
from tinyalex.data.prepare.convert import Form
from tinyalex.data.prepare.shard import read_item
from tinyalex.data.prepare.source import Items, Source
from tinyalex.errors import DataError
from tinyalex.typed import read_json

OPTIONS = "options.json"
_SAMPLE = 64  # images to encode to estimate the size of a JPEG record
_MARGIN = 1.1

_MEANING = {"source_sha256": "the images in SRC", "pillow": "Pillow's version"}


def start_or_resume(dst: Path, layout: Layout) -> Index | None:
    """Make the folder, or check that it holds work of the same options.

    Returns
    -------
    Index or None
        The index if the data set is finished already; None if there is work to do.

    Raises
    ------
    DataError
        The folder holds something else, or work with other options (the message names them).
    """
    if dst.exists() and not dst.is_dir():
        raise DataError(f"{dst}: a file, not a folder", "another DST")
    if (dst / INDEX).exists():
        index = read_index(dst)
        _compare(dst, index.layout.options, layout.options, "is finished, prepared")
        shutil.rmtree(dst / PARTS, ignore_errors=True)  # left by a process killed at the very end
        return index
    path = dst / PARTS / OPTIONS
    if path.exists():
        try:
            before = read_json(path, error_type=DataError, hint=f"remove {dst}")
        except FileNotFoundError as error:
            raise DataError(f"{path}: no such file", f"remove {dst}") from error
        _compare(dst, before, layout.options, "was begun")
        for temporary in [*dst.glob(".*.tmp"), *(dst / PARTS).glob(".*.tmp")]:
            temporary.unlink(missing_ok=True)  # left by a process that was killed
        return None
    if dst.is_dir() and any(path.name not in (PARTS, lock.FILE) for path in dst.iterdir()):
        raise DataError(f"{dst}: the folder is not empty", "a new or an empty folder for DST")
    try:
        (dst / PARTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{dst}: cannot be made ({error.strerror or error})") from error
    files.write_json(path, layout.options, DataError)
    return None


def _compare(dst: Path, before: Any, now: Mapping[str, Any], what: str) -> None:
    if not isinstance(before, dict):
        raise DataError(f"{dst / PARTS / OPTIONS}: damaged", f"remove {dst}")
    changed = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    if changed:
        listing = "; ".join(
            f"{_MEANING.get(key, '--' + key.replace('_', '-'))}: {_short(before.get(key))} then,"
            f" {_short(now.get(key))} now"
            for key in changed
        )
        raise DataError(
            f"{dst}: {what} with other options ({listing})",
            f"the same options as then, another DST, or remove {dst}",
        )


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 20 else text[:8] + "..."


def check_space(dst: Path, source: Source, form: Form, written: int) -> None:
    """Raise DataError if the data set will not fit on the disk.

    Parameters
    ----------
    written : int
        Bytes of finished shards.
    """
    total = 0
    for items in source.splits.values():
        total += round(len(items) * _record_bytes(items, form))
        # The index takes its size twice: its parts, and what they are joined to.
        total += 2 * (len(items) * ENTRY.itemsize + sum(map(len, items.names)))
    free = shutil.disk_usage(dst).free
    needed = max(0, total - written)
    if needed > free:
        raise DataError(
            f"{dst}: about {decimal(needed)} are needed, {decimal(free)} are free",
            "another disk, fewer pixels (--size), or --format jpeg (about a tenth of raw)",
        )


def _record_bytes(items: Items, form: Form) -> float:
    """Mean bytes of a record; for JPEG an estimate from a sample of the images."""
    if form.kind == "raw":
        return float(np.prod(form.image_shape or ()))
    sizes = []
    rows = np.unique(np.linspace(0, len(items) - 1, min(_SAMPLE, len(items))).astype(np.int64))
    for item in items.take(rows):
        with contextlib.suppress(DataError):
            sizes.append(len(form.make(read_item(item))[0]))
    return _MARGIN * float(np.mean(sizes)) if sizes else 0.0
