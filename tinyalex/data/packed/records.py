"""The records of one split: crops of raw pixels, or of decoded JPEG files."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from tinyalex.data.dataset import Split
from tinyalex.data.decode import square
from tinyalex.data.packed import format as layout_of
from tinyalex.data.packed.decoders import Decoder
from tinyalex.data.packed.entries import read_names, read_records
from tinyalex.data.packed.format import Index
from tinyalex.data.packed.index import AGAIN
from tinyalex.data.packed.shards import CHANGED, Shards
from tinyalex.data.read_ahead import usable_cores
from tinyalex.errors import DataError

DEFAULT_SIDE = 256  # pixels, where records have sizes of their own
_CHUNK = 32  # records that a thread reads before it looks for more


class Records:
    """The records of one split as images of one shape.

    Parameters
    ----------
    folder : Path
    split : ``"train"`` or ``"val"``
    index : Index
    shape : (H, W, C), optional
        Of the images that are given; as they are stored by default.
    decoder : Decoder, optional
        For JPEG records.

    Notes
    -----
    A record's checksum is compared whenever it is read, so that data that were changed while they
    are in use are never trained on.
    """

    def __init__(
        self,
        folder: Path,
        split: str,
        index: Index,
        shape: tuple[int, int, int] | None = None,
        decoder: Decoder | None = None,
    ) -> None:
        self.folder, self.name, self.index, self.decoder = folder, split, index, decoder
        self.entries = read_records(folder, split, index.splits[split], index.layout)
        self.shape = shape or index.layout.image_shape or (DEFAULT_SIDE, DEFAULT_SIDE, 3)
        self._shards = Shards(folder, split, index.splits[split].shard_bytes)

    def split(self) -> Split:
        """Give the images with their labels."""
        return Split(
            self.read,
            self.entries["label"],
            self.shape,
            cut=self.cut,
            shards=self.entries["shard"].astype(np.int64),
        )

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Read whole images by several threads: uint8 (n, H, W, C)."""
        images = np.empty((len(rows), *self.shape), np.uint8)
        corners = np.zeros(len(rows), np.int64)

        def chunk(first: int) -> None:
            at = slice(first, first + _CHUNK)
            self.cut(rows[at], corners[at], corners[at], self.shape[:2], images[at])

        for _ in self._pool.map(chunk, range(0, len(rows), _CHUNK)):
            pass
        return images

    def cut(
        self,
        rows: np.ndarray,
        tops: np.ndarray,
        lefts: np.ndarray,
        crop: tuple[int, int],
        out: np.ndarray,
    ) -> None:
        """Put a crop of each row into ``out``, in the calling thread; see `Split.crops`."""
        CH, CW = crop
        places = zip(tops.tolist(), lefts.tolist(), out, strict=True)
        if self.index.layout.kind == "raw" and self.shape == self.index.layout.image_shape:
            for payload, (top, left, place) in zip(self._payloads(rows), places, strict=True):
                place[...] = payload.reshape(self.shape)[top : top + CH, left : left + CW]
            return
        for pixels, (top, left, place) in zip(self._pixels(rows), places, strict=True):
            place[...] = self._fit(pixels)[top : top + CH, left : left + CW]

    def check(self, row: int) -> None:
        """Check a record's checksum, and that its JPEG can be decoded.

        Raises
        ------
        DataError
            It is damaged; the message names it.
        """
        (payload,) = self._payloads(np.array([row]))
        if self.decoder is not None:
            next(self._decoded(np.array([row]), [payload]))

    def where(self, row: int) -> str:
        """Name a record: its number, its picture's name and its place."""
        entry = self.entries[row]
        try:
            name = self._names[row]
        except DataError:
            name = "name unknown"
        shard = layout_of.shard_name(self.name, int(entry["shard"]))
        return (
            f"{self.folder}: {self.name} record {row} ({name}; {entry['size']} bytes at "
            f"{entry['offset']} in {shard})"
        )

    def _payloads(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Read records, uint8 (size,) each, whose checksums are right.

        A raw one is good until the next one is asked for; JPEG files stay, as a decoder may want
        several at a time.
        """
        entries = self.entries[rows]
        sizes = entries["size"].astype(np.int64)
        again = self.index.layout.kind == "raw"  # fresh memory costs as much as reading
        room = np.empty(int(sizes.max(initial=0) if again else sizes.sum()), np.uint8)
        first = 0
        columns = (entries[name].tolist() for name in ("shard", "offset", "size"))
        for row, shard, offset, size in zip(rows.tolist(), *columns, strict=True):
            payload = room[first : first + size]
            self._shards.read(shard, offset, payload)
            self._check_sum(row, payload)
            yield payload
            first += 0 if again else size

    def _pixels(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        if self.decoder is None:
            shapes = zip(
                self.entries["height"][rows].tolist(),
                self.entries["width"][rows].tolist(),
                strict=True,
            )
            for payload, (H, W) in zip(self._payloads(rows), shapes, strict=True):
                yield payload.reshape(H, W, 3)
            return
        yield from self._decoded(rows, list(self._payloads(rows)))

    def _decoded(self, rows: np.ndarray, files: list[np.ndarray]) -> Iterator[np.ndarray]:
        assert self.decoder is not None
        decoded = self.decoder(files)
        for row in rows.tolist():
            # Decoders raise errors of many kinds on damaged bytes.
            try:
                pixels = next(decoded)
            except Exception as error:
                raise DataError(f"{self.where(row)}: cannot be decoded ({error})", AGAIN) from error
            wanted = (int(self.entries["height"][row]), int(self.entries["width"][row]), 3)
            if pixels.shape != wanted:
                raise DataError(f"{self.where(row)}: {pixels.shape}, not {wanted} pixels", AGAIN)
            yield pixels

    def _fit(self, pixels: np.ndarray) -> np.ndarray:
        """Bring pixels (H, W, 3) to the shape that is given."""
        H, W, C = self.shape
        if pixels.shape == self.shape:
            return pixels
        image = Image.fromarray(pixels)
        if C == 1:
            image = image.convert("L")
        if (image.height, image.width) != (H, W):
            image = square(image, H)
        return np.asarray(image).reshape(H, W, C)

    def _check_sum(self, row: int, payload: np.ndarray) -> None:
        found, wanted = zlib.crc32(payload.data), int(self.entries["crc32"][row])
        if found != wanted:
            raise DataError(
                f"{self.where(row)}: damaged (checksum {found:08x}, {wanted:08x} expected)", CHANGED
            )

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(usable_cores(), thread_name_prefix="tinyalex-decode")

    def names(self) -> list[str]:
        """Read the pictures' original names; raises DataError."""
        return self._names

    @cached_property
    def _names(self) -> list[str]:
        return read_names(self.folder, self.name, self.index.splits[self.name])
