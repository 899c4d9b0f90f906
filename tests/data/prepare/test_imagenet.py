"""The official archives: the label of each image, and what is refused."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.data.prepare.archives import IDS, SYNSETS, flat, kit, official, small, tar
from tinyalex.data.prepare.find import find_source
from tinyalex.errors import DataError

TRAIN, VAL = "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar"
KIT = "ILSVRC2012_devkit_t12.tar.gz"


@pytest.fixture
def src(tmp_path: Path) -> Path:
    return small(tmp_path / "src", each=2, val_each=1)


def rewrite_train(src: Path, inner: dict[str, bytes]) -> None:
    (src / TRAIN).write_bytes(tar(inner))


def inner_tars(leave_out: str = "") -> dict[str, bytes]:
    return {
        f"{synset}.tar": tar({f"{synset}_{i}.JPEG": flat((i, 0, 0)) for i in range(2)})
        for synset in SYNSETS
        if synset != leave_out
    }


def test_labels_are_indices_of_the_sorted_synsets(src: Path) -> None:
    source = find_source(str(src))
    assert source.classes == SYNSETS and source.kind == "official archives"
    assert source.class_names is not None and source.class_names[0].startswith("word of n01440764")
    train, val = (items.take(np.arange(len(items))) for items in source.splits.values())
    assert {(item.name, item.label) for item in train} == {
        (f"{synset}/{synset}_{i}.JPEG", label)
        for label, synset in enumerate(SYNSETS)
        for i in range(2)
    }
    # The kit's ids are in another order than the synsets.
    assert [item.label for item in val] == [0, 1, 2, 3]
    assert IDS[SYNSETS[0]] != 1
    for item in [*train, *val]:
        with open(item.file, "rb") as file:
            file.seek(item.offset)
            content = file.read(item.size)
        assert content[:2] == b"\xff\xd8" and content[-2:] == b"\xff\xd9"
    assert source.rejected == []


def test_the_kit_may_be_unpacked(src: Path) -> None:
    packed = find_source(str(src)).fingerprint()
    with tarfile.open(src / KIT) as archive:
        archive.extractall(src, filter="data")
    (src / KIT).unlink()
    assert find_source(str(src)).fingerprint() == packed


@pytest.mark.parametrize("name", ["ILSVRC2012_devkit_t12.tar", "ILSVRC2012_devkit_t12.tgz"])
def test_a_browser_may_have_unpacked_the_kits_gz_or_not(src: Path, name: str) -> None:
    packed = find_source(str(src)).fingerprint()
    content = (src / KIT).read_bytes()
    (src / KIT).unlink()
    (src / name).write_bytes(gzip.decompress(content) if name.endswith(".tar") else content)
    assert find_source(str(src)).fingerprint() == packed


def test_files_that_macos_adds_to_archives_are_ignored(src: Path) -> None:
    """A file ``._NAME`` before each member, in inner archives too."""
    inner = {}
    for name, content in inner_tars().items():
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            files = {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]
        inner[f"._{name}"] = b"about it"
        inner[name] = tar({k: v for n, b in files.items() for k, v in ((f"./._{n}", b"x"), (n, b))})
    rewrite_train(src, inner | {"__MACOSX/._x": b"x", ".DS_Store": b"x"})
    with tarfile.open(src / VAL) as archive:
        files = {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]
    (src / VAL).write_bytes(
        tar({k: v for n, b in files.items() for k, v in ((f"._{n}", b"x"), (n, b))})
    )
    source = find_source(str(src))
    assert [len(items) for items in source.splits.values()] == [8, 4]
    assert source.rejected == []


def test_caffes_lists_can_replace_the_kit(src: Path) -> None:
    packed = find_source(str(src))
    (src / KIT).unlink()
    (src / "synset_words.txt").write_text("".join(f"{synset} a word\n" for synset in SYNSETS))
    lines = [f"ILSVRC2012_val_{i + 1:08d}.JPEG {label}" for i, label in enumerate([0, 1, 2, 3])]
    (src / "val.txt").write_text("\n".join(lines) + "\n")
    assert find_source(str(src)).fingerprint() == packed.fingerprint()
    elsewhere = src.parent / "list.txt"
    os.rename(src / "val.txt", elsewhere)
    with pytest.raises(DataError, match="labels are missing"):
        find_source(str(src))
    assert find_source(str(src), labels=elsewhere).fingerprint() == packed.fingerprint()


def test_two_lists_that_disagree_are_refused(src: Path) -> None:
    lines = [f"ILSVRC2012_val_{i + 1:08d}.JPEG {label}" for i, label in enumerate([2, 0, 3, 1])]
    (src / "val.txt").write_text("\n".join(lines) + "\n")  # the kit's ids, less 1
    with pytest.raises(DataError, match="other labels than the development kit for 4 of 4"):
        find_source(str(src))


@pytest.mark.parametrize("archive", [TRAIN, VAL])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_an_archive_cut_off_in_the_middle_is_named(src: Path, archive: str, share: float) -> None:
    content = (src / archive).read_bytes().rstrip(b"\0")
    (src / archive).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError, match=f"{archive}.*(cut off|damaged)"):
        find_source(str(src))


def test_an_inner_archive_cut_off_is_named(src: Path) -> None:
    inner = inner_tars()
    inner["n02951585.tar"] = inner["n02951585.tar"].rstrip(b"\0")[:-700]
    rewrite_train(src, inner)
    with pytest.raises(DataError, match=f"{TRAIN}: n02951585.tar: cut off"):
        find_source(str(src))


def test_a_missing_inner_archive_is_named(src: Path) -> None:
    rewrite_train(src, inner_tars(leave_out="n02951585"))
    with pytest.raises(DataError, match=r"1 of 4 classes are missing .n02951585"):
        find_source(str(src))


def test_a_class_of_another_year_is_named(src: Path) -> None:
    rewrite_train(src, inner_tars() | {"n00000042.tar": tar({"a.JPEG": flat((0, 0, 0))})})
    with pytest.raises(DataError, match="n00000042 is not one of the 4"):
        find_source(str(src))


def test_two_archives_of_one_class_are_refused(src: Path) -> None:
    inner = inner_tars()
    rewrite_train(src, inner | {"again/n02951585.tar": inner["n02951585.tar"]})
    with pytest.raises(DataError, match="two archives of the class n02951585"):
        find_source(str(src))


def test_an_inner_archive_without_images_is_refused(src: Path) -> None:
    rewrite_train(src, inner_tars() | {"n02951585.tar": tar({})})
    with pytest.raises(DataError, match="n02951585.tar: no image of this class"):
        find_source(str(src))


def test_files_that_are_no_images_of_their_class_are_rejected(src: Path) -> None:
    inner = inner_tars()
    inner["n02951585.tar"] = tar(
        {
            "n02951585_1.JPEG": flat((0, 0, 0)),
            "n01440764_9.JPEG": flat((0, 0, 0)),
            "../n02951585_2.JPEG": flat((0, 0, 0)),
        }
    )
    rewrite_train(src, inner | {"readme.txt": b"hello"})
    reasons = {row.name: row.reason for row in find_source(str(src)).rejected}
    assert reasons == {
        "n02951585/n01440764_9.JPEG": "named as an image of n01440764, but in n02951585",
        "n02951585/../n02951585_2.JPEG": "a name that points outside of the archive",
        "readme.txt": "not an archive of a class (nSYNSET.tar)",
    }


@pytest.mark.parametrize("count", [3, 5])
def test_a_list_of_another_length_is_refused(src: Path, count: int) -> None:
    (src / KIT).write_bytes(kit(IDS, [SYNSETS[i % 4] for i in range(count)]))
    with pytest.raises(DataError, match="4 images for 5 labels|has no label: the list has 3"):
        find_source(str(src))


def test_a_kit_of_another_year_or_none_is_refused(src: Path) -> None:
    os.rename(src / KIT, src / "ILSVRC2010_devkit-1.0.tar.gz")
    with pytest.raises(DataError, match="found ILSVRC2010_devkit-1.0.tar.gz, of another year"):
        find_source(str(src))


def test_a_damaged_kit_is_refused(src: Path) -> None:
    whole = (src / KIT).read_bytes()
    (src / KIT).write_bytes(whole[:-20])
    with pytest.raises(DataError, match="cut off|cannot be unpacked"):
        find_source(str(src))
    (src / KIT).write_bytes(kit(IDS, SYNSETS, meta=b"nothing"))
    with pytest.raises(DataError, match="meta.mat: not a readable MATLAB file"):
        find_source(str(src))
    stream = io.BytesIO(gzip.compress(tar({"other/readme": b""})))
    (src / KIT).write_bytes(stream.getvalue())
    with pytest.raises(DataError, match="data/meta.mat is missing"):
        find_source(str(src))


@pytest.mark.parametrize("archive", [TRAIN, VAL])
def test_a_missing_archive_is_named(src: Path, archive: str) -> None:
    (src / archive).unlink()
    with pytest.raises(DataError, match=f"{archive}: no such file"):
        find_source(str(src))


def test_the_kit_may_have_any_number_of_classes(tmp_path: Path) -> None:
    train = {synset: {"a.JPEG": flat((0, 0, 0))} for synset in SYNSETS[:2]}
    src = official(tmp_path, train, [(SYNSETS[1], flat((0, 0, 0)))])
    assert find_source(str(src)).classes == SYNSETS[:2]
