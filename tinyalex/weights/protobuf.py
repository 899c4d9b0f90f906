"""Read protocol buffers: the wire format alone, strictly, and without executing anything.

A message is a sequence of fields: a key (number and wire type), then a value. Google's package
``protobuf`` would need code generated from Caffe's schema, of which we read ten fields. This
reader skips all others. Lengths are checked before any bytes are read.

Source: https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.errors import CheckpointError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types; 3 and 4 (groups) are no longer used
LONGEST_VARINT = 10  # bytes: 64 bits, 7 per byte

Value = int | memoryview


class Message:
    """One message in a file.

    Parameters
    ----------
    data : memoryview
        Its bytes.
    where : str
        The file and the layer, for messages.
    """

    def __init__(self, data: memoryview, where: str) -> None:
        self.data, self.where = data, where

    def __iter__(self) -> Iterator[tuple[int, int, Value]]:
        """Yield (number, wire type, value) of each field: an int, or bytes for all other types.

        Raises
        ------
        CheckpointError
            A value is cut off, or its wire type or number is not allowed.
        """
        at = 0
        while at < len(self.data):
            key, at = self._varint(at)
            number, wire = key >> 3, key & 7
            if not 1 <= number < 1 << 29:
                raise self.damaged(f"field number {number} is not allowed", at)
            if wire == VARINT:
                value, at = self._varint(at)
                yield number, wire, value
                continue
            if wire == BYTES:
                length, at = self._varint(at)
            elif wire in (FIXED32, FIXED64):
                length = 4 if wire == FIXED32 else 8
            else:
                raise self.damaged(f"wire type {wire} is not allowed", at)
            if length > len(self.data) - at:
                raise self.damaged(f"{length:,} bytes wanted, {len(self.data) - at:,} left", at)
            yield number, wire, self.data[at : at + length]
            at += length

    def messages(self, *numbers: int) -> Iterator[Message]:
        """Yield every message in the fields ``numbers``, in the file's order."""
        for number, wire, value in self:
            if number in numbers:
                yield Message(self._bytes(number, wire, value), self.where)

    def text(self, number: int) -> str:
        """A string; empty if missing. The format says that the last value of a field counts."""
        texts = [message.data for message in self.messages(number)]
        return bytes(texts[-1]).decode("utf-8", "replace") if texts else ""

    def integers(self, number: int) -> list[int]:
        """The integers of a repeated field, packed or not."""
        integers = []
        for field, wire, value in self:
            if field != number:
                continue
            if isinstance(value, int):
                integers.append(value)
            else:
                packed, at = Message(self._bytes(field, wire, value), self.where), 0
                while at < len(packed.data):
                    integer, at = packed._varint(at)
                    integers.append(integer)
        return integers

    def integer(self, number: int, default: int) -> int:
        """The last integer of a field, or the default."""
        return next(reversed(self.integers(number)), default)

    def floats(self, number: int, wire: int) -> np.ndarray[Any, Any]:
        """The numbers of a repeated field, packed or not.

        Parameters
        ----------
        number : int
        wire : FIXED32 for float, FIXED64 for double

        Returns
        -------
        float32 or float64 (n,)
            A view of the file's bytes if they are packed.
        """
        dtype = np.dtype("<f4" if wire == FIXED32 else "<f8")
        data: bytearray | memoryview = memoryview(b"")
        for field, its_wire, value in self:
            if field != number:
                continue
            if its_wire not in (BYTES, wire) or isinstance(value, int):
                raise self.damaged(f"field {field} has wire type {its_wire}, wanted {wire}", 0)
            if len(value) % dtype.itemsize:
                raise self.damaged(f"field {field} has {len(value)} bytes of {dtype.name}", 0)
            if not len(data):
                data = value  # usually the only value: no copy
            else:
                data = data if isinstance(data, bytearray) else bytearray(data)
                data += value
        return np.frombuffer(data, dtype)

    def number(self, number: int, default: float) -> float:
        """The last float of a field, or the default."""
        numbers = self.floats(number, FIXED32)
        return float(numbers[-1]) if len(numbers) else default

    def damaged(self, what: str, at: int) -> CheckpointError:
        """The error for bytes that are not a message."""
        return CheckpointError(
            f"{self.where}: damaged or no protocol buffer: {what} (byte {at:,} of a message of "
            f"{len(self.data):,})",
            "a fresh copy of the file",
        )

    def _bytes(self, number: int, wire: int, value: Value) -> memoryview:
        if isinstance(value, int) or wire != BYTES:
            raise self.damaged(f"field {number} has wire type {wire}, wanted {BYTES}", 0)
        return value

    def _varint(self, at: int) -> tuple[int, int]:
        """The integer of up to 64 bits at byte ``at``, and the byte after it."""
        value = 0
        for i, byte in enumerate(self.data[at : at + LONGEST_VARINT]):
            value |= (byte & 127) << (7 * i)
            if byte < 128:
                if value >> 64:
                    break
                return value, at + i + 1
        raise self.damaged("a number is cut off or too long", at)


def read_message(path: Path, most: int) -> Message:
    """Read a file of at most ``most`` bytes as one message.

    The file is read, not mapped: if a mapped file is cut meanwhile, the process crashes.

    Raises
    ------
    CheckpointError
        The file cannot be read, is too large, or has become shorter while it was read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size > most:
                raise CheckpointError(
                    f"{path}: must have at most {most:,} bytes (got {size:,})",
                    "the file of a network's weights",
                )
            file.seek(0)
            data = file.read(size)
    except OSError as error:
        raise CheckpointError(
            f"{path}: cannot be read ({error.strerror})", "check the path"
        ) from error
    if len(data) != size:
        raise CheckpointError(
            f"{path}: has become shorter while it was read ({size:,} bytes, then {len(data):,})",
            "the same command again once the file is complete",
        )
    return Message(memoryview(data), str(path))
