"""The label of each synset; above all, no order is mistaken for another."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.data.prepare.archives import IDS, SYNSETS, meta_mat
from tinyalex import notice
from tinyalex.data.prepare.labels import Classes, classes_of_kit, classes_of_list, val_labels
from tinyalex.errors import DataError

KIT = classes_of_kit(meta_mat(IDS), "meta.mat")
LISTED = Classes(SYNSETS, None, None)


def written(folder: Path, *lines: str) -> Path:
    path = folder / "labels.txt"
    path.write_text("".join(line + "\n" for line in lines))
    return path


def test_the_kit_gives_sorted_synsets_and_its_own_ids() -> None:
    assert KIT.synsets == SYNSETS  # the group above the classes is none of them
    assert KIT.by_id == {3: 0, 1: 1, 4: 2, 2: 3}
    assert KIT.words is not None and KIT.words[2] == "word of n02951585, another"


def test_the_official_list_is_mapped_by_the_kits_ids(tmp_path: Path) -> None:
    labels = val_labels(written(tmp_path, "3", "1", "2", "2"), KIT)
    assert labels == {
        "ILSVRC2012_val_00000001.JPEG": 0,
        "ILSVRC2012_val_00000002.JPEG": 1,
        "ILSVRC2012_val_00000003.JPEG": 3,
        "ILSVRC2012_val_00000004.JPEG": 3,
    }


def test_ids_without_the_kit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="its order is unknown") as error:
        val_labels(written(tmp_path, "3", "1"), LISTED)
    assert "development kit's own order" in error.value.hint


def test_caffes_list_counts_the_sorted_synsets_from_0(tmp_path: Path) -> None:
    assert val_labels(written(tmp_path, "a.JPEG 3", "sub/b.JPEG 0"), LISTED) == {
        "a.JPEG": 3,
        "b.JPEG": 0,
    }


def test_a_list_that_counts_from_1_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="index 4 is not in 0 to 3: it counts from 1"):
        val_labels(written(tmp_path, "a.JPEG 1", "b.JPEG 4"), LISTED)


@pytest.mark.parametrize("text", ["a.JPEG 3", "a 3", "val\\a.JPEG 3", "x/a\t3"])
def test_names_may_have_folders_of_any_system_and_no_suffix(tmp_path: Path, text: str) -> None:
    assert val_labels(written(tmp_path, text), LISTED) == {"a.JPEG": 3}


def official_list(order: list[int], folder: Path) -> Path:
    """The first four official images, with indices in any order of the classes."""
    names = (f"ILSVRC2012_val_{i:08d}.JPEG" for i in range(1, 5))
    return written(folder, *(f"{n} {k}" for n, k in zip(names, order, strict=True)))


def test_the_kits_ids_minus_1_are_refused(tmp_path: Path) -> None:
    """The first official images are known to show a snake, an alp, a sheepdog and a bowl."""
    shown = ["n01751748", "n09193705", "n02105855", "n04263257"]
    classes = Classes(sorted([*SYNSETS, *shown]), None, None)
    right = [classes.synsets.index(synset) for synset in shown]
    assert list(val_labels(official_list(right, tmp_path), classes).values()) == right
    wrong = [right[1], right[0], *right[2:]]
    with pytest.raises(DataError, match="00000001.JPEG has the label .*, but shows n01751748") as e:
        val_labels(official_list(wrong, tmp_path), classes)
    assert "development kit's own order" in e.value.hint


def test_an_order_that_cannot_be_checked_gives_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(notice, "_warned", [heard.append])
    val_labels(written(tmp_path, "a.JPEG 3", "b.JPEG 0"), LISTED)
    assert len(heard) == 1 and "read as indices of the sorted synsets" in heard[0]
    val_labels(written(tmp_path, f"a.JPEG {SYNSETS[0]}"), LISTED)
    assert len(heard) == 1


def test_kaggles_list_is_read(tmp_path: Path) -> None:
    lines = ["ImageId,PredictionString", f"a,{SYNSETS[2]} 1 2 3 4 {SYNSETS[2]} 5 6 7 8 "]
    assert val_labels(written(tmp_path, *lines), LISTED) == {"a.JPEG": 2}


def test_synsets_need_no_order(tmp_path: Path) -> None:
    assert list(val_labels(written(tmp_path, SYNSETS[2], SYNSETS[0]), LISTED).values()) == [2, 0]
    assert val_labels(written(tmp_path, f"a.JPEG {SYNSETS[1]}"), LISTED) == {"a.JPEG": 1}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a.JPEG 99"], "line 1: 99 is none of the 4 classes"),
        (["5"], "line 1: 5 is none"),
        (["n00000007"], "n00000007 is none"),
        (["1", "two"], "line 2: 'two' is no label"),
        (["-1"], "'-1' is no label"),
        (["a b 1"], "line 1 is not a label"),
        (["a 1", "a 2"], "line 2: a is there twice"),
        (["1", "", "2"], "an empty line"),
        ([], "empty"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        val_labels(written(tmp_path, *lines), KIT)


def test_a_kit_of_another_year_is_refused() -> None:
    with pytest.raises(DataError, match="no ids of ILSVRC2012"):
        classes_of_kit(meta_mat(IDS, field="ILSVRC2010_ID"), "meta.mat")
    thousand = {f"n{i:08d}": i + 1 for i in range(999)} | {"n01440764": 1000}
    with pytest.raises(DataError, match="n01440764 should have the id 449.*got 1000"):
        classes_of_kit(meta_mat(thousand), "meta.mat")


def test_an_id_that_is_there_twice_is_refused() -> None:
    with pytest.raises(DataError, match="an id is there twice"):
        classes_of_kit(meta_mat({"n00000001": 5, "n00000002": 5}), "meta.mat")


def test_a_list_of_synsets_is_sorted_and_may_have_words(tmp_path: Path) -> None:
    classes = classes_of_list(written(tmp_path, "n00000002 a dog, hound", "n00000001\tcat"))
    assert classes.synsets == ["n00000001", "n00000002"]
    assert classes.words == ["cat", "a dog, hound"]
    with pytest.raises(DataError, match="n00000002 is there twice .line 3"):
        classes_of_list(written(tmp_path, "n00000002", "n00000001", "n00000002"))
    with pytest.raises(DataError, match="line 1 should begin with a synset"):
        classes_of_list(written(tmp_path, "dog n00000002"))


def test_fifty_validation_images_per_class_are_required(tmp_path: Path) -> None:
    classes = Classes([f"n{i:08d}" for i in range(1000)], None, None)
    names = [f"n{i % 1000:08d}" for i in range(50_000)]
    assert len(val_labels(written(tmp_path, *names), classes)) == 50_000
    names[7] = "n00000008"
    with pytest.raises(DataError, match="50 validation images of each class; here class 7 has 49"):
        val_labels(written(tmp_path, *names), classes)


def test_the_real_classes_keep_their_ids(real_data: Path) -> None:
    """All 1000 classes of ILSVRC2012 through a kit in the official form, both orders at once."""
    with (real_data / "imagenet_classes.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    ids = {row["synset"]: int(row["ilsvrc2012_id"]) for row in rows}
    classes = classes_of_kit(meta_mat(ids), "meta.mat")
    assert classes.synsets == [row["synset"] for row in rows]
    assert classes.by_id == {int(row["ilsvrc2012_id"]): int(row["index"]) for row in rows}
