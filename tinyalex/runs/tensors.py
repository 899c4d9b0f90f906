"""Writing .safetensors files: the same bytes for the same contents, with a checksum.

The library writes metadata in random order; here names are sorted. The digest covers every byte
of the file, with its own 64 digits as zeros.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

DIGEST = "sha256"  # name of the checksum in the metadata

_ZEROS = "0" * 64
_DTYPES = {"float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64", "uint8": "U8"}
_LENGTH = 8  # bytes of the header's length, at the start; the header is padded to a multiple
_BLOCK = 1 << 20

HostArray = np.ndarray[Any, Any]


def to_bytes(
    tensors: Mapping[str, HostArray], metadata: Mapping[str, str]
) -> list[bytes | memoryview]:
    """The pieces of a file, in order.

    Parameters
    ----------
    tensors : dict of str to array
        float16, float32, float64, int64 or uint8, in any memory order.
    metadata : dict of str to str
        `DIGEST` is added.
    """
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    arrays = [np.ascontiguousarray(tensors[name]) for name in names]
    header: dict[str, Any] = {
        "__metadata__": dict(sorted({**metadata, DIGEST: _ZEROS}.items())),
    }
    begin = 0
    for name, array in zip(names, arrays, strict=True):
        end = begin + array.nbytes
        header[name] = {
            "dtype": _DTYPES[array.dtype.name],
            "shape": list(tensors[name].shape),
            "data_offsets": [begin, end],
        }
        begin = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text = text.ljust(_LENGTH * math.ceil(len(text) / _LENGTH))
    head = len(text).to_bytes(_LENGTH, "little") + text
    data = [array.reshape(-1).view(np.uint8).data for array in arrays]
    return [head.replace(_field(_ZEROS), _field(_digest([head, *data]))), *data]


def is_whole(path: Path, digest: str) -> bool:
    """Whether a file's bytes are those that were written; ``digest`` is the one in its header."""
    with path.open("rb") as file:
        length = file.read(_LENGTH)
        header = file.read(int.from_bytes(length, "little"))
        if header.count(_field(digest)) != 1:
            return False
        hashed = hashlib.sha256(length + header.replace(_field(digest), _field(_ZEROS)))
        while block := file.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest() == digest


def _field(digest: str) -> bytes:
    """The digest's field in the header; it cannot occur in a text, which escapes its quotes."""
    return f'"{DIGEST}":"{digest}"'.encode("utf-8", "surrogatepass")


def _digest(pieces: Sequence[bytes | memoryview]) -> str:
    hashed = hashlib.sha256()
    for piece in pieces:
        hashed.update(piece)
    return hashed.hexdigest()
