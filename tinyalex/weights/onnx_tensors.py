"""Read a constant tensor of an ONNX file; its size is checked before anything is allocated.

Source: onnx.proto3 (TensorProto); https://onnx.ai/onnx/repo-docs/ExternalData.html
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.errors import CheckpointError
from tinyalex.weights.tensors import MOST_NUMBERS, HostArray

BFLOAT16 = 16
# TensorProto.DataType: name, dtype of the raw bytes, and the field that holds numbers instead.
_KINDS = {
    1: ("float32", "<f4", "float_data"),
    10: ("float16", "<f2", "int32_data"),
    11: ("float64", "<f8", "double_data"),
    BFLOAT16: ("bfloat16", "<u2", "int32_data"),
    6: ("int32", "<i4", "int32_data"),
    7: ("int64", "<i8", "int64_data"),
    9: ("bool", "|b1", "int32_data"),
}
_EXTERNAL = 1  # TensorProto.DataLocation
MOST_DIMS = 8
AGAIN = "a fresh copy of the file, or export the network again"


def shape_of(tensor: Any, where: str) -> tuple[int, ...]:
    """A tensor's shape, after a check of its sizes.

    Raises
    ------
    CheckpointError
        A size is negative, or there are too many dimensions or numbers.
    """
    shape = tuple(tensor.dims)
    numbers = math.prod(max(size, 1) for size in shape[:MOST_DIMS])
    if len(shape) > MOST_DIMS or min(shape, default=0) < 0 or numbers > MOST_NUMBERS:
        raise CheckpointError(
            f"{where}: tensor {tensor.name!r} must have at most {MOST_DIMS} sizes of at least 0 "
            f"and {MOST_NUMBERS:,} numbers (got {shape[: MOST_DIMS + 1]})",
            AGAIN,
        )
    return shape


def read_tensor(tensor: Any, path: Path) -> HostArray:
    """The numbers of an ``onnx.TensorProto`` as an array of its shape.

    Parameters
    ----------
    tensor : onnx.TensorProto
    path : Path
        The ONNX file. Tensors may be stored in other files of its folder.

    Returns
    -------
    float32, float16, float64, int32, int64 or bool array; float32 for bfloat16

    Raises
    ------
    CheckpointError
        The tensor has another type, more or fewer bytes than its shape needs, or is stored outside
        of the file's folder.
    """
    where = f"{path}: tensor {tensor.name!r}"
    shape = shape_of(tensor, str(path))
    if tensor.data_type not in _KINDS:
        raise CheckpointError(
            f"{where}: must be of {', '.join(name for name, _, _ in _KINDS.values())} "
            f"(got type {tensor.data_type})",
            "the network as floats, not quantized",
        )
    _, code, field = _KINDS[tensor.data_type]
    dtype, size = np.dtype(code), math.prod(shape)
    if tensor.HasField("segment"):
        raise CheckpointError(f"{where}: comes in segments, which are not read", AGAIN)
    if tensor.data_location == _EXTERNAL:
        content = _external(tensor, size * dtype.itemsize, path, where)
    elif tensor.HasField("raw_data"):
        content = tensor.raw_data
    else:
        numbers = getattr(tensor, field)
        if len(numbers) != size:
            raise CheckpointError(
                f"{where}: shape {shape} needs {size:,} numbers (got {len(numbers):,})", AGAIN
            )
        # Types of 16 bits and bool are stored as integers with the same bits.
        bits = np.dtype("<u2") if dtype.itemsize == 2 else dtype
        try:
            array = np.array(numbers, np.int64 if field == "int32_data" else dtype)
            content = array.astype(bits).tobytes()
        except (ValueError, OverflowError) as error:
            raise CheckpointError(f"{where}: damaged ({error})", AGAIN) from error
    if len(content) != size * dtype.itemsize:
        raise CheckpointError(
            f"{where}: shape {shape} needs {size * dtype.itemsize:,} bytes (got {len(content):,})",
            AGAIN,
        )
    array = np.frombuffer(content, dtype).reshape(shape)
    if tensor.data_type == BFLOAT16:  # the upper half of a float32
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array


def _external(tensor: Any, wanted: int, path: Path, where: str) -> bytes:
    """The bytes of a tensor that is stored in another file of the same folder, or below it."""
    about: Mapping[str, str] = {entry.key: entry.value for entry in tensor.external_data}
    location, folder = about.get("location", ""), path.parent.resolve()
    try:
        file = (folder / location).resolve()
        inside = file.is_relative_to(folder) and not Path(location).is_absolute()
        if not location or not inside or "\\" in location:
            raise CheckpointError(
                f"{where}: its numbers must lie in the folder of {path.name} (got {location!r})",
                "copy that file beside it, or save the network as one file",
            )
        offset, length = (int(about.get(key, "0")[:20]) for key in ("offset", "length"))
        length = length if "length" in about else wanted
        if not file.is_file():
            raise CheckpointError(f"{where}: {file} is missing", "copy both files")
        size = file.stat().st_size
        if offset < 0 or length != wanted or offset + length > size:
            raise CheckpointError(
                f"{where}: needs {wanted:,} bytes; {location!r} has {size:,}, of which "
                f"{length:,} from {offset:,} on are named",
                AGAIN,
            )
        with file.open("rb") as stream:
            stream.seek(offset)
            return stream.read(length)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a loop of links
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{where}: its numbers cannot be read ({error})", AGAIN) from error
