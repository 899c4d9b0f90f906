"""Messages between the grader and a student's process: all values arrive, nothing else does."""

from __future__ import annotations

import contextlib
import json
import socket
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tinyalex.learn.grader.inside import wire

DTYPES = st.sampled_from(["f8", "f4", "f2", "i8", "u1", "b1", "c16", "S3", "U2", ">i4"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.complex_numbers(allow_nan=False)
    | arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, min_side=0), elements=None),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=6,
)


def equal(a, b) -> bool:
    if isinstance(a, np.ndarray | np.generic):
        return type(a) is type(b) and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


def there_and_back(value):
    packed = wire.pack(value)
    of_text, _ = wire.LENGTHS.unpack(packed[: wire.LENGTHS.size])
    text = packed[wire.LENGTHS.size :][:of_text]
    return wire.unpack(text, packed[wire.LENGTHS.size + of_text :])


@given(VALUES)
def test_values_arrive_as_they_were(value):
    if not isinstance(value, int) or abs(value) < 1 << 1000:
        assert equal(there_and_back(value), value)


def test_an_array_keeps_its_order_and_shares_no_memory():
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    back = there_and_back(array)
    assert back.flags.f_contiguous and not back.flags.c_contiguous and back.flags.writeable


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (object(), "an object"),
        (np.array([object()]), "an array of object"),
        (np.ma.array([1.0]), "a MaskedArray"),
        ((x for x in ""), "a generator"),
        (1 << 5000, "an int of many digits"),
    ],
)
def test_other_values_arrive_as_their_description(value, text):
    assert there_and_back(value) == wire.Other(text)


DAMAGED = {
    "no JSON": (b"{", b""),
    "no value": (b"{}", b""),
    "an unknown kind": (b'["pickle", "x"]', b""),
    "an object": (b'["array", "|O", [1], "C"]', bytes(8)),
    "an object's number": (b'["number", "|O8", "00"]', b""),
    "fields": (b'["array", "i4,O", [1], "C"]', bytes(12)),
    "too few bytes": (b'["array", "<f8", [2], "C"]', bytes(8)),
    "too many bytes": (b'["array", "<f8", [1], "C"]', bytes(16)),
    "a negative size": (b'["array", "<f8", [-1], "C"]', bytes(8)),
    "a huge size": (b'["array", "<f8", [1000000000000, 1000000000000], "C"]', bytes(8)),
    "many axes": (b'["array", "<f8", ' + json.dumps([1] * 99).encode() + b', "C"]', bytes(8)),
    "depth": (b"[" * 100_000, b""),
    "too deep": (b'["list", [' * 100_000, b""),
    "an order": (b'["array", "<f8", [1], "K"]', bytes(8)),
    "nothing": (b"[]", b""),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_messages_are_refused(kind):
    with pytest.raises(wire.WireError):
        wire.unpack(*DAMAGED[kind])


@given(st.binary(max_size=60), st.binary(max_size=20))
def test_no_bytes_do_more_than_be_refused(text, data):
    with contextlib.suppress(wire.WireError):
        wire.unpack(text, data)


def test_a_message_may_come_in_pieces_late_or_never():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        packed = wire.pack({"x": np.arange(3.0)})
        theirs.sendall(packed[:20])
        with pytest.raises(wire.TimeIsUp):
            wire.receive(ours, time.monotonic() + 0.1)
        theirs.sendall(wire.LENGTHS.pack(1 << 30, 0))
        with pytest.raises(wire.WireError):
            wire.receive(ours, time.monotonic() + 1)
        theirs.close()
        with pytest.raises(wire.Closed):
            wire.receive(ours, time.monotonic() + 1)
