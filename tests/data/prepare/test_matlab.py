"""Read structs from MATLAB files, which SciPy writes, whole and damaged."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from tests.data.prepare.archives import IDS, meta_mat
from tinyalex.data.prepare.matlab import read_structs
from tinyalex.errors import DataError

WHOLE = [meta_mat(IDS, compress=compress) for compress in (True, False)]


@pytest.mark.parametrize("content", WHOLE, ids=["compressed", "plain"])
def test_a_struct_array_is_read_as_scipy_wrote_it(content: bytes) -> None:
    rows = read_structs(content, "synsets", "meta.mat")
    assert [row["ILSVRC2012_ID"] for row in rows] == [1, 2, 3, 4, 5]
    by_synset = {row["WNID"]: row for row in rows}
    assert {synset: by_synset[synset]["ILSVRC2012_ID"] for synset in IDS} == IDS
    assert by_synset["n01440764"]["words"] == "word of n01440764, another"
    assert by_synset["n00001740"]["num_children"] == 4
    assert by_synset["n00001740"]["children"] is None  # several numbers are not read


def test_numbers_and_texts_of_every_kind_are_read() -> None:
    kinds = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
    values = {f"f{i}": kind(7) for i, kind in enumerate([*kinds, np.float32, np.float64])}
    values |= {"text": "fische \N{LATIN SMALL LETTER O WITH DIAERESIS}", "empty": ""}
    stream = io.BytesIO()
    savemat(stream, {"other": np.arange(3), "x": values})
    (row,) = read_structs(stream.getvalue(), "x", "a.mat")
    assert row.pop("text") == values["text"] and row.pop("empty") == ""
    assert set(row.values()) == {7} and len(row) == 10


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes"),
        (b"text" * 100, "version 5"),
        (WHOLE[1][:-300], "cut off"),
        (WHOLE[0][:-40], "cut off"),
        (WHOLE[0][:128] + struct.pack("<II", 15, 1000), "cut off"),
        (WHOLE[0][:128], "128 bytes"),
    ],
    ids=["empty", "text", "cut", "cut compressed", "a lie about size", "header only"],
)
def test_an_incomplete_file_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=f"meta.mat: not a readable MATLAB file.*{message}"):
        read_structs(content, "synsets", "meta.mat")


def test_a_variable_that_is_missing_or_no_struct_is_named() -> None:
    stream = io.BytesIO()
    savemat(stream, {"synsets": np.arange(3)})
    with pytest.raises(DataError, match="'synsets' is not a struct"):
        read_structs(stream.getvalue(), "synsets", "a.mat")
    with pytest.raises(DataError, match="no variable 'animals'"):
        read_structs(WHOLE[0], "animals", "a.mat")


def test_a_bomb_is_not_unpacked() -> None:
    body = zlib.compress(bytes(65 << 20), 1)
    bomb = WHOLE[0][:128] + struct.pack("<II", 15, len(body)) + body
    with pytest.raises(DataError, match="unpack to too much"):
        read_structs(bomb, "synsets", "a.mat")


@given(st.sampled_from(WHOLE), st.data())
def test_damage_anywhere_gives_rows_or_a_data_error(whole: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(whole)
    for _ in range(draw.draw(st.integers(1, 5))):
        damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
    try:
        rows = read_structs(bytes(damaged), "synsets", "meta.mat")
    except DataError as error:
        assert "meta.mat" in str(error)
    else:
        assert all(isinstance(row, dict) for row in rows)
