"""Checks the header of a .safetensors file before the library reads it.

A file begins with the header's length (8 bytes) and the header, which is JSON: the dtype, shape and
place of each tensor, and `__metadata__`, which is text. For some wrong headers the library raises
Python's own errors.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from safetensors import SafetensorError, safe_open

from tinyalex.errors import CheckpointError, TinyalexError
from tinyalex.typed.kinds import Kind, Mismatch, fields, list_of, map_of, text, whole
from tinyalex.typed.reading import parse_json

MOST_HEADER = 32 << 20  # bytes; AlexNet's header has 2 kB
_LENGTH = 8
_METADATA = "__metadata__"
_MOST_NUMBERS = 1 << 40
_TENSOR: Kind = fields(
    {
        "dtype": text(16),
        "shape": list_of(whole(0, _MOST_NUMBERS), most=16),
        "data_offsets": list_of(whole(), length=2),
    }
)
_TEXTS = map_of(text(MOST_HEADER))


def check_header(
    file: BinaryIO, where: str, error_type: type[TinyalexError], hint: str
) -> dict[str, str]:
    """Read and check the header of an open file, and give its metadata.

    Raises
    ------
    ``error_type``
        The header is cut off, too large, too deep, not JSON or not about tensors; or a tensor is
        not within the file.
    """
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    length = int.from_bytes(file.read(_LENGTH), "little")
    if size < _LENGTH or length > size - _LENGTH:
        raise error_type(
            f"{where}: damaged or cut off, not a complete safetensors file ({size:,} bytes)", hint
        )
    if length > MOST_HEADER:
        raise error_type(
            f"{where}: its header must have at most {MOST_HEADER:,} bytes (got {length:,})", hint
        )

    def tensors(value: Any, field: str) -> None:
        map_of(_tensor_or_texts(size - _LENGTH - length))(value, field)

    # Spaces may follow the header, up to the first tensor.
    header = parse_json(file.read(length), tensors, f"{where}: its header", error_type, hint=hint)
    return dict(header.get(_METADATA, {}))


def _tensor_or_texts(room: int) -> Kind:
    def check(value: Any, field: str) -> None:
        if field == _METADATA:
            _TEXTS(value, field)
            return
        _TENSOR(value, field)
        begin, end = value["data_offsets"]
        if not begin <= end <= room:
            raise Mismatch(
                f"{field}.data_offsets",
                f"in the {room:,} bytes of data, or it is damaged or cut off",
                end,
            )
        if math.prod(value["shape"]) > 8 * room:
            raise Mismatch(f"{field}.shape", "small enough for the file", value["shape"])

    return check


@contextlib.contextmanager
def open_tensors(
    path: Path, error_type: type[TinyalexError] = CheckpointError, hint: str = ""
) -> Iterator[Any]:
    """Check a .safetensors file's header and open it for NumPy, as `safetensors.safe_open`.

    Raises
    ------
    ``error_type``
        The file cannot be read, or is damaged; also if that shows only in the ``with`` block.
    """
    hint = hint or "get a fresh copy of the file"
    try:
        with path.open("rb") as file:
            check_header(file, str(path), error_type, hint)
        with safe_open(path, framework="numpy") as opened:
            yield opened
    except TinyalexError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise error_type(f"{path}: cannot be read ({reason})", hint) from error
    except (SafetensorError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise error_type(f"{path}: not a complete safetensors file ({error})", hint) from error
