"""Held-out images in one folder, with a list: Tiny ImageNet's, Kaggle's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.pictures import class_folders, write
from tinyalex import data
from tinyalex.data.prepare.find import find_source
from tinyalex.errors import DataError

SYNSETS = ["n01440764", "n01443537", "n01484850"]
SHOWN = [2, 0, 1, 0]


def tiny_imagenet(root: Path) -> Path:
    for synset in SYNSETS:
        class_folders(root / "train" / synset, {"images": 2}, ".JPEG")
        write(root / "train" / synset / f"{synset}_boxes.txt", b"x")
    lines = [f"val_{i}.JPEG\t{SYNSETS[label]}\t0\t0\t31\t31" for i, label in enumerate(SHOWN)]
    write(root / "val" / "val_annotations.txt", "\n".join(lines).encode())
    for i in range(len(SHOWN)):
        write(root / "val" / "images" / f"val_{i}.JPEG")
    return root


def kaggle(root: Path, list_too: bool = True) -> Path:
    folder = root / "ILSVRC" / "Data" / "CLS-LOC"
    class_folders(folder / "train", dict.fromkeys(SYNSETS, 2), ".JPEG")
    rows = ["ImageId,PredictionString"]
    for i, label in reversed(list(enumerate(SHOWN))):
        write(folder / "val" / f"ILSVRC2012_val_{i + 1:08d}.JPEG")
        rows.append(
            f"ILSVRC2012_val_{i + 1:08d},{SYNSETS[label]} 1 2 3 4 {SYNSETS[label]} 5 6 7 8 "
        )
    if list_too:
        write(root / "LOC_val_solution.csv", "\n".join(rows).encode())
    return folder


def test_tiny_imagenet_is_read_as_published(tmp_path: Path) -> None:
    dataset = data.load(tiny_imagenet(tmp_path), image_size=6)
    assert dataset.classes == SYNSETS and len(dataset.train) == 6
    assert dataset.test.labels.tolist() == SHOWN
    source = find_source(str(tmp_path))
    assert source.splits["val"].table()[:, 3].tolist() == SHOWN and not source.rejected
    assert source.left_out == "3 files of kinds that are not read: .txt 3"  # the boxes


def test_kaggles_layout_is_read_by_its_list(tmp_path: Path) -> None:
    dataset = data.load(kaggle(tmp_path), image_size=6)
    assert dataset.classes == SYNSETS and dataset.test.labels.tolist() == SHOWN


@pytest.mark.parametrize("kind", ["csv", "val.txt", "synsets"])
def test_val_labels_name_the_classes_of_images_without_class_folders(
    tmp_path: Path, kind: str
) -> None:
    folder = kaggle(tmp_path, list_too=False)
    names = [f"ILSVRC2012_val_{i + 1:08d}" for i in range(len(SHOWN))]
    lines = {
        "csv": ["ImageId,PredictionString"]
        + [f"{name},{SYNSETS[k]} 1 2 3 4 " for name, k in zip(names, SHOWN, strict=True)],
        "val.txt": [f"{name}.JPEG {k}" for name, k in zip(names, SHOWN, strict=True)],
        "synsets": [f"val\\{name} {SYNSETS[k]}" for name, k in zip(names, SHOWN, strict=True)],
    }[kind]
    labels = write(tmp_path / "elsewhere" / "list", "\n".join(lines).encode())
    with pytest.raises(DataError, match="--val-labels LOC_val_solution.csv"):
        find_source(str(folder))
    source = find_source(str(folder), labels=labels)
    assert source.splits["val"].table()[:, 3].tolist() == SHOWN


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace(SYNSETS[2], "n00000000"), "line 5: 'n00000000' is not one"),
        (lambda text: text.replace(" 1 2 3 4 ", ","), "is not an image and its class"),
        (lambda text: text + "\nmissing,n01440764 1 2 3 4", "missing is missing"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    folder = kaggle(tmp_path)
    path = tmp_path / "LOC_val_solution.csv"
    path.write_text(change(path.read_text()))
    with pytest.raises(DataError, match=message):
        data.load(folder, image_size=6)


def test_a_list_is_not_for_class_folders(tmp_path: Path) -> None:
    labels = write(tmp_path / "val.txt", b"a.JPEG 0")
    class_folders(tmp_path / "x" / "train", {"a": 2, "b": 2})
    with pytest.raises(DataError, match="no validation images to label"):
        find_source(str(tmp_path / "x"), labels=labels)
    class_folders(tmp_path / "x" / "val", {"a": 2, "b": 2})
    with pytest.raises(DataError, match="has class folders"):
        find_source(str(tmp_path / "x"), labels=labels)
