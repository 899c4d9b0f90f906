"""Damaged packed data: every damage is a DataError, most name the place, none is a crash."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.packed.making import change_index, change_records, contents, flip, make, resign
from tests.data.pictures import Host, class_folders
from tinyalex import data
from tinyalex.data.packed import verify
from tinyalex.data.packed.format import ENTRY
from tinyalex.errors import DataError


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One data set of each kind; do not change them."""
    return {k: make(tmp_path_factory.mktemp(k) / "dst", k).folder for k in ("raw", "jpeg")}


@pytest.fixture
def copy(originals: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the raw data set, to be damaged."""
    return Path(shutil.copytree(originals["raw"], tmp_path / "copy"))


def test_an_unfinished_folder_says_so(copy: Path) -> None:
    (copy / "index.json").unlink()
    with pytest.raises(DataError, match=r"copy: not a packed data set \(no index.json\)"):
        data.load(copy)
    (copy / "parts").mkdir()
    with pytest.raises(DataError, match="not finished[\\s\\S]*it resumes"):
        data.load(copy)


def test_a_folder_without_a_finished_shard_says_so_too(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / ".train-00000.rec.17.tmp").write_bytes(b"half")
    with pytest.raises(DataError, match="not finished"):
        data.load(tmp_path)


def test_a_shard_longer_than_its_records_is_refused(copy: Path) -> None:
    with (copy / "train-00000.rec").open("ab") as file:
        file.write(bytes(9))
    change_index(copy, splits__train__shards__0__bytes=2529)
    with pytest.raises(DataError, match="shard 0 have 2,520 bytes, its file 2,529"):
        data.load(copy)


def test_a_folder_of_images_may_hold_an_index_and_a_class_named_parts(tmp_path: Path) -> None:
    class_folders(tmp_path, {"parts": 3, "whole": 3})
    (tmp_path / "index.json").write_text("{}")
    assert data.load(tmp_path, image_size=8).classes == ["parts", "whole"]


@pytest.mark.parametrize("name", ["train-00001.rec", "val-00000.rec"])
@pytest.mark.parametrize("change", [-1, 1, None])
def test_a_shard_of_another_size_is_named(copy: Path, name: str, change: int | None) -> None:
    if change is None:
        (copy / name).unlink()
    else:
        os.truncate(copy / name, (copy / name).stat().st_size + change)
    with pytest.raises(DataError, match=f"{name}: (no such file|.* bytes expected)"):
        data.load(copy)


def test_a_shard_that_shrinks_after_opening_is_refused_when_it_is_opened(copy: Path) -> None:
    dataset = data.load(copy)
    os.truncate(copy / "train-00000.rec", 100)
    with pytest.raises(DataError, match="train-00000.rec: 2,520 bytes expected"):
        dataset.train.images(np.array([0]))


@pytest.mark.parametrize("name", ["train.records.npy", "statistics.safetensors"])
@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "gone"])
def test_a_damaged_index_file_is_named(copy: Path, name: str, damage: str) -> None:
    path = copy / name
    if damage == "flip":
        flip(path, path.stat().st_size // 2)
    elif damage == "gone":
        path.unlink()
    else:
        os.truncate(path, path.stat().st_size * (100 if damage == "grow" else 1) - 1)
    with pytest.raises(DataError, match=f"{name}: (damaged|cannot be read|.* bytes, at most)"):
        data.load(copy)


def column(name: str, row: int, value: int) -> Callable[[Host], None]:
    def change(records: Host) -> None:
        records[name][row] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (column("offset", 3, 1 << 62), "record 3: its offset is wrong"),
        (column("offset", 0, 1), "record 0: its offset is wrong"),
        (column("offset", 7, (1 << 64) - 1), "record 7: its offset is wrong"),
        (column("size", 6, (1 << 32) - 1), "record 6: its offset is wrong"),
        (column("size", 2, 0), "record 3: its offset is wrong|record 2: it is empty"),
        (column("shard", 4, 1), "record 4: it is in the wrong shard"),
        (column("shard", 11, 1 << 31), "record 11: it is in the wrong shard"),
        (column("label", 5, 3), "record 5: its label is not in 0 to 2"),
        (column("label", 5, -1), "record 5: its label"),
        (column("label", 5, 0), "other counts of classes"),
        (column("height", 1, 65_535), "record 1: its size is not"),
        (column("width", 1, 0), "record 1: it is empty"),
    ],
)
def test_a_wrong_table_with_a_right_checksum_is_refused(
    copy: Path, change: Callable[[Host], None], message: str
) -> None:
    change_records(copy, "train", change)
    with pytest.raises(DataError, match=f"train.records.npy: ({message})"):
        data.load(copy)


def npy(dtype: str, shape: str, rest: bytes) -> bytes:
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + rest


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff{",
        b"\x93NUMPY\x09\x00\x01\x00{",
        npy("'|O'", "(12,)", bytes(336)),
        npy("'<f8'", "(12,)", bytes(336)),
        npy(repr(ENTRY.descr), "(12,)", bytes(335)),
        npy(repr(ENTRY.descr), "(1000000000000000,)", bytes(336)),
        npy(repr(ENTRY.descr), "(-1,)", bytes(336)),
        npy("__import__('os').abort()", "(12,)", bytes(336)),
        npy("(" * 3000, "(12,)", b""),
    ],
)
def test_a_file_that_is_no_table_is_refused_before_memory_is_allocated(
    copy: Path, content: bytes
) -> None:
    resign(copy, "train", content)
    with pytest.raises(DataError, match="train.records.npy: (not an .npy file|12 records)"):
        data.load(copy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "format version 2"),
        ({"format": "zip"}, "not the index of a packed"),
        ({"kind": "png"}, "kind must be"),
        ({"image_shape": None}, "raw records need one image shape"),
        ({"image_shape": [12.0, 10, 3]}, "image_shape"),
        ({"image_shape": [24, 10, 3]}, "record 0: its size is not"),
        ({"classes": "abc"}, "classes must be a list"),
        ({"classes": ["a", "b"], "class_names": None}, "a count for each class"),
        ({"class_names": ["a", "b"]}, "one per class"),
        ({"splits": []}, "splits must be"),
        ({"splits": {"val": {}}}, "splits.train must be there"),
        ({"splits__train": []}, "splits.train must be an object"),
        ({"splits__train__records": 13}, "13 records"),
        ({"splits__train__per_class": [12, -1, 1]}, r"per_class\[1\] must be a whole number"),
        ({"splits__train__per_class": [5, 4, 3]}, "other counts of classes"),
        ({"splits__train__shards__0__records": 8}, "12 records, its shards 13"),
        ({"splits__train__shards__0__records": 1 << 70}, "22 digits, at most 19"),
        ({"splits__train__shards__0__records": True}, r"shards\[0\].records must be a whole"),
        ({"splits__train__shards__0__bytes": 2519}, "2,519 bytes expected"),
        ({"splits__train__shards__0__file": "../../secret"}, "must have the file train-00000"),
        ({"splits__train__records_sha256": "00"}, "must be a SHA-256"),
        ({"splits__train__records_sha256": "0" * 64}, "train.records.npy: damaged"),
        ({"statistics_sha256": 5}, "must be a SHA-256"),
        ({"rejected": {"train": "many"}}, "rejected.train must be a whole number"),
        ({"fingerprint": None}, "fingerprint must be"),
        ({"fingerprint": "0" * 64}, "damaged: the fingerprint"),
        ({"options__filter": "box", "fingerprint": "0" * 64}, "damaged: the fingerprint"),
    ],
)
def test_a_wrong_index_is_refused(copy: Path, changes: dict[str, Any], message: str) -> None:
    change_index(copy, **changes)
    with pytest.raises(DataError, match=message):
        data.load(copy)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "\xff", '{"version": 1e999}'])
def test_an_index_that_is_not_json_is_refused(copy: Path, text: str) -> None:
    (copy / "index.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match="index.json: (cannot be read|not the index)"):
        data.load(copy)


def test_shards_between_which_records_moved_are_refused(copy: Path) -> None:
    """Counts and bytes agree in sum, but not per shard."""
    change_index(copy, splits__train__shards__0__records=6, splits__train__shards__1__records=6)
    with pytest.raises(DataError, match="record 6: it is in the wrong shard"):
        data.load(copy)


def damaged(content: bytes, draw: Any) -> bytes:
    """Flip a bit, cut off, append, blank out or move some of a file's bytes."""
    size = len(content)
    first, last = sorted(draw.draw(st.tuples(*[st.integers(0, size - 1)] * 2)))
    kind = draw.draw(st.sampled_from(["flip", "cut", "grow", "blank", "swap"]))
    if kind == "flip":
        bit = 1 << draw.draw(st.integers(0, 7))
        return content[:first] + bytes([content[first] ^ bit]) + content[first + 1 :]
    if kind == "cut":
        return content[:first]
    if kind == "grow":
        return content + draw.draw(st.binary(min_size=1, max_size=9))
    if kind == "blank":
        return content[:first] + bytes(last - first) + content[last:]
    return content[last:] + content[first:last] + content[:first]


@pytest.mark.parametrize("kind", ["raw", "jpeg"])
@given(draw=st.data())
def test_no_damage_to_any_file_escapes_verification(
    originals: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, kind: str, draw: Any
) -> None:
    whole = contents(originals[kind])
    folder = Path(shutil.copytree(originals[kind], tmp_path_factory.mktemp("hurt") / "dst"))
    name = draw.draw(st.sampled_from(sorted(whole)))
    content = damaged(whole[name], draw)
    (folder / name).write_bytes(content)
    try:
        verdict = verify(folder)
    except DataError:
        found = 1
    else:
        found = verdict.bad
        if found and name.endswith(".rec"):
            assert name in verdict.problems[0] and "record" in verdict.problems[0]
    finally:
        shutil.rmtree(folder.parent)
    if name == "index.json":
        same = False
        with contextlib.suppress(ValueError):  # a space that became another one, say
            same = json.loads(whole[name]) == json.loads(content)
        assert found or same
    else:
        assert found or content == whole[name]


@given(draw=st.data())
def test_a_damaged_jpeg_shard_is_read_correctly_or_not_at_all(
    originals: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, draw: Any
) -> None:
    """Without verification too: images that are read have the pixels that were written."""
    wanted = data.load(originals["jpeg"]).train.images(np.arange(12))
    folder = Path(shutil.copytree(originals["jpeg"], tmp_path_factory.mktemp("hurt") / "dst"))
    name = draw.draw(st.sampled_from(["train-00000.rec", "train-00001.rec"]))
    content = damaged((folder / name).read_bytes(), draw)
    changed = content != (folder / name).read_bytes()
    (folder / name).write_bytes(content)
    refused = 0
    for row in range(12):
        try:
            found = data.load(folder).train.images(np.array([row]))[0]
        except DataError:
            refused += 1
        else:
            np.testing.assert_array_equal(found, wanted[row])
    assert bool(refused) == changed
    shutil.rmtree(folder.parent)
