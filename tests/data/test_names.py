"""A folder and a built-in data set of one name; users without a home folder, as in containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.pictures import class_folders
from tinyalex import data, notice
from tinyalex.check.doctor import system
from tinyalex.errors import DataError


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


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("TINYALEX_DATA", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    monkeypatch.setattr(Path, "expanduser", lambda path: nowhere() if "~" in str(path) else path)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_folder_the_error_names_the_option() -> None:
    for ask in (data.default_root, lambda: data.load("cifar10"), lambda: data.download("cifar10")):
        with pytest.raises(DataError, match=r"no home folder(.|\n)*--data-root.*TINYALEX_DATA"):
            ask()
    with pytest.raises(DataError, match="no such home folder"):
        data.load("~/pets")


@pytest.mark.usefixtures("homeless")
def test_the_doctor_warns_of_a_missing_home_folder() -> None:
    (line,) = [each for each in system.look() if "no home folder" in each.text]
    assert line.state == "warning" and "TINYALEX_DATA" in line.hint


def test_data_are_in_the_variables_folder_or_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYALEX_DATA", str(tmp_path))
    assert data.default_root() == tmp_path
    monkeypatch.delenv("TINYALEX_DATA")
    assert data.default_root() == Path.home() / ".cache" / "tinyalex"
