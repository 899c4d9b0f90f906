"""Reading protocol buffers: the wire format alone, strictly, executing nothing.

A message is a row of fields: a key (number and wire type), then a value. Google's ``protobuf``
package would need Caffe's schema compiled into code; a Caffe file needs ten fields of it, so this
reader looks at those and steps over the rest. Lengths are checked before anything is cut.

Source: https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.errors import CheckpointError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types; 3 and 4, groups, are long out of use
LONGEST_VARINT = 10  # bytes: 64 bits, 7 a byte

Value = int | memoryview


class Message:
    """One message in a file.

    Parameters
    ----------
    data : memoryview
        Its bytes.
    where : str
        File and place, for messages.
    """

    def __init__(self, data: memoryview, where: str) -> None:
        self.data, self.where = data, where

    def __iter__(self) -> Iterator[tuple[int, int, Value]]:
        """Yield (number, wire type, value): an int, or the bytes of any other type.

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
        """Every message in the fields ``numbers``, in the file's order."""
        for number, wire, value in self:
            if number in numbers:
                yield Message(self._bytes(number, wire, value), self.where)

    def text(self, number: int) -> str:
        """A string; empty if missing. The last one counts, as everywhere in the format."""
        found = b""
        for field, wire, value in self:
            if field == number:
                found = bytes(self._bytes(field, wire, value))
        return found.decode("utf-8", "replace")

    def integers(self, number: int) -> list[int]:
        """Whole numbers of a repeated field, packed or one by one."""
        found = []
        for field, wire, value in self:
            if field != number:
                continue
            if isinstance(value, int):
                found.append(value)
            else:
                packed, at = Message(self._bytes(field, wire, value), self.where), 0
                while at < len(packed.data):
                    one, at = packed._varint(at)
                    found.append(one)
        return found

    def integer(self, number: int, default: int) -> int:
        """A whole number."""
        return next(reversed(self.integers(number)), default)

    def floats(self, number: int, wire: int) -> np.ndarray[Any, Any]:
        """Numbers of a repeated field, packed or one by one.

        Parameters
        ----------
        number : int
        wire : FIXED32 for float, FIXED64 for double

        Returns
        -------
        float32 or float64 (n,), a view of the file where it can be
        """
        dtype = np.dtype("<f4" if wire == FIXED32 else "<f8")
        found: bytearray | memoryview = memoryview(b"")
        for field, its_wire, value in self:
            if field != number:
                continue
            if its_wire not in (BYTES, wire) or isinstance(value, int):
                raise self.damaged(f"field {field} has wire type {its_wire}, wanted {wire}", 0)
            if len(value) % dtype.itemsize:
                raise self.damaged(f"field {field} has {len(value)} bytes of {dtype.name}", 0)
            if not len(found):
                found = value  # as a rule the only one: no copy
            else:
                found = found if isinstance(found, bytearray) else bytearray(found)
                found += value
        return np.frombuffer(found, dtype)

    def number(self, number: int, default: float) -> float:
        """A float."""
        found = self.floats(number, FIXED32)
        return float(found[-1]) if len(found) else default

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
        """A whole number of 64 bits from ``at``, and where it ends."""
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

    Into memory, not mapped: a mapped file that is cut meanwhile ends the process.

    Raises
    ------
    CheckpointError
        It cannot be read, is too large, or has become shorter while it was read.
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
            "the same again, once the file is complete",
        )
    return Message(memoryview(data), str(path))
