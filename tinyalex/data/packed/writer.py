"""Write a packed data set shard by shard, so that a killed process loses at most one shard."""

from __future__ import annotations

import contextlib
import json
import zlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from safetensors.numpy import save

from tinyalex import files
from tinyalex.data.packed import format as layout_of
from tinyalex.data.packed.format import ENTRY, Layout
from tinyalex.errors import DataError

MOST_PAYLOAD = (1 << 32) - 1  # bytes


class ShardWriter:
    """Writes one shard. Use it as a context manager: after an exception no file is left.

    Parameters
    ----------
    dst : Path
        The data set's folder; created if it does not exist.
    split : ``"train"`` or ``"val"``
    number : int
        Number of the shard, from 0. Only one process at a time may write a shard.
    layout : Layout
    measure : bool
        Add up pixels for the mean image and the colour statistics, if all images have one
        shape.

    Notes
    -----
    A complete shard gets its name, then a file in ``parts`` says that it is finished. Sums are
    whole numbers, so they do not depend on any order.
    """

    def __init__(self, dst: Path, split: str, number: int, layout: Layout, measure: bool) -> None:
        if split not in layout_of.SPLITS:
            raise DataError(f"split must be train or val (got {split!r})")
        self.dst, self.split, self.number, self.layout = Path(dst), split, number, layout
        self._measure = measure and layout.image_shape is not None
        H, W, C = layout.image_shape or (0, 0, 0)
        self._total = np.zeros((H, W, C), np.int64)
        self._products = np.zeros((C, C), np.int64)
        self._entries: list[tuple[int, ...]] = []
        self._names: list[str] = []
        self._rejected: list[tuple[str, str, str]] = []  # class, name, reason
        self._bytes = 0
        self._name = layout_of.shard_name(split, number)
        self._stack = contextlib.ExitStack()
        parts = self.dst / layout_of.PARTS
        try:
            parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{parts}: cannot be created ({error.strerror or error})") from error
        for left in self.dst.glob(files.temporary_name(self._name, "*")):
            left.unlink(missing_ok=True)  # by a killed process
        self._file: BinaryIO = self._stack.enter_context(
            files.replacing(self.dst / self._name, DataError)
        )

    def add(self, payload: bytes, label: int, name: str, pixels: np.ndarray) -> None:
        """Append a record.

        Parameters
        ----------
        payload : bytes
            uint8 pixels (H, W, 3) row by row, or a JPEG file.
        label : int
        name : str
            The image's original name.
        pixels : uint8 (H, W, 3)
            What a reader will get.

        Raises
        ------
        DataError
            Something does not fit the layout, or the disk is full.
        """
        where = f"{self._name}: {name}"
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise DataError(
                f"{where}: pixels must be uint8 (H, W, 3) (got {pixels.dtype} {pixels.shape})"
            )
        if self.layout.image_shape not in (None, pixels.shape):
            raise DataError(f"{where}: pixels {pixels.shape}, not {self.layout.image_shape}")
        if not 0 <= label < len(self.layout.classes):
            raise DataError(f"{where}: label {label} is not in 0 to {len(self.layout.classes) - 1}")
        if self.layout.kind == "raw" and len(payload) != pixels.size:
            raise DataError(f"{where}: {len(payload)} bytes for pixels {pixels.shape}")
        if not 1 <= len(payload) <= MOST_PAYLOAD or max(pixels.shape) > layout_of.MOST_SIDE:
            raise DataError(f"{where}: {len(payload)} bytes, {pixels.shape} pixels: no record")
        try:
            self._file.write(payload)
        except OSError as error:
            raise DataError(
                f"{self.dst / self._name}: cannot be written ({error.strerror or error})",
                "free some space",
            ) from error
        H, W = pixels.shape[:2]
        at = self._bytes, len(payload), self.number, int(label), zlib.crc32(payload), H, W
        self._entries.append(at)
        self._names.append(name)
        self._bytes += len(payload)
        if self._measure:
            self._total += pixels
            flat = pixels.reshape(-1, 3).astype(np.float64)
            self._products += (flat.T @ flat).astype(np.int64)  # exact below 2**53

    def reject(self, class_name: str, name: str, reason: str) -> None:
        """Record an image that is not taken, and why."""
        self._rejected.append((class_name, name, reason))

    def close(self) -> None:
        """Give the shard its name, then write the file that says that it is finished.

        Raises
        ------
        DataError
            The disk is full; then no file of the shard is left.
        """
        self._stack.close()
        about = {
            "version": layout_of.VERSION,
            "layout": self.layout.digest(),
            "bytes": self._bytes,
            "measured": self._measure,
        }
        tensors: dict[str, np.ndarray] = {
            "records": np.array(self._entries, ENTRY).view(np.uint8),
            "names": np.frombuffer(json.dumps(self._names).encode(), np.uint8),
            "rejected": np.frombuffer(json.dumps(self._rejected).encode(), np.uint8),
        }
        if self._measure:
            tensors |= {"total": self._total, "products": self._products}
        content = save(tensors, {"about": json.dumps(about)})
        files.write_atomic(sidecar(self.dst, self.split, self.number), content, DataError)

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._stack.__exit__(kind, error, trace)


def sidecar(dst: Path, split: str, number: int) -> Path:
    """The file that says that a shard is finished."""
    name = layout_of.shard_name(split, number).removesuffix(".rec")
    return Path(dst) / layout_of.PARTS / f"{name}.safetensors"
