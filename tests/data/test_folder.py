"""Folders of images: layout, splits, cache, and what can be wrong with them."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.data.pictures import class_folders, encode, noise, write
from tests.data.test_decode import png_header
from tinyalex import backends, data
from tinyalex.data.folder import ImageFiles, load_folder
from tinyalex.errors import ConfigError, DataError


def test_sub_folders_are_classes_in_sorted_order(tmp_path: Path) -> None:
    dataset = load_folder(class_folders(tmp_path / "pets", {"dog": 10, "cat": 5}), 6)
    assert dataset.name == "pets" and dataset.classes == ["cat", "dog"]
    assert dataset.image_shape == (6, 6, 3)
    np.testing.assert_array_equal(np.bincount(dataset.train.labels), [4, 8])
    np.testing.assert_array_equal(np.bincount(dataset.test.labels), [1, 2])


def test_the_seed_decides_which_images_are_held_out(tmp_path: Path) -> None:
    class_folders(tmp_path, {"a": 30, "b": 30})
    one, again, other = (
        load_folder(tmp_path, 6, seed=seed).test.images(np.arange(12)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("name", ["val", "validation", "valid", "test"])
def test_a_validation_folder_is_used_as_it_is(tmp_path: Path, name: str) -> None:
    class_folders(tmp_path / "train", {"a": 3, "b": 4})
    class_folders(tmp_path / name, {"b": 2})
    dataset = data.load(tmp_path, image_size=6)
    assert dataset.classes == ["a", "b"]
    np.testing.assert_array_equal(dataset.train.labels, [0] * 3 + [1] * 4)
    np.testing.assert_array_equal(dataset.test.labels, [1, 1])


def test_a_training_folder_alone_is_split(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", {"a": 5, "b": 5})
    dataset = data.load(tmp_path, image_size=6)
    assert (len(dataset.train), len(dataset.test)) == (8, 2)


def test_a_class_may_be_named_train(tmp_path: Path) -> None:
    dataset = data.load(class_folders(tmp_path, {"train": 3, "car": 3}), image_size=6)
    assert dataset.classes == ["car", "train"]


def test_other_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    class_folders(tmp_path, {"a": 2, "b": 2})
    write(tmp_path / "a" / "notes.txt", b"hello")
    write(tmp_path / "a" / ".thumbs" / "x.png", b"")
    write(tmp_path / "b" / "._0.png", b"\0")
    write(tmp_path / ".git" / "x.png", b"")
    write(tmp_path / "b" / "deeper" / "more.PNG")
    dataset = data.load(tmp_path, image_size=6)
    assert len(dataset.train) + len(dataset.test) == 5


def test_images_are_those_of_the_files_in_either_number_of_channels(tmp_path: Path) -> None:
    for i, value in enumerate([10, 200]):
        for name in ("a", "b"):
            write(tmp_path / name / f"{i}.png", encode(np.full((5, 5, 3), value, np.uint8)))
    for channels in (1, 3):
        dataset = data.load(tmp_path, image_size=4, channels=channels, val_fraction=0.5)
        assert dataset.image_shape == (4, 4, channels)
        both = [split.images(np.arange(2)) for split in (dataset.train, dataset.test)]
        assert sorted(np.unique(np.concatenate(both))) == [10, 200]


def test_a_cache_of_any_size_gives_the_same_images(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{i}.png", encode(noise((6, 6, 3), i))) for i in range(7)]
    rows = np.array([3, 0, 6, 3])
    item = 6 * 6 * 3
    answers = []
    for room in (0, item, 100 * item):
        files = ImageFiles(paths, 6, 3, cache_bytes=room)
        answers += [files.read(rows), files.read(rows)]
        assert len(files._cache) == min(room // item, 3)
    for answer in answers[1:]:
        np.testing.assert_array_equal(answer, answers[0])
    np.testing.assert_array_equal(answers[0][0], noise((6, 6, 3), 3))


def test_cached_images_are_not_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "0.png")
    files = ImageFiles([path], 6, 3, cache_bytes=1000)
    first = files.read(np.array([0]))
    path.unlink()
    np.testing.assert_array_equal(files.read(np.array([0])), first)


def test_the_fingerprint_depends_on_names_and_sizes(tmp_path: Path) -> None:
    class_folders(tmp_path, {"a": 3, "b": 3})
    first = data.load(tmp_path, image_size=6).fingerprint
    assert data.load(tmp_path, image_size=6, seed=3).fingerprint == first
    (tmp_path / "a" / "0.png").rename(tmp_path / "b" / "9.png")
    assert data.load(tmp_path, image_size=6).fingerprint != first


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="pictures: no such folder"):
        data.load(tmp_path / "pictures")
    with pytest.raises(ConfigError, match="no such folder: 'cifr10'[\\s\\S]*'cifar10'"):
        data.load("cifr10")


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no class folders[\\s\\S]*CLASS/image.jpg"):
        data.load(tmp_path)


def test_images_without_class_folders_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "0.png")
    with pytest.raises(DataError, match="no class folders"):
        data.load(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0.png: a file, not a folder"):
        data.load(write(tmp_path / "0.png"))


def test_a_class_without_images_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path, {"a": 2, "b": 0})
    with pytest.raises(DataError, match="b: no image in this class"):
        data.load(tmp_path)


def test_one_class_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="only one class"):
        data.load(class_folders(tmp_path, {"a": 4}))


def test_one_image_per_class_cannot_be_split(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no class has two images"):
        data.load(class_folders(tmp_path, {"a": 1, "b": 1}))


def test_a_class_that_is_only_in_the_validation_folder_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", {"a": 2, "b": 2})
    class_folders(tmp_path / "val", {"a": 2, "c": 2})
    with pytest.raises(DataError, match="class 'c' is not in"):
        data.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "bad.png: the file is empty"),
        (b"text", "bad.png: not a readable image"),
        (png_header(50_000, 50_000), "bad.png: absurdly large"),
    ],
    ids=["empty", "text", "bomb"],
)
def test_a_bad_file_is_named_when_the_folder_is_opened(
    tmp_path: Path, content: bytes, message: str
) -> None:
    write(class_folders(tmp_path, {"a": 3, "b": 3}) / "a" / "bad.png", content)
    with pytest.raises(DataError, match=message):
        data.load(tmp_path)


def test_a_truncated_file_is_named_when_its_batch_is_read(tmp_path: Path) -> None:
    for i in range(4):
        write(tmp_path / "a" / f"{i}.jpg", encode(noise((64, 64, 3)), "JPEG")[:-600])
        write(tmp_path / "b" / f"{i}.jpg", encode(noise((64, 64, 3)), "JPEG"))
    dataset = data.load(tmp_path, image_size=8)
    loader = data.Loader(dataset.train, backends.get("numpy", threads=1), 3)
    with pytest.raises(DataError, match=r"a/\d.jpg: the image is damaged"):
        list(loader.epoch(0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image_size": 0}, "image size must be from 1"),
        ({"image_size": 100_000}, "image size must be from 1 to 4096"),
        ({"channels": 4}, "channels must be 1 or 3"),
        ({"val_fraction": 1.0}, "val_fraction must be between"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    tmp_path: Path, settings: dict[str, float], message: str
) -> None:
    class_folders(tmp_path, {"a": 2, "b": 2})
    with pytest.raises(DataError, match=message):
        data.load(tmp_path, **settings)  # type: ignore[arg-type]


def test_a_built_in_set_with_other_channels_than_wanted_is_refused() -> None:
    with pytest.raises(DataError, match="digits: images have 1 channels, 3 wanted"):
        data.load("digits", channels=3)


def unpack(tar_path: Path, target: Path, count: int) -> Path:
    """Write the first regular files of an archive, under their own names."""
    if not tar_path.is_file():
        pytest.skip(f"no archive at {tar_path}")
    with tarfile.open(tar_path) as tar:
        for member in tar:
            stream = tar.extractfile(member)
            if stream is not None and count > 0:
                write(target / member.name, stream.read())
                count -= 1
    return target


def test_real_photographs_in_train_and_val_folders(real_data: Path, tmp_path: Path) -> None:
    unpack(real_data / "imagenette" / "train-00.tar", tmp_path, 120)
    unpack(real_data / "imagenette" / "val-00.tar", tmp_path, 40)
    dataset = data.load(tmp_path, image_size=64)
    assert (len(dataset.train), len(dataset.test)) == (120, 40)
    found = data.statistics(dataset.train)
    # Natural images: brightness is by far the strongest component.
    assert found.eigenvalues[0] > 5 * found.eigenvalues[1] > 5 * found.eigenvalues[2]
    np.testing.assert_allclose(np.abs(found.eigenvectors[:, 0]), 3**-0.5, atol=0.1)
    np.testing.assert_allclose(found.channel_means, [117, 116, 109], atol=15)


def test_real_full_size_photographs_of_all_kinds(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "imagenet-sample" / "images-0.tar"
    folder = unpack(source, tmp_path / "flat" / "train", 60)
    for path in list(folder.rglob("*.JPEG"))[:20]:
        write(tmp_path / "flat" / "val" / path.relative_to(folder), path.read_bytes())
    dataset = data.load(tmp_path / "flat", image_size=96)
    assert len(dataset.classes) == 60 and len(dataset.test) == 20
    images = dataset.train.images(np.arange(60))
    assert images.shape == (60, 96, 96, 3)
    assert (images.reshape(60, -1).std(1) > 5).all()
