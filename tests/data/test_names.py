"""A folder and a built-in data set of one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.pictures import class_folders
from tinyalex import data, notice


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr(notice, "_warned", [texts.append])
    monkeypatch.chdir(tmp_path)
    return texts


@pytest.mark.parametrize("name", ["digits", "moved-digits", "cifar10", "digits@home"])
def test_a_folder_comes_before_a_built_in_set(heard: list[str], name: str) -> None:
    class_folders(Path(name), {"a": 2, "b": 2})
    path = data.choose(name)
    assert data.load(path, image_size=6).classes == ["a", "b"]
    assert len(heard) == 1 and f"./{name}" in heard[0] and "built-in" in heard[0]


def test_other_names_are_taken_as_they_are(heard: list[str]) -> None:
    Path("pets").mkdir()
    for name in ("digits", "digits@100", "pets", "gone", "a/b"):
        assert data.choose(name) == name
    assert heard == []
