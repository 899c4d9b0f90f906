"""The wire format, compared with a hand-written encoder and the documentation's examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.weights.caffe_file import chunk, float32, varint, whole
from tinyalex.errors import CheckpointError
from tinyalex.weights.protobuf import FIXED32, FIXED64, Message

numbers = st.integers(1, (1 << 29) - 1)


def message(content: bytes) -> Message:
    return Message(memoryview(content), "file")


def test_the_examples_of_the_documentation() -> None:
    """https://protobuf.dev/programming-guides/encoding"""
    assert list(message(b"\x08\x96\x01")) == [(1, 0, 150)]
    assert message(b"\x12\x07testing").text(2) == "testing"
    assert message(b"\x32\x06\x03\x8e\x02\x9e\xa7\x05").integers(6) == [3, 270, 86942]


@given(number=numbers, values=st.lists(st.integers(0, (1 << 64) - 1), max_size=5))
def test_integers_packed_or_not(number: int, values: list[int]) -> None:
    one_by_one = b"".join(whole(number, value) for value in values)
    packed = chunk(number, b"".join(map(varint, values)))
    assert message(one_by_one).integers(number) == values
    assert message(packed).integers(number) == values
    assert message(packed + one_by_one).integers(number) == values + values


@given(number=numbers, values=st.lists(st.floats(width=32, allow_nan=False), max_size=5))
def test_floats_packed_or_not_and_mixed(number: int, values: list[float]) -> None:
    array = np.array(values, "<f4")
    content = chunk(number, array.tobytes()) + b"".join(float32(number, v) for v in values)
    content += whole(number % 1000 + 1, 3) if number > 1001 else b""
    np.testing.assert_array_equal(
        message(content).floats(number, FIXED32), np.concatenate([array, array])
    )
    doubles = chunk(number, array.astype("<f8").tobytes())
    np.testing.assert_array_equal(message(doubles).floats(number, FIXED64), array.astype("<f8"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x08", "cut off"),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "too long"),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "too long"),  # 65 bits
        (b"\x0a\x05abc", "5 bytes wanted, 3 left"),
        (b"\x0d\0\0", "4 bytes wanted, 2 left"),
        (b"\x0b\x0c", "wire type 3"),
        (b"\x00\x01", "field number 0"),
    ],
)
def test_invalid_bytes_are_refused(content: bytes, says: str) -> None:
    with pytest.raises(CheckpointError, match=says):
        list(message(content))


def test_a_field_of_another_type_is_refused() -> None:
    with pytest.raises(CheckpointError, match="field 5 has wire type 0"):
        message(whole(5, 1)).floats(5, FIXED32)
    with pytest.raises(CheckpointError, match="field 5 has 3 bytes of float32"):
        message(chunk(5, b"abc")).floats(5, FIXED32)
    with pytest.raises(CheckpointError, match="field 7 has wire type 0"):
        list(message(whole(7, 1)).messages(7))


@given(content=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        for number, _, value in message(content):
            assert number >= 1 and (isinstance(value, int) or len(value) <= len(content))
    except CheckpointError as error:
        assert "file" in str(error)
