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
from tinyalex.data.packed.decoders import Decoder
from tinyalex.data.packed.entries import read_names, read_records
from tinyalex.data.packed.format import Index, shard_name
from tinyalex.data.packed.index import AGAIN
from tinyalex.data.packed.shards import CHANGED, Shards
from tinyalex.data.read_ahead import decode_pool
from tinyalex.errors import DataError

DEFAULT_SIDE = 256  # pixels, if the records are stored in different sizes
_CHUNK = 32  # records that a thread reads before it takes the next chunk


class Records:
    """The records of one split as images of one shape.

    Parameters
    ----------
    folder : Path
    split : ``"train"`` or ``"val"``
    index : Index
    shape : (H, W, C), optional
        Shape of the images; by default as they are stored.
    decoder : Decoder, optional
        For JPEG records.

    Notes
    -----
    A record's checksum is checked whenever it is read, so data that were changed while they are
    in use are never trained on.
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
        """The images with their labels."""
        return Split(
            self.read,
            self.entries["label"],
            self.shape,
            cut=self.cut,
            shards=self.entries["shard"].astype(np.int64),
        )

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Read ``rows``, int64 (n,), by several threads: uint8 (n, H, W, C)."""
        images = np.empty((len(rows), *self.shape), np.uint8)
        corners = np.zeros(len(rows), np.int64)

        def chunk(first: int) -> None:
            at = slice(first, first + _CHUNK)
            self.cut(rows[at], corners[at], corners[at], self.shape[:2], images[at])

        for _ in self._pool.map(chunk, range(0, len(rows), _CHUNK)):
            pass  # an error is raised here
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
        crops = zip(tops.tolist(), lefts.tolist(), out, strict=True)
        if self.index.layout.kind == "raw" and self.shape == self.index.layout.image_shape:
            for payload, (top, left, image) in zip(self._payloads(rows), crops, strict=True):
                image[...] = payload.reshape(self.shape)[top : top + CH, left : left + CW]
            return
        for pixels, (top, left, image) in zip(self._pixels(rows), crops, strict=True):
            image[...] = self._fit(pixels)[top : top + CH, left : left + CW]

    def check(self, row: int) -> None:
        """Check a record's checksum, and that its JPEG can be decoded.

        Raises
        ------
        DataError
            The record is damaged; the message names it.
        """
        (payload,) = self._payloads(np.array([row]))
        if self.decoder is not None:
            next(self._decoded(np.array([row]), [payload]))

    def where(self, row: int) -> str:
        """Name a record: its number, the image's original name and its position."""
        entry = self.entries[row]
        try:
            name = self.names[row]
        except DataError:
            name = "name unknown"
        shard = shard_name(self.name, int(entry["shard"]))
        return (
            f"{self.folder}: {self.name} record {row} ({name}; {entry['size']} bytes at "
            f"{entry['offset']} in {shard})"
        )

    def _payloads(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the bytes of each record, uint8 (size,), after a check of its checksum.

        Raw records share one buffer: each is overwritten by the next one. JPEG files do not, as a
        decoder may take several at a time.
        """
        entries = self.entries[rows]
        sizes = entries["size"].astype(np.int64)
        shared = self.index.layout.kind == "raw"  # fresh memory takes as long as reading
        buffer = np.empty(int(sizes.max(initial=0) if shared else sizes.sum()), np.uint8)
        first = 0
        columns = (entries[name].tolist() for name in ("shard", "offset", "size"))
        for row, shard, offset, size in zip(rows.tolist(), *columns, strict=True):
            payload = buffer[first : first + size]
            self._shards.read(shard, offset, payload)
            self._check_sum(row, payload)
            yield payload
            first += 0 if shared else size

    def _pixels(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        if self.decoder is not None:
            yield from self._decoded(rows, list(self._payloads(rows)))
            return
        H, W = (self.entries[name][rows].tolist() for name in ("height", "width"))
        for payload, height, width in zip(self._payloads(rows), H, W, strict=True):
            yield payload.reshape(height, width, 3)

    def _decoded(self, rows: np.ndarray, files: list[np.ndarray]) -> Iterator[np.ndarray]:
        assert self.decoder is not None
        decoded = self.decoder(files)
        for row in rows.tolist():
            try:
                pixels = next(decoded)
            except Exception as error:  # decoders raise errors of many types on damaged bytes
                raise DataError(f"{self.where(row)}: cannot be decoded ({error})", AGAIN) from error
            wanted = (int(self.entries["height"][row]), int(self.entries["width"][row]), 3)
            if pixels.shape != wanted:
                raise DataError(f"{self.where(row)}: {pixels.shape}, not {wanted} pixels", AGAIN)
            yield pixels

    def _fit(self, pixels: np.ndarray) -> np.ndarray:
        """Convert pixels (H, W, 3) to the shape of this split's images."""
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
        got, wanted = zlib.crc32(payload.data), int(self.entries["crc32"][row])
        if got != wanted:
            raise DataError(
                f"{self.where(row)}: damaged (checksum {got:08x}, {wanted:08x} expected)", CHANGED
            )

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return decode_pool()

    @cached_property
    def names(self) -> list[str]:
        """The images' original names; reading them raises DataError if they are damaged."""
        return read_names(self.folder, self.name, self.index.splits[self.name])
