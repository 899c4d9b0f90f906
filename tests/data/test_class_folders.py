"""Class folders in practice: links, junk, other spellings, files that are not images."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.pictures import class_folders, encode, noise, write
from tinyalex import data, notice
from tinyalex.data import file_types
from tinyalex.data.class_folders import ClassTree, read_tree
from tinyalex.data.folder import load_folder
from tinyalex.errors import DataError

NFC, NFD = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


def names(tree: ClassTree, folder: Path) -> list[str]:
    assert tree.train is not None
    return [path.relative_to(folder).as_posix() for path in tree.train.files]


def test_links_are_followed_once(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "data", {"a": 1, "b": 1})
    class_folders(tmp_path / "elsewhere", {"more": 2})
    write(tmp_path / "far.png")
    os.symlink(tmp_path / "elsewhere", root / "a" / "linked")
    os.symlink(tmp_path / "elsewhere" / "more", root / "a" / "part of linked")
    os.symlink(tmp_path / "far.png", root / "a" / "x.png")
    os.symlink(tmp_path / "far.png", root / "a" / "y.png")
    os.symlink("0.png", root / "a" / "itself.png")
    os.symlink(".", root / "a" / "loop")
    os.symlink("..", root / "b" / "up")
    os.symlink("../..", root / "b" / "further up")
    os.symlink(root / "a", root / "b" / "a class's pictures are its own")
    os.symlink(tmp_path / "data", root / "all")
    os.symlink(tmp_path / "elsewhere", tmp_path / "elsewhere" / "more" / "loop")
    assert names(read_tree(root), root) == [
        *("a/0.png", "a/linked/more/0.png", "a/linked/more/1.png", "a/x.png"),
        "b/0.png",
    ]


def test_a_class_folder_may_be_a_link(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "data", {"a": 1})
    class_folders(tmp_path / "elsewhere", {"more": 2})
    os.symlink(tmp_path / "elsewhere", root / "b")
    assert names(read_tree(root), root) == ["a/0.png", "b/more/0.png", "b/more/1.png"]


def test_broken_links_are_left_out_and_counted(tmp_path: Path) -> None:
    root = class_folders(tmp_path, {"a": 1, "b": 1})
    os.symlink("gone.png", root / "a" / "1.png")
    tree = read_tree(root)
    assert names(tree, root) == ["a/0.png", "b/0.png"] and tree.left_out() == "1 broken link"


def test_files_of_operating_systems_are_neither_classes_nor_images(tmp_path: Path) -> None:
    root = class_folders(tmp_path, {"a": 2, "b": 2})
    for junk in ("__MACOSX/a/0.png", "a/@eaDir/0.png", "a/._0.png", ".Trashes/x/0.png"):
        write(root / junk)
    for junk in ("a/Thumbs.db", "b/desktop.ini", "b/.DS_Store"):
        write(root / junk, b"junk")
    tree = read_tree(root)
    assert tree.classes == ["a", "b"] and len(names(tree, root)) == 4
    assert tree.left_out() == ""  # not worth a line
    assert sorted(each.path.name for each in tree.aside) == ["Thumbs.db", "desktop.ini"]


def test_one_line_says_what_was_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = class_folders(tmp_path / "pets", {"a": 2, "b": 2})
    for i in range(3):
        write(root / "a" / f"{i}.HEIC", b"x")
        write(root / "b" / f"{i}.jp2", b"x")
    write(root / "b" / "boxes.txt", b"x")
    heard: list[str] = []
    monkeypatch.setattr(notice, "_listeners", [heard.append])
    load_folder(root, 6)
    assert heard == [
        f"{root}: left out: 7 files of kinds that are not read: .heic 3, .jp2 3, .txt 1"
    ]


def test_a_class_with_only_unread_files_names_their_suffixes(tmp_path: Path) -> None:
    root = class_folders(tmp_path, {"a": 2, "b": 0})
    write(root / "b" / "1.heic", b"x")
    with pytest.raises(DataError, match=r"b: no image in this class \(1 file of a kind .*heic 1"):
        load_folder(root, 6)


def test_avif_is_read_where_pillow_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_types.features, "check_module", lambda name: False)
    monkeypatch.setattr(Image, "OPEN", {k: v for k, v in Image.OPEN.items() if k != "AVIF"})
    assert ".avif" not in file_types.suffixes() and "AVIF" not in file_types.formats()
    monkeypatch.undo()
    if "AVIF" not in file_types.formats():
        pytest.skip("this Pillow reads no AVIF")
    for name in ("a", "b"):
        for i in range(2):
            write(tmp_path / name / f"{i}.avif", encode(noise((16, 16, 3)), "AVIF"))
    dataset = load_folder(tmp_path, 8)
    assert dataset.train.images(np.arange(2)).shape == (2, 8, 8, 3)


def test_heic_is_read_where_a_plug_in_has_registered_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ".heic" not in file_types.suffixes() or "HEIF" in Image.OPEN
    monkeypatch.setitem(Image.OPEN, "HEIF", Image.OPEN["PNG"])  # stands for pillow-heif's
    class_folders(tmp_path, {"a": 2, "b": 2}, ".heic")
    assert len(load_folder(tmp_path, 6).train) == 2


def test_two_unicode_forms_are_one_name(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", {NFC: 3, "tea": 2})
    class_folders(tmp_path / "val", {NFD: 1, "tea": 1})
    tree = read_tree(tmp_path)
    assert tree.classes == [NFC, "tea"] and tree.val is not None
    assert tree.val.labels == [0, 1]


def test_two_unicode_forms_of_a_class_in_one_split_are_refused(tmp_path: Path) -> None:
    class_folders(tmp_path, {NFC: 3, NFD: 2})
    with pytest.raises(DataError, match=r"spelled in two Unicode forms.*cafe\\u0301.*caf\\xe9"):
        read_tree(tmp_path)


@pytest.mark.parametrize("other", ["Cats", "cats ", "big-cats"])
def test_names_that_differ_in_their_spelling_are_both_shown(tmp_path: Path, other: str) -> None:
    mine = "big cats" if "big" in other else "cats"
    class_folders(tmp_path / "train", {mine: 2, "dogs": 2})
    class_folders(tmp_path / "val", {other: 1, "dogs": 1})
    with pytest.raises(DataError, match=f"{other!r} is not in .*, which has {mine!r}: the names"):
        read_tree(tmp_path)


def test_numbers_in_place_of_names_are_explained(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", {"n01440764": 2, "n01443537": 2})
    class_folders(tmp_path / "val", {"449": 1, "450": 1})
    with pytest.raises(DataError, match="'449' is not in") as error:
        read_tree(tmp_path)
    assert "development kit's ids" in error.value.hint


def test_classes_that_look_like_splits_are_mentioned(tmp_path: Path) -> None:
    for name in ("camera 1", "camera 2"):
        class_folders(tmp_path / name, {"a": 2, "b": 2})
    assert "camera 1, camera 2 hold folders of the same names (a, b)" in (
        read_tree(tmp_path).left_out()
    )


def test_further_splits_and_other_folders_are_mentioned(tmp_path: Path) -> None:
    for name in ("train", "valid", "test"):
        class_folders(tmp_path / name, {"a": 2, "b": 2})
    class_folders(tmp_path, {"unsorted": 3})
    said = read_tree(tmp_path).left_out()
    assert "unsorted (next to train)" in said and "test (a second held-out split)" in said


def test_a_test_split_without_class_folders_is_left_out_and_a_share_held_out(
    tmp_path: Path,
) -> None:
    class_folders(tmp_path / "train", {"a": 5, "b": 5})
    write(tmp_path / "test" / "1.png")
    assert "test (images without class folders)" in read_tree(tmp_path).left_out()
    assert len(data.load(tmp_path, image_size=6).test) == 2


def test_a_val_split_without_class_folders_is_refused_with_ways_to_label_it(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", {"a": 5, "b": 5})
    write(tmp_path / "val" / "ILSVRC2012_img_val" / "1.png")
    with pytest.raises(DataError, match="ILSVRC2012_img_val: images without class folders") as e:
        read_tree(tmp_path)
    assert "--val-labels" in e.value.hint


@pytest.mark.parametrize("name", ["pics.zip", "pics.tar.gz"])
def test_for_an_archive_the_error_says_to_unpack_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="an archive, not a folder\nTry: unpack it"):
        load_folder(write(tmp_path / name, b"PK"), 6)
