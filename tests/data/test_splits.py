"""Which folders are splits, which are classes, and which are our own output."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.pictures import class_folders, write
from tinyalex import data
from tinyalex.data.folder import load_folder
from tinyalex.data.splits import split_name
from tinyalex.errors import DataError


def counts(dataset: data.Dataset) -> tuple[list[str], list[int], list[int]]:
    return (
        dataset.classes,
        np.bincount(dataset.train.labels, minlength=len(dataset.classes)).tolist(),
        np.bincount(dataset.test.labels, minlength=len(dataset.classes)).tolist(),
    )


def a_run(folder: Path) -> Path:
    """The files of a run, with images."""
    write(folder / "config.json", json.dumps({"model": "m", "recipe": {}, "data": "d"}).encode())
    write(folder / "metrics.jsonl", b"")
    write(folder / "curves.png")
    return folder


@pytest.mark.parametrize(
    ("train", "held_out"),
    [
        ("Training", "Testing"),
        ("Train", "Test"),
        ("TRAIN", "VALID"),
        ("training_set", "test_set"),
        ("trainset", "valset"),
        ("TrainingSet", "ValidationSet"),
        ("Training Data", "Validation Data"),
        ("train-images", "val-images"),
        ("seg_train", "seg_test"),
        ("ILSVRC2012_img_train", "ILSVRC2012_img_val"),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_splits_are_recognized_by_their_usual_names(
    tmp_path: Path, train: str, held_out: str, nested: bool
) -> None:
    for name, each in ((train, 3), (held_out, 2)):
        place = tmp_path / name / name if nested else tmp_path / name
        class_folders(place, {"a": each, "b": each + 1})
    assert counts(load_folder(tmp_path, 6)) == (["a", "b"], [3, 4], [2, 3])


@given(
    word=st.sampled_from(["train", "training", "val", "valid", "validation", "test", "testing"]),
    filler=st.sampled_from(["", "set", "data", "images"]),
    mark=st.sampled_from(["", "_", "-", " ", "."]),
    spell=st.sampled_from([str.lower, str.upper, str.title]),
)
def test_case_and_marks_between_words_do_not_matter(
    word: str, filler: str, mark: str, spell: type[str]
) -> None:
    said = split_name(spell(word + mark + filler))  # type: ignore[call-arg]
    assert said is not None and not said.rest
    assert said.held_out == (not word.startswith("train"))


@pytest.mark.parametrize("name", ["trainer", "contest", "invalid", "rain", "train_or_test", "a"])
def test_other_names_are_not_splits(name: str) -> None:
    assert split_name(name) is None


def test_classes_may_have_the_names_of_splits(tmp_path: Path) -> None:
    class_folders(tmp_path, {"Train": 2, "Test": 3, "car": 4, "test drive": 2})
    classes, train, test = counts(load_folder(tmp_path, 6))
    assert classes == ["Test", "Train", "car", "test drive"]
    assert np.add(train, test).tolist() == [3, 2, 4, 2]


def test_a_folder_around_all_others_is_skipped(tmp_path: Path) -> None:
    class_folders(tmp_path / "archive" / "Flowers" / "Train", {"a": 3, "b": 3})
    class_folders(tmp_path / "archive" / "Flowers" / "Val", {"a": 1})
    assert counts(load_folder(tmp_path, 6)) == (["a", "b"], [3, 3], [1, 0])


def test_held_out_splits_alone_cannot_be_trained_on(tmp_path: Path) -> None:
    class_folders(tmp_path / "Testing", {"a": 2, "b": 2})
    class_folders(tmp_path / "val", {"a": 2, "b": 2})
    with pytest.raises(DataError, match="no training split in it, only val and Testing"):
        load_folder(tmp_path, 6)


def test_two_training_splits_are_refused(tmp_path: Path) -> None:
    class_folders(tmp_path / "Train", {"a": 2, "b": 2})
    class_folders(tmp_path / "training", {"a": 2, "b": 2})
    with pytest.raises(DataError, match="Train and training both look like the training split"):
        load_folder(tmp_path, 6)


def test_output_of_tinyalex_is_not_a_class(tmp_path: Path) -> None:
    class_folders(tmp_path, {"a": 3, "b": 3})
    first = load_folder(tmp_path, 6)
    a_run(tmp_path / "runs" / "tiny-pics-seed0")
    a_run(tmp_path / "runs" / "more" / "deeper")
    (tmp_path / "runs" / "stopped-before-it-began").mkdir()
    (tmp_path / "lesson-runs" / "begun").mkdir(parents=True)
    a_run(tmp_path / "experiments" / "one")
    a_run(tmp_path / "a" / "runs" / "inside-a-class")
    a_run(tmp_path / "run1")
    write(tmp_path / "packed" / "train-00000.rec", b"records")
    (tmp_path / "about-to-begin").mkdir()
    again = load_folder(tmp_path, 6, run_folder=tmp_path / "about-to-begin")
    assert again.classes == ["a", "b"] and again.fingerprint == first.fingerprint


def test_a_class_may_be_called_runs_or_hold_a_config(tmp_path: Path) -> None:
    class_folders(tmp_path, {"runs": 3, "walks": 3})
    write(tmp_path / "walks" / "config.json", b"{}")
    write(tmp_path / "walks" / "metrics.jsonl", b"")
    assert load_folder(tmp_path, 6).classes == ["runs", "walks"]
