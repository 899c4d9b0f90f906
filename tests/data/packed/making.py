"""Small packed data sets, and damage to them with right checksums."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.data.pictures import Host, encode, noise
from tinyalex.data.packed import Layout, ShardWriter, finish, index, read_index
from tinyalex.data.packed.format import ENTRY, records_name
from tinyalex.data.packed.index import fingerprint as right_fingerprint
from tinyalex.errors import DataError

CLASSES = ["n01", "n02", "n03"]


@dataclass
class Made:
    """What was written: for each split the pixels that a reader must get, labels and names."""

    folder: Path
    layout: Layout
    pixels: dict[str, list[Host]]
    labels: dict[str, list[int]]
    names: dict[str, list[str]]


def picture(H: int, W: int, seed: int) -> Host:
    """Smooth colours, which JPEG and resizing change little."""
    image = Image.fromarray(noise((H, W, 3), seed)).filter(ImageFilter.GaussianBlur(2))
    return np.asarray(image)


def as_payload(kind: str, pixels: Host) -> tuple[bytes, Host]:
    """A record's bytes, and the pixels that they decode to."""
    if kind == "raw":
        return pixels.tobytes(), pixels
    payload = encode(pixels, "JPEG", quality=90)
    return payload, np.asarray(Image.open(io.BytesIO(payload)))


def make(
    folder: Path,
    kind: str = "raw",
    train: tuple[int, ...] = (7, 5),
    val: tuple[int, ...] = (6,),
    shape: tuple[int, int, int] | None = (12, 10, 3),
    seed: int = 0,
) -> Made:
    """Write a packed data set with these numbers of records per shard."""
    layout = Layout(kind, shape, CLASSES, ["one", "two", "three"], {"filter": "none"})
    made = Made(folder, layout, {}, {}, {})
    for split, shards in (("train", train), ("val", val)):
        made.pixels[split], made.labels[split], made.names[split] = [], [], []
        for number, records in enumerate(shards):
            with ShardWriter(folder, split, number, layout, split == "train") as shard:
                for i in range(records):
                    n = len(made.labels[split])
                    H, W = shape[:2] if shape is not None else (9 + n, 11 + 2 * i)
                    drawn = picture(H, W, seed * 1000 + 100 * (split == "val") + n)
                    payload, pixels = as_payload(kind, drawn)
                    name = f"{CLASSES[n % 3]}/{split} {n}.JPEG"
                    shard.add(payload, n % 3, name, pixels)
                    made.pixels[split].append(pixels)
                    made.labels[split].append(n % 3)
                    made.names[split].append(name)
                shard.reject(CLASSES[0], f"bad {number}.JPEG", "cut off")
    finish(folder, layout, {"train": len(train), "val": len(val)})
    return made


def change_index(folder: Path, **changes: Any) -> None:
    """Write other values into index.json, with a right fingerprint.

    ``a__0__b`` is the value ``b`` of the first of the list ``a``.
    """
    path = folder / "index.json"
    document = json.loads(path.read_text())
    for name, value in changes.items():
        *way, last = name.split("__")
        place = document
        for step in way:
            place = place[int(step) if step.isdigit() else step]
        place[last] = value
    path.write_text(json.dumps(document))
    if "fingerprint" not in changes:
        with contextlib.suppress(DataError), pytest.MonkeyPatch.context() as patch:
            patch.setattr(index, "fingerprint", lambda found: document["fingerprint"])
            document["fingerprint"] = right_fingerprint(read_index(folder))
        path.write_text(json.dumps(document))


def change_records(folder: Path, split: str, change: Any) -> None:
    """Change the table of records, and its checksum in the index."""
    path = folder / records_name(split)
    records = np.load(path, allow_pickle=False).copy()
    assert records.dtype == ENTRY
    change(records)
    np.save(path, records, allow_pickle=False)
    resign(folder, split, path.read_bytes())


def resign(folder: Path, split: str, content: bytes) -> None:
    """Write a changed table, and its checksum into the index."""
    path = folder / records_name(split)
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    change_index(folder, **{f"splits__{split}__records_sha256": sha256})


def flip(path: Path, at: int, bit: int = 0) -> None:
    """Flip one bit of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(bytes(content))


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
