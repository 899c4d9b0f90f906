"""Class folders and WebDataset shards as sources."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.data.pictures import class_folders, write
from tests.data.prepare.archives import flat, tar
from tinyalex.data.prepare.find import find_source
from tinyalex.data.prepare.source import Source
from tinyalex.data.prepare.webdataset import webdataset
from tinyalex.errors import DataError


def labelled(source: Source, split: str) -> dict[str, int]:
    items = source.splits[split]
    return {item.name: item.label for item in items.take(np.arange(len(items)))}


def test_folders_of_both_parts_are_found(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", {"cats": 2, "dogs": 1})
    class_folders(tmp_path / "val", {"dogs": 1})
    source = find_source(str(tmp_path))
    assert source.classes == ["cats", "dogs"] and source.kind == "class folders"
    assert labelled(source, "train") == {
        "train/cats/0.png": 0,
        "train/cats/1.png": 0,
        "train/dogs/0.png": 1,
    }
    assert labelled(source, "val") == {"val/dogs/0.png": 1}


def test_a_share_is_held_out_without_a_validation_split(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cats": 10, "dogs": 10})
    source = find_source(str(tmp_path), val_fraction=0.3)
    train, val = labelled(source, "train"), labelled(source, "val")
    assert len(train) == 14 and sorted(val.values()) == [0] * 3 + [1] * 3
    assert not set(train) & set(val)
    assert labelled(find_source(str(tmp_path), val_fraction=0.3, seed=1), "val") != val


def test_other_files_are_listed_unless_they_are_hidden(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cats": 2, "dogs": 2})
    write(tmp_path / "cats" / "notes.txt", b"hello")
    write(tmp_path / "cats" / ".DS_Store", b"hello")
    source = find_source(str(tmp_path))
    (row,) = source.aside
    assert not source.rejected  # nothing is wrong with any picture
    assert (row.class_name, row.name) == ("cats", "cats/notes.txt")


def test_bad_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        find_source(str(tmp_path / "gone"))
    with pytest.raises(DataError, match="neither archives nor class folders"):
        find_source(str(tmp_path))
    class_folders(tmp_path, {"cats": 2})
    with pytest.raises(DataError, match="1 class, nothing to learn"):
        find_source(str(tmp_path))
    (tmp_path / "dogs").mkdir()
    with pytest.raises(DataError, match="dogs: no image in this class"):
        find_source(str(tmp_path))
    class_folders(tmp_path / "x" / "train", {"cats": 1, "dogs": 1})
    class_folders(tmp_path / "x" / "val", {"cows": 1})
    with pytest.raises(DataError, match="'cows' is not in"):
        find_source(str(tmp_path / "x"))


def shard(path: Path, *samples: tuple[str, str, bytes | str]) -> Path:
    """A shard: key, kind of label file, label."""
    files: dict[str, bytes] = {}
    for i, (key, kind, label) in enumerate(samples):
        files[f"{key}.jpg"] = flat((i, 0, 0))
        if kind:
            files[f"{key}.{kind}"] = label.encode() if isinstance(label, str) else label
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tar(files))
    return path


def test_shards_are_found_by_folder_pattern_or_list(tmp_path: Path) -> None:
    shard(tmp_path / "train-00.tar", ("a/001", "cls", "0"), ("a/002", "cls", "2\n"))
    shard(tmp_path / "train-01.tar", ("003", "cls", "1"))
    shard(tmp_path / "val-00.tar", ("004", "cls", "2"))
    for spec in ("", "/*.tar", "/{train-00,train-01,val-00}.tar"):
        source = find_source(f"{tmp_path}{spec}")
        assert source.classes == ["0", "1", "2"]
        assert labelled(source, "train") == {
            "train-00.tar/a/001": 0,
            "train-00.tar/a/002": 2,
            "train-01.tar/003": 1,
        }
        assert labelled(source, "val") == {"val-00.tar/004": 2}


def test_a_share_of_shards_is_held_out_without_a_validation_split(tmp_path: Path) -> None:
    for i in range(2):
        samples = [(str(j), "cls", str(j % 2)) for j in range(4)]
        shard(tmp_path / f"train-{i:03d}.tar", *samples)
    source = find_source(f"{tmp_path}/train-{{000..001}}.tar", val_fraction=0.25)
    assert len(labelled(source, "train")) == 6 and sorted(labelled(source, "val").values()) == [
        0,
        1,
    ]


def test_labels_may_be_names_or_be_in_json(tmp_path: Path) -> None:
    shard(
        tmp_path / "train.tar",
        ("1", "json", json.dumps({"label": "dogs", "caption": "x"})),
        ("2", "cls", "cats"),
    )
    shard(tmp_path / "val.tar", ("3", "cls", "dogs"))
    source = find_source(str(tmp_path))
    assert source.classes == ["cats", "dogs"]
    assert labelled(source, "train") == {"train.tar/1": 1, "train.tar/2": 0}


def test_an_incomplete_sample_is_listed(tmp_path: Path) -> None:
    files = {"1.jpg": flat((0, 0, 0)), "1.cls": b"0", "2.jpg": flat((0, 0, 0)), "2.cls": b"1"}
    files |= {"3.jpg": flat((0, 0, 0)), "4.cls": b"1", "5.jpg": b"", "5.json": b"{]"}
    (tmp_path / "train.tar").write_bytes(tar(files))
    shard(tmp_path / "val.tar", ("3", "cls", "1"))
    rows = find_source(str(tmp_path)).rejected
    assert [(row.name, row.reason) for row in rows] == [
        ("train.tar/3", "a sample without a label"),
        ("train.tar/4", "a sample without an image"),
        ("train.tar/5", "a sample without a label"),
    ]


def written(folder: Path, *names: str) -> Path:
    """A shard of members with these names: images, and labels 0 and 1 alternating."""
    files: dict[str, bytes] = {}
    for i, name in enumerate(names):
        label = str(sum(each.endswith((".cls", ".CLS")) for each in names[:i]) % 2).encode()
        files[name] = flat((i, 0, 0)) if name.endswith("jpg") else label
    (folder / "train.tar").write_bytes(tar(files))
    return folder / "train.tar"


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["22.05.jpg", "22.05.cls", "23.05.jpg", "23.05.cls"], ["22", "23"]),
        (["v1.1.jpg", "v1.1.cls", "v1.2.jpg", "v1.2.cls"], ["v1.1", "v1.2"]),
        (["a.input.jpg", "a.output.cls", "b.input.jpg", "b.output.cls"], ["a", "b"]),
        (["a.jpg", "a.mask.jpg", "a.cls", "b.jpg", "b.mask.jpg", "b.cls"], ["a", "b"]),
        (["a.JPG.jpg", "a.CLS", "b.jpg", "b.cls"], ["a", "b"]),
    ],
)
def test_keys_and_fields_may_have_dots(tmp_path: Path, names: list[str], keys: list[str]) -> None:
    written(tmp_path, *names)
    source = _train_only(tmp_path)
    assert labelled(source, "train") == {f"train.tar/{key}": i for i, key in enumerate(keys)}
    assert source.rejected == []


def _train_only(folder: Path) -> Source:
    return webdataset([folder / "train.tar"], None)


def test_files_that_macos_adds_to_shards_are_ignored(tmp_path: Path) -> None:
    twins = [(f"./._{i}.{k}", f"./{i}.{k}") for i in range(2) for k in ("jpg", "cls")]
    files = {}
    for twin, name in twins:
        files[twin] = b"about it"
        files[name] = flat((0, 0, 0)) if name.endswith("jpg") else name[2].encode()
    (tmp_path / "train.tar").write_bytes(tar(files))
    source = _train_only(tmp_path)
    assert len(source.splits["train"]) == 2 and source.rejected == []


def test_shards_without_a_sample_show_the_first_ones_files(tmp_path: Path) -> None:
    (tmp_path / "train.tar").write_bytes(tar({"a.image": b"x", "a.klass": b"0"}))
    with pytest.raises(DataError, match=r"the first, train.tar/a, holds .image, .klass"):
        _train_only(tmp_path)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["1", "2"], "no training image has the label 0"),
        (["0", "2"], "no training image has the label 1"),
        (["0", "cats"], "some labels are numbers and some are names"),
        (["0", "0"], "1 class, nothing to learn"),
    ],
)
def test_labels_that_do_not_count_from_0_are_refused(
    tmp_path: Path, labels: list[str], message: str
) -> None:
    shard(tmp_path / "train.tar", *((str(i), "cls", label) for i, label in enumerate(labels)))
    with pytest.raises(DataError, match=message):
        find_source(str(tmp_path))


def test_a_list_names_the_classes_of_numeric_labels(tmp_path: Path) -> None:
    shard(tmp_path / "train.tar", *((str(i), "cls", str(i % 2)) for i in range(4)))
    listed = write(tmp_path / "synsets.txt", b"n00000001\nn00000002\n")
    assert find_source(str(tmp_path), synsets=listed).classes == ["n00000001", "n00000002"]
    listed.write_bytes(b"n00000001\n")
    with pytest.raises(DataError, match="label 1, but 1 classes are listed"):
        find_source(str(tmp_path), synsets=listed)


def test_bad_shards_are_refused(tmp_path: Path) -> None:
    path = shard(tmp_path / "train.tar", ("1", "cls", "0"), ("2", "cls", "1"), ("1", "", ""))
    path.write_bytes(tar({"1.jpg": b"a", "2.jpg": b"b", "1.cls": b"0"}))
    with pytest.raises(DataError, match="the sample 1 is there twice"):
        find_source(str(tmp_path))
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(DataError, match="train.tar: cut off"):
        find_source(str(tmp_path))
    with pytest.raises(DataError, match="train-1.tar: no such file"):
        find_source(f"{tmp_path}/train-{{1..2}}.tar")
