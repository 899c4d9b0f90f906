"""Messages between the grader and a student's code: JSON, and raw bytes for arrays.

Reading a message runs no code, unlike unpickling it. A message is the length of its JSON, the
length of its bytes, the JSON, and the bytes.
"""

from __future__ import annotations

import json
import math
import re
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LENGTHS = struct.Struct("<IQ")
MAX_JSON = 1 << 22  # bytes
MAX_DATA = 1 << 30  # bytes
POLL = 0.05  # s
PLAIN = re.compile(r"[<>|=]?[biufcmMSU]\d{1,6}")  # dtypes without Python objects inside


class WireError(Exception):
    """What came is no message, or it is too large."""


class TimeIsUp(Exception):
    """No message came in time."""


class Closed(Exception):
    """The other side has closed the connection."""


@dataclass(frozen=True)
class Other:
    """A value that does not travel; only its description does: ``a generator``."""

    text: str


def pack(value: Any) -> bytes:
    """A message that holds ``value``."""
    data: list[bytes] = []
    text = json.dumps(_encoded(value, data)).encode()
    if len(text) > MAX_JSON:
        raise WireError(f"it is larger than {MAX_JSON >> 20} MiB, without arrays")
    body = b"".join(data)
    if len(body) > MAX_DATA:
        raise WireError(f"its arrays are larger than {MAX_DATA >> 30} GiB")
    return LENGTHS.pack(len(text), len(body)) + text + body


def unpack(text: bytes, data: bytes) -> Any:
    """The value of a message; nothing in it is trusted.

    Raises
    ------
    WireError
        The message is damaged.
    """
    try:
        return _decoded(json.loads(text), data)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as error:
        raise WireError(f"{type(error).__name__}: {error}") from None


def send(channel: socket.socket, value: Any) -> None:
    """Send a message."""
    channel.settimeout(None)
    channel.sendall(pack(value))


def receive(
    channel: socket.socket,
    deadline: float = math.inf,
    meanwhile: Callable[[], None] = lambda: None,
) -> Any:
    """Wait for a message until ``deadline``, in seconds of `time.monotonic`.

    ``meanwhile`` is called every `POLL` seconds.

    Raises
    ------
    Closed, TimeIsUp, WireError
    """
    of_text, of_data = LENGTHS.unpack(_exactly(channel, LENGTHS.size, deadline, meanwhile))
    if of_text > MAX_JSON or of_data > MAX_DATA:
        raise WireError(f"a message of {of_text + of_data:,} bytes")
    text = _exactly(channel, of_text, deadline, meanwhile)
    return unpack(text, _exactly(channel, of_data, deadline, meanwhile))


def _exactly(
    channel: socket.socket, count: int, deadline: float, meanwhile: Callable[[], None]
) -> bytes:
    """The next ``count`` bytes; memory grows only as they arrive."""
    got = bytearray()
    while len(got) < count:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeIsUp
        try:
            channel.settimeout(min(left, POLL))
            part = channel.recv(min(count - len(got), 1 << 20))
        except TimeoutError:
            meanwhile()
            continue
        except OSError:
            raise Closed from None
        if not part:
            raise Closed
        got += part
    return bytes(got)


def _encoded(value: Any, data: list[bytes]) -> Any:
    """The value as JSON; the bytes of its arrays are added to ``data``."""
    kind = type(value)
    if value is None or kind in (bool, str, float):
        return value
    if kind is int:
        return value if abs(value) < 1 << 1000 else ["other", "an int of many digits"]
    if kind is not tuple and isinstance(value, tuple):
        value, kind = tuple(tuple.__iter__(value)), tuple  # a NamedTuple is a tuple, too
    if kind in (tuple, list):
        return [kind.__name__, [_encoded(item, data) for item in value]]
    if kind is dict:
        return ["dict", [[str(key), _encoded(item, data)] for key, item in value.items()]]
    if kind is complex:
        return ["complex", value.real, value.imag]
    if kind is Other:
        return ["other", value.text]
    if kind is np.ndarray and PLAIN.fullmatch(value.dtype.str):
        array = _narrow(value)
        order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        data.append(array.tobytes(order))
        return ["array", array.dtype.str, list(array.shape), order]
    if isinstance(value, np.generic) and PLAIN.fullmatch(value.dtype.str):
        number = _narrow(np.asarray(value))
        return ["number", number.dtype.str, number.tobytes().hex()]
    return ["other", described(value)]


def _narrow(array: Any) -> Any:
    """Without np.longdouble, whose numbers have unused bytes: such results count as float64."""
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    if array.dtype.kind == "c" and array.dtype.itemsize > 16:
        return array.astype(np.complex128)
    return array


def _decoded(value: Any, data: bytes) -> Any:
    decoded, rest = _take(value, data, 0)
    if rest != len(data):
        raise ValueError("bytes that belong to no array")
    return decoded


def _take(value: Any, data: bytes, start: int) -> tuple[Any, int]:
    """The value, and where the bytes of the next array begin."""
    if not isinstance(value, list):
        if value is None or isinstance(value, bool | int | float | str):
            return value, start
        raise ValueError("not a value")
    kind = value[0]
    if kind in ("tuple", "list"):
        items = []
        for item in value[1]:
            taken, start = _take(item, data, start)
            items.append(taken)
        return (tuple(items) if kind == "tuple" else items), start
    if kind == "dict":
        pairs = {}
        for key, item in value[1]:
            pairs[str(key)], start = _take(item, data, start)
        return pairs, start
    if kind == "array":
        return _array(value, data, start)
    if kind == "number":
        return np.frombuffer(bytes.fromhex(value[2]), _dtype(value[1]))[0], start
    if kind == "complex":
        return complex(float(value[1]), float(value[2])), start
    if kind == "other":
        return Other(str(value[1])[:200]), start
    raise ValueError("not a value")


def _array(value: list[Any], data: bytes, start: int) -> tuple[Any, int]:
    dtype, shape = _dtype(value[1]), tuple(int(size) for size in value[2])
    if len(shape) > 32 or min(shape, default=0) < 0 or value[3] not in ("C", "F"):
        raise ValueError("not a shape")
    count = math.prod(shape)
    end = start + count * dtype.itemsize
    if end > len(data):
        raise ValueError("an array without its numbers")
    flat = (
        np.frombuffer(data, dtype, count, start) if count * dtype.itemsize else np.empty(0, dtype)
    )
    return flat.reshape(shape, order=value[3]).copy(order="K"), end


def _dtype(name: Any) -> np.dtype[Any]:
    if not PLAIN.fullmatch(name):
        raise ValueError("not a dtype of numbers")
    dtype: np.dtype[Any] = np.dtype(name)
    return dtype


def described(value: Any) -> str:
    """``a generator``, ``an array of object``: for messages."""
    if value is None:
        return "None"
    if type(value) is Other:
        return value.text
    if type(value) is np.ndarray:
        return f"an array of {value.dtype}"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
