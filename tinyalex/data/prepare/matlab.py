"""Read structs from MATLAB files of version 5: as much as the development kit's `meta.mat` needs.

Nothing in the file is executed, and no length in it is trusted. (SciPy's reader is in C: a few
wrong bytes can end the whole process there, see docs/results/fuzz/scipy_mat.py.)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from tinyalex.errors import DataError

MOST_BYTES = 64 << 20  # of a file, and of what it unpacks to; the real one has 0.3 MB

_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_CHAR, _STRUCT = 4, 2
_NUMERIC = range(6, 16)  # classes double to uint64
# Storage types: struct's letters.
_LETTERS = {1: "b", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "f", 9: "d", 12: "q", 13: "Q"}
_TEXT = {1: "utf-8", 2: "utf-8", 4: "utf-16", 16: "utf-8", 17: "utf-16"}

Value = int | float | str | None


def read_structs(content: bytes, variable: str, where: str) -> list[dict[str, Value]]:
    """Read a struct array.

    Parameters
    ----------
    content : bytes
        The whole file.
    variable : str
        The struct array's name.
    where : str
        The file's name, for messages.

    Returns
    -------
    list of dict
        One dict per element, by field name: text, a number, or None for anything else (matrices
        of several numbers, cells, structs).

    Raises
    ------
    DataError
        The file is damaged or not of version 5, or it has no such struct array.
    """
    try:
        return _read(content, variable)
    except (struct.error, zlib.error, ValueError, IndexError, OverflowError) as error:
        raise DataError(
            f"{where}: not a readable MATLAB file of version 5 ({error})",
            "download the development kit (ILSVRC2012_devkit_t12.tar.gz) again",
        ) from error


def _read(content: bytes, variable: str) -> list[dict[str, Value]]:
    if not _HEADER < len(content) <= MOST_BYTES:
        raise ValueError(f"{len(content):,} bytes")
    marks = {b"IM": "<", b"MI": ">"}
    order = marks.get(content[126:128])
    if order is None or content[124:126] not in (b"\x00\x01", b"\x01\x00"):
        raise ValueError("no version 5 in its header")
    left = MOST_BYTES
    for kind, body in _elements(content[_HEADER:], order):
        if kind == _COMPRESSED:
            unpack = zlib.decompressobj()
            body = unpack.decompress(body, left)
            left -= len(body)
            if not unpack.eof:
                raise ValueError("compressed data are cut off, or unpack to too much")
            kind, body = next(_elements(body, order), (0, b""))
        if kind == _MATRIX:
            name, parts, array_class, count = _matrix(body, order)
            if name == variable:
                if array_class != _STRUCT:
                    raise ValueError(f"{variable!r} is not a struct array")
                return _structs(parts, count, order)
    raise ValueError(f"there is no variable {variable!r}")


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield storage type and content of each element in ``data``."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(order + "II", data, at)
        if kind >> 16:  # a small element: type and size share the first word, content is the second
            kind, size, start, following = kind & 0xFFFF, kind >> 16, at + 4, at + 8
            if size > 4:
                raise ValueError(f"a small element of {size} bytes")
        else:
            start = at + 8
            # Everything but compressed data is padded to eight bytes.
            following = start + (size if kind == _COMPRESSED else -(-size // 8) * 8)
        if start + size > len(data):
            raise ValueError("the file is cut off, or a length in it is wrong")
        yield kind, data[start : start + size]
        at = following


def _matrix(body: bytes, order: str) -> tuple[str, Iterator[tuple[int, bytes]], int, int]:
    """Read a matrix' head: name, the elements after the head, class, number of entries."""
    if not body:
        return "", iter(()), 0, 0
    parts = _elements(body, order)
    flags = _next(parts)
    dims = _numbers(*_next(parts), order)
    name = _next(parts)[1].decode("ascii")
    count = 1
    for size in dims:
        count *= int(size)
    if count < 0 or any(size < 0 for size in dims):
        raise ValueError("a negative size")
    return name, parts, struct.unpack(order + "II", flags[1])[0] & 0xFF, count


def _structs(parts: Iterator[tuple[int, bytes]], count: int, order: str) -> list[dict[str, Value]]:
    (width,) = _numbers(*_next(parts), order)
    names = _next(parts)[1]
    width = int(width)
    if not 1 <= width <= 64 or len(names) % width:
        raise ValueError("wrong field names")
    fields = [
        names[i : i + width].split(b"\0")[0].decode("ascii") for i in range(0, len(names), width)
    ]
    rows: list[dict[str, Value]] = []
    for _ in range(count):  # ends with an error as soon as the elements do
        rows.append({field: _value(_next(parts), order) for field in fields})
    return rows


def _value(element: tuple[int, bytes], order: str) -> Value:
    kind, body = element
    if kind != _MATRIX:
        raise ValueError("a field is not a matrix")
    _, parts, array_class, count = _matrix(body, order)
    if array_class == _CHAR:
        storage, text = next(parts, (16, b""))
        codec = _TEXT.get(storage)
        if codec is None:
            raise ValueError(f"text of storage type {storage}")
        ending = {"<": "-le", ">": "-be"}[order] if codec == "utf-16" else ""
        return text.decode(codec + ending)
    if array_class in _NUMERIC and count == 1:
        (number,) = _numbers(*_next(parts), order)
        return number
    return None


def _numbers(kind: int, body: bytes, order: str) -> tuple[int | float, ...]:
    letter = _LETTERS.get(kind)
    if letter is None:
        raise ValueError(f"numbers of storage type {kind}")
    return struct.unpack(f"{order}{len(body) // struct.calcsize(order + letter)}{letter}", body)


def _next(parts: Iterator[tuple[int, bytes]]) -> tuple[int, bytes]:
    part = next(parts, None)
    if part is None:
        raise ValueError("the file is cut off")
    return part
