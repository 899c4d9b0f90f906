"""A folder that is no run is told for what it looks like."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.data.pictures import class_folders, write
from tinyalex.data.prepare import Form, prepare
from tinyalex.errors import RunError
from tinyalex.training import read_config


def a_run(folder: Path) -> Path:
    config = {"model": "tiny", "recipe": {}, "data": "digits"}
    write(folder / "config.json", json.dumps(config).encode())
    return folder


def said_of(folder: Path) -> str:
    with pytest.raises(RunError, match="not the folder of a run") as refused:
        read_config(folder)
    return str(refused.value)


def test_the_runs_that_lie_in_a_folder_are_named(tmp_path: Path) -> None:
    runs = [a_run(tmp_path / "runs" / name) for name in ("a", "b")]
    (tmp_path / "runs" / "empty").mkdir()
    write(tmp_path / "runs" / "other" / "config.json", b"{}")
    for folder in (tmp_path / "runs", tmp_path):
        said = said_of(folder)
        assert "there are runs in it" in said
        assert f"Try: a run that is in it: {runs[0]}, {runs[1]}" in said
        assert "other" not in said and "empty" not in said


def test_of_many_runs_five_are_named(tmp_path: Path) -> None:
    for i in range(12):
        a_run(tmp_path / "runs" / str(i))
    assert "and 7 more" in said_of(tmp_path)


def test_where_there_is_nothing_its_neighbours_are_named(tmp_path: Path) -> None:
    run = a_run(tmp_path / "runs" / "tiny-digits-seed0")
    said = said_of(tmp_path / "runs" / "tiny-digit-seed0")
    assert "no such folder" in said and f"wrote: {run}" in said
    assert "no such folder" in said_of(tmp_path / "no" / "thing")


def test_pictures_and_data_sets_are_known(tmp_path: Path) -> None:
    pets = class_folders(tmp_path / "pets", {"cats": 2, "dogs": 2})
    said = said_of(pets)
    assert "a data set, with the class folders" in said and "dogs" in said and "--data" in said
    assert "(a folder of images)" in said_of(pets / "cats")
    class_folders(tmp_path / "parted" / "train", {"cats": 2})
    assert "a data set, with the parts" in said_of(tmp_path / "parted")
    picture = next((pets / "cats").iterdir())
    assert "(an image)" in said_of(picture) and "and then the image" in said_of(picture)
    assert "(a file)" in said_of(write(tmp_path / "notes.txt", b"x"))
    prepare(pets, tmp_path / "packed", Form(size=8), workers=1)
    assert "(a packed data set)" in said_of(tmp_path / "packed")
    (tmp_path / "empty").mkdir()
    assert "(no config.json)" in said_of(tmp_path / "empty")
