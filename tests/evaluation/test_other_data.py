"""A network measured on folders that it was not trained on."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from tests.data.pictures import class_folders, encode, noise, write
from tinyalex import evaluation, training
from tinyalex.data import among, from_arrays
from tinyalex.errors import ConfigError, DataError

CLASSES = ["bees", "cats", "dogs"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on class folders, of which a fifth was held out; the run lies among them."""
    root = class_folders(tmp_path_factory.mktemp("data") / "pets", dict.fromkeys(CLASSES, 5))
    settings = {"epochs": 1, "batch_size": 8, "backend": "numpy", "threads": 1}
    training.train(training.RunConfig(str(root), out=root / "runs" / "first", **settings))
    return root


def measured(trained: Path, data: Path | str) -> dict[str, object]:
    return evaluation.evaluate([trained / "runs" / "first"], str(data), backend="numpy", threads=1)


def test_a_runs_own_folder_is_no_class_of_its_data(trained: Path) -> None:
    assert training.load_run(trained / "runs" / "first").classes == CLASSES


def test_all_pictures_of_other_class_folders_are_measured(trained: Path, tmp_path: Path) -> None:
    class_folders(tmp_path / "test", {"cats": 4, "dogs": 3, "bees": 2})
    for place in (tmp_path / "test", tmp_path):
        found = measured(trained, place)
        assert found["n"] == 9
        assert np.sum(found["confusion"], axis=1).tolist() == [2, 4, 3]


def test_one_class_is_measured_by_its_name(trained: Path, tmp_path: Path) -> None:
    found = measured(trained, class_folders(tmp_path / "some", {"dogs": 3}))
    assert np.sum(found["confusion"], axis=1).tolist() == [0, 0, 3]
    assert found["classes"] == CLASSES


def test_the_own_pictures_are_measured_where_they_were_held_out(
    trained: Path, tmp_path: Path
) -> None:
    """By the same path or a copy: pictures that were trained on would flatter."""
    assert measured(trained, trained)["n"] == 3
    assert measured(trained, trained / ".." / trained.name)["n"] == 3
    copy = shutil.copytree(trained, tmp_path / "copy", ignore=shutil.ignore_patterns("runs"))
    assert measured(trained, copy)["n"] == 3


def test_of_a_folder_with_parts_the_held_out_one_is_measured(trained: Path, tmp_path: Path) -> None:
    class_folders(tmp_path / "Train", dict.fromkeys(CLASSES, 3))
    class_folders(tmp_path / "Test", {"cats": 2})
    assert measured(trained, tmp_path)["n"] == 2


def test_classes_that_the_network_does_not_know_are_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="trained on the classes"):
        measured(trained, class_folders(tmp_path, {"cats": 2, "cows": 2}))
    with pytest.raises(DataError, match="a file, not a folder"):
        measured(trained, write(tmp_path / "x" / "1.png", encode(noise((4, 4, 3)))))


def test_labels_follow_the_names_in_any_unicode_form() -> None:
    images = noise((4, 8, 8, 1))
    labels = np.array([0, 1, 1, 0])
    forms = [unicodedata.normalize(form, "café") for form in ("NFD", "NFC")]
    some = from_arrays("x", [forms[0], "tea"], (images, labels), (images, labels), "f")
    got = among(some, ["ale", forms[1], "tea"])
    assert got.classes == ["ale", forms[1], "tea"]
    assert got.test.labels.tolist() == [1, 2, 2, 1]
    for others in (["tea", "milk", "ale"], ["tea", forms[1], "ale", "ale"], ["tea", forms[1]]):
        assert among(some, others) is some
