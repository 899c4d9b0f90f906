"""Writing packed data: complete files or none, the same bytes in any order of work."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.packed.making import CLASSES, contents, make, picture
from tinyalex import data, files
from tinyalex.data.packed import Layout, ShardWriter, finish, finished_shards, read_index
from tinyalex.data.packed.format import escape, unescape
from tinyalex.errors import DataError

LAYOUT = Layout("raw", (4, 5, 3), CLASSES, None, {"filter": "box"})


def write_shard(folder: Path, split: str, number: int, layout: Layout = LAYOUT) -> None:
    with ShardWriter(folder, split, number, layout, split == "train") as shard:
        for i in range(3 + number):
            pixels = picture(4, 5, 10 * number + i)
            shard.add(pixels.tobytes(), i % 3, f"{i}\n.png", pixels)
        shard.reject("n01", "a\tb", "empty")


def test_the_files_are_those_that_the_format_names(tmp_path: Path) -> None:
    made = make(tmp_path / "dst")
    files_there = contents(made.folder)
    assert sorted(files_there) == [
        *("index.json", "rejected.tsv", "statistics.safetensors"),
        *("train-00000.rec", "train-00001.rec", "train.names.txt", "train.records.npy"),
        *("val-00000.rec", "val.names.txt", "val.records.npy"),
    ]
    index = json.loads(files_there["index.json"])
    assert index["kind"] == "raw" and index["image_shape"] == [12, 10, 3]
    assert index["splits"]["train"]["records"] == 12
    for split in ("train", "val"):
        wanted = hashlib.sha256(files_there[f"{split}.records.npy"]).hexdigest()
        assert index["splits"][split]["records_sha256"] == wanted
        assert files_there[f"{split}.names.txt"].decode().splitlines() == made.names[split]
    assert index["rejected"] == {"train": 2, "val": 1}
    payloads = files_there["train-00000.rec"] + files_there["train-00001.rec"]
    assert payloads == b"".join(pixels.tobytes() for pixels in made.pixels["train"])


def test_the_order_in_which_shards_are_made_changes_no_byte(tmp_path: Path) -> None:
    orders = [[("train", 0), ("train", 1), ("val", 0)], [("val", 0), ("train", 1), ("train", 0)]]
    made = []
    for i, order in enumerate(orders):
        for split, number in order:
            write_shard(tmp_path / str(i), split, number)
        finish(tmp_path / str(i), LAYOUT, {"train": 2, "val": 1})
        made.append(contents(tmp_path / str(i)))
    assert made[0] == made[1]
    assert b"train\tn01\ta\\tb\tempty\n" in made[0]["rejected.tsv"]


def test_statistics_are_those_of_the_pixels(tmp_path: Path) -> None:
    made = make(tmp_path / "dst", train=(4, 1, 8))
    pixels = np.stack(made.pixels["train"])
    split = data.Split(pixels.__getitem__, np.zeros(13, np.int64), (12, 10, 3))
    wanted, found = data.statistics(split), data.load(made.folder).statistics
    assert found is not None
    for name, array in wanted.to_arrays().items():
        np.testing.assert_array_equal(found.to_arrays()[name], array, err_msg=name)


def test_a_shard_that_failed_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), ShardWriter(tmp_path, "train", 0, LAYOUT, True) as shard:
        shard.add(bytes(60), 0, "a", np.zeros((4, 5, 3), np.uint8))
        raise KeyError
    assert contents(tmp_path) == {}
    assert finished_shards(tmp_path) == {}


def test_files_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    left = tmp_path / ".train-00000.rec.12345.tmp"
    left.write_bytes(b"half")
    other = tmp_path / ".train-00001.rec.12345.tmp"
    other.write_bytes(b"somebody still writes this one")
    write_shard(tmp_path, "train", 0)
    assert not left.exists() and other.exists()


def test_only_whole_shards_count_as_finished(tmp_path: Path) -> None:
    for number in range(4):
        write_shard(tmp_path, "train", number)
    sidecars = sorted((tmp_path / "parts").iterdir())
    sidecars[1].write_bytes(sidecars[1].read_bytes()[:-9])
    os.truncate(tmp_path / "train-00002.rec", 7)
    (tmp_path / "train-00003.rec").unlink()
    found = finished_shards(tmp_path)
    assert list(found) == [("train", 0)]
    report = found["train", 0]
    assert (report.records, report.bytes, report.rejected) == (3, 180, 1)
    with pytest.raises(DataError, match="train-00001.rec is missing"):
        finish(tmp_path, LAYOUT, {"train": 4})
    assert not (tmp_path / "index.json").exists()


def test_shards_of_other_options_are_refused(tmp_path: Path) -> None:
    write_shard(tmp_path, "train", 0)
    other = Layout("raw", (4, 5, 3), CLASSES, None, {"filter": "lanczos"})
    with pytest.raises(DataError, match="other options"):
        finished_shards(tmp_path, other)
    with pytest.raises(DataError, match="other options"):
        finish(tmp_path, other, {"train": 1})


def test_a_full_disk_is_an_error_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shard(tmp_path, "train", 0)
    before = contents(tmp_path)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(DataError, match="No space left"):
        write_shard(tmp_path, "train", 1)
    monkeypatch.undo()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left"):
        write_shard(tmp_path, "train", 2)
    (tmp_path / "train-00001.rec").unlink()  # whole, but nobody says so
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": 3}, "label 3 is not in 0 to 2"),
        ({"payload": bytes(59)}, "59 bytes for pixels"),
        ({"pixels": np.zeros((5, 4, 3), np.uint8)}, "pixels \\(5, 4, 3\\)"),
        ({"pixels": np.zeros((4, 5, 3))}, "must be uint8 .*got float64"),
        ({"pixels": np.zeros((4, 5), np.uint8)}, "must be uint8"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    good = {"payload": bytes(60), "label": 0, "name": "x.png"}
    good["pixels"] = np.zeros((4, 5, 3), np.uint8)
    wanted = pytest.raises(DataError, match=f"x.png.*{message}")
    with wanted, ShardWriter(tmp_path, "train", 0, LAYOUT, True) as shard:
        shard.add(**{**good, **change})


def test_a_split_without_any_record_is_refused(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, "train", 0, LAYOUT, True) as shard:
        shard.reject("n01", "a", "empty")
    with pytest.raises(DataError, match="no image of train"):
        finish(tmp_path, LAYOUT, {"train": 1})
    with pytest.raises(DataError, match="no training split"):
        finish(tmp_path, LAYOUT, {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "png"}, "kind must be one of raw, jpeg"),
        ({"image_shape": None}, "raw records need one image shape"),
        ({"image_shape": (4, 5, 1)}, "image_shape must be"),
        ({"image_shape": (0, 5, 3)}, r"image_shape\[0\] must be"),
        ({"image_shape": (4, 70_000, 3)}, r"image_shape\[1\] must be"),
        ({"classes": ["a", "b", "a"]}, "'a' is there twice"),
        ({"classes": []}, "a list of 1 to"),
        ({"classes": [1]}, r"classes\[0\] must be text"),
        ({"class_names": ["a"]}, "one per class"),
        ({"options": []}, "options must be an object"),
    ],
)
def test_an_impossible_layout_is_refused(change: dict[str, Any], message: str) -> None:
    good = {"kind": "raw", "image_shape": (4, 5, 3), "classes": ["a", "b"]}
    with pytest.raises(DataError, match=message):
        Layout(**{**good, "class_names": None, "options": {}, **change})


def test_the_index_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_shard(tmp_path, "train", 0)
    written = finish(tmp_path, LAYOUT, {"train": 1, "val": 0}, [("val", "n02", "x", "gone")])
    assert read_index(tmp_path) == written
    assert "gone" in (tmp_path / "rejected.tsv").read_text()


@given(st.text())
def test_any_name_is_one_line_and_comes_back(name: str) -> None:
    line = escape(name)
    assert line.isprintable() and "\t" not in line
    assert unescape(line) == name


def test_names_that_are_not_unicode_come_back() -> None:
    name = b"caf\xe9\n.jpg".decode("utf-8", "surrogateescape")
    assert unescape(escape(name).encode().decode()) == name
