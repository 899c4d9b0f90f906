"""Reading packed data: the pixels that were written, whole images or crops."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.data.packed.making import CLASSES, Made, as_payload, flip, make, picture
from tests.data.pictures import Host
from tinyalex import data
from tinyalex.data.decode import square
from tinyalex.data.packed import Layout, ShardWriter, finish, shards
from tinyalex.errors import ConfigError, DataError

KINDS = ("raw", "jpeg")


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """One data set of each kind; do not change them."""
    return {kind: make(tmp_path_factory.mktemp(kind) / "dst", kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_read(sets: dict[str, Made], kind: str) -> None:
    made = sets[kind]
    dataset = data.load(made.folder)
    assert dataset.name == "dst" and dataset.classes == CLASSES
    assert dataset.image_shape == (12, 10, 3)
    for split, name in ((dataset.train, "train"), (dataset.test, "val")):
        assert split.labels.tolist() == made.labels[name]
        np.testing.assert_array_equal(split.images(np.arange(len(split))), made.pixels[name])
    assert dataset.train.shards is not None
    assert dataset.train.shards.tolist() == [0] * 7 + [1] * 5


@pytest.mark.parametrize("kind", KINDS)
@given(draw=st.data())
def test_a_crop_is_a_part_of_the_image(
    sets: dict[str, Made], kind: str, draw: st.DataObject
) -> None:
    made = sets[kind]
    split = data.load(made.folder).train
    rows = np.array(draw.draw(st.lists(st.integers(0, 11), min_size=1, max_size=5)))
    CH, CW = draw.draw(st.integers(1, 12)), draw.draw(st.integers(1, 10))
    corners = st.tuples(st.integers(0, 12 - CH), st.integers(0, 10 - CW))
    tops, lefts = np.array([draw.draw(corners) for _ in rows]).T
    found = split.crops(rows, tops, lefts, (CH, CW))
    for image, row, top, left in zip(found, rows, tops, lefts, strict=True):
        wanted = made.pixels["train"][row][top : top + CH, left : left + CW]
        np.testing.assert_array_equal(image, wanted)


def test_a_split_of_arrays_cuts_in_the_same_way() -> None:
    images = np.stack([picture(12, 10, i) for i in range(4)])
    split = data.Split(images.__getitem__, np.zeros(4, np.int64), (12, 10, 3))
    found = split.crops(np.array([2, 0]), np.array([1, 3]), np.array([4, 0]), (5, 6))
    np.testing.assert_array_equal(found[0], images[2, 1:6, 4:10])
    np.testing.assert_array_equal(found[1], images[0, 3:8, 0:6])
    assert not split.concurrent


def resized(pixels: Host, size: int, mode: str = "RGB") -> Host:
    image = square(Image.fromarray(pixels).convert(mode), size)
    return np.asarray(image).reshape(size, size, -1)


@pytest.mark.parametrize("kind", KINDS)
def test_images_are_scaled_as_in_a_folder_of_images(sets: dict[str, Made], kind: str) -> None:
    made = sets[kind]
    dataset = data.load(made.folder, image_size=7)
    assert dataset.image_shape == (7, 7, 3) and dataset.statistics is None
    found = dataset.train.images(np.arange(12))
    np.testing.assert_array_equal(found, [resized(p, 7) for p in made.pixels["train"]])
    grey = data.load(made.folder, image_size=12, channels=1).test
    found = grey.images(np.array([3]))
    np.testing.assert_array_equal(found[0], resized(made.pixels["val"][3], 12, "L"))


def test_grey_of_the_stored_size_is_not_scaled(sets: dict[str, Made]) -> None:
    dataset = data.load(sets["raw"].folder, channels=1)
    wanted = np.asarray(Image.fromarray(sets["raw"].pixels["train"][5]).convert("L"))
    np.testing.assert_array_equal(dataset.train.images(np.array([5]))[0, :, :, 0], wanted)
    assert dataset.statistics is None


def test_images_of_different_sizes_are_scaled_to_one_size(tmp_path: Path) -> None:
    made = make(tmp_path / "keep", "jpeg", shape=None)
    dataset = data.load(made.folder, image_size=16)
    assert dataset.image_shape == (16, 16, 3) and dataset.statistics is None
    found = dataset.train.images(np.arange(12))
    np.testing.assert_array_equal(found, [resized(p, 16) for p in made.pixels["train"]])
    assert data.load(made.folder).image_shape == (256, 256, 3)


def test_without_a_validation_split_some_images_of_each_class_are_held_out(tmp_path: Path) -> None:
    made = make(tmp_path / "dst", val=(), train=(20, 10))
    dataset = data.load(made.folder, val_fraction=0.2)
    assert (len(dataset.train), len(dataset.test)) == (24, 6)
    assert np.bincount(dataset.test.labels).tolist() == [2, 2, 2]
    assert dataset.statistics is None  # those in the folder count the held-out images too
    assert dataset.train.shards is not None and len(dataset.train.shards) == 24


def test_info_describes_the_data_and_the_files(sets: dict[str, Made]) -> None:
    made = sets["jpeg"]
    found = data.info(data.load(made.folder))
    assert found["measured"] == 12 and found["train"]["per_class"] == [4, 4, 4]
    packed = data.packed.describe(made.folder)
    assert packed["kind"] == "jpeg" and packed["rejected"] == {"train": 2, "val": 1}
    assert packed["splits"]["train"]["shards"] == 2


def test_few_shards_are_open_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(tmp_path / "dst", train=(1,) * 9)
    monkeypatch.setattr(shards, "most_open", lambda: 3)
    opened: list[int] = []
    real = shards.Shards._open_file

    def count(self: shards.Shards, number: int) -> int:
        opened.append(number)
        return real(self, number)

    monkeypatch.setattr(shards.Shards, "_open_file", count)
    train = data.load(made.folder).train
    one = np.zeros(1, np.int64)
    for row in (0, 1, 2, 0, 3, 0, 1):
        train.crops(one + row, one, one, (12, 10))
    assert opened == [0, 1, 2, 3, 1]  # 0 was in use, so 1 had to go
    np.testing.assert_array_equal(train.images(np.arange(9)), made.pixels["train"])


def test_reading_a_damaged_jpeg_names_its_record(tmp_path: Path) -> None:
    made = make(tmp_path / "dst", "jpeg")
    entry = np.load(made.folder / "train.records.npy")[8]
    flip(made.folder / "train-00001.rec", int(entry["offset"]) + int(entry["size"]) - 5)
    train = data.load(made.folder).train
    train.images(np.array([7, 9]))
    with pytest.raises(DataError, match="train record 8 \\(n03/train 8.JPEG;.*checksum"):
        train.images(np.array([7, 8]))


def test_a_jpeg_of_another_size_than_the_table_says_is_refused(tmp_path: Path) -> None:
    layout = Layout("jpeg", (12, 10, 3), CLASSES, None, {})
    with ShardWriter(tmp_path, "train", 0, layout, False) as shard:
        small, _ = as_payload("jpeg", picture(8, 8, 0))
        for i in range(6):
            shard.add(small, i % 3, f"{i}.jpg", picture(12, 10, 0))
    finish(tmp_path, layout, {"train": 1})
    with pytest.raises(DataError, match=r"record \d .*\(8, 8, 3\), not \(12, 10, 3\)"):
        data.load(tmp_path).train.images(np.array([0]))


def test_a_record_that_is_not_jpeg_is_named_although_its_checksum_is_right(tmp_path: Path) -> None:
    layout = Layout("jpeg", (12, 10, 3), CLASSES, None, {})
    with ShardWriter(tmp_path, "train", 0, layout, False) as shard:
        for i in range(6):
            shard.add(b"no picture", i % 3, f"{i}.jpg", picture(12, 10, 0))
    finish(tmp_path, layout, {"train": 1})
    with pytest.raises(DataError, match="record [0-5] .*cannot be decoded"):
        data.load(tmp_path).train.images(np.array([0]))


def test_settings_that_cannot_work_are_refused(sets: dict[str, Made]) -> None:
    folder = sets["jpeg"].folder
    with pytest.raises(DataError, match="image size must be from 1"):
        data.load(folder, image_size=0)
    with pytest.raises(DataError, match="channels must be 1 or 3"):
        data.load(folder, channels=2)
    with pytest.raises(ConfigError, match="unknown JPEG decoder 'pilow'[\\s\\S]*'pillow'"):
        data.load(folder, jpeg_decoder="pilow")


def test_nvimgcodec_decodes_all_files_of_a_piece_together(
    sets: dict[str, Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a double of the library, which needs a GPU."""
    made, calls = sets["jpeg"], []

    class OnGpu:
        def __init__(self, pixels: Host) -> None:
            self.pixels = pixels

        def cpu(self) -> Host:
            return self.pixels

    class Decoder:
        def decode(self, payloads: list[bytes]) -> list[OnGpu | None]:
            calls.append(len(payloads))
            known = {as_payload("jpeg", p)[0]: p for p in drawn}
            return [
                OnGpu(as_payload("jpeg", known[p])[1]) if p in known else None for p in payloads
            ]

    drawn = [picture(12, 10, i) for i in range(11)]  # the twelfth it cannot decode
    package, module = types.ModuleType("nvidia"), types.ModuleType("nvidia.nvimgcodec")
    module.Decoder = Decoder  # type: ignore[attr-defined]
    package.nvimgcodec = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nvidia", package)
    monkeypatch.setitem(sys.modules, "nvidia.nvimgcodec", module)
    train = data.load(made.folder, jpeg_decoder="nvimgcodec").train
    np.testing.assert_array_equal(train.images(np.arange(11)), made.pixels["train"][:11])
    assert calls == [11]
    with pytest.raises(DataError, match="record 11 .*nvImageCodec cannot decode it"):
        train.images(np.array([11]))


def test_nvimgcodec_says_how_to_get_it(
    sets: dict[str, Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing: Any = None  # what Python takes for a module that cannot be imported
    monkeypatch.setitem(sys.modules, "nvidia", missing)
    with pytest.raises(ConfigError, match="cannot be used here[\\s\\S]*pip install"):
        data.load(sets["jpeg"].folder, jpeg_decoder="nvimgcodec")
