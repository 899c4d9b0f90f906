"""Hand-ins that are nearly answers are named, with what to do; other files are left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinyalex.learn.grader import classroom, near


@pytest.mark.parametrize(
    ("name", "exercise", "do"),
    [
        ("02_im2col.py.txt", "02_im2col", "rename it to 02_im2col.py"),
        ("02_im2col.PY", "02_im2col", "rename it to 02_im2col.py"),
        ("02_im2col.txt", "02_im2col", "rename it to 02_im2col.py"),
        ("02_im2col", "02_im2col", "rename it to 02_im2col.py"),
        ("'im2col.py'", "02_im2col", "rename it to 02_im2col.py"),
        ("02_im2col.py (1)", "02_im2col", "rename it to 02_im2col.py"),
        ("02_im2col.ipynb", "02_im2col", "export its code as 02_im2col.py"),
        ("Anna 02-im2col.ipynb", "02_im2col", "export its code as 02_im2col.py"),
        ("06-relu.py", "06_relu", "rename it to 06_relu.py"),
        ("06 ReLU.py", "06_relu", "rename it to 06_relu.py"),
        ("06relu.py", "06_relu", "rename it to 06_relu.py"),
        ("01_conv_loop.py", "01_conv_loops", "rename it to 01_conv_loops.py"),
        ("11-lrn-backward.py.txt", "11_lrn_backward", "rename it to 11_lrn_backward.py"),
        ("02_im2col.rtf", "02_im2col", "save it as plain text, called 02_im2col.py"),
        ("02_im2col.py.docx", "02_im2col", "save it as plain text, called 02_im2col.py"),
    ],
)
def test_a_name_that_is_nearly_right_is_told_with_the_right_one(name, exercise, do):
    path = Path(name)
    assert near.exercise_of(path) is None
    found = near.nearly(path)
    assert found is not None and found.name == exercise
    assert near.advice(path, found) == do


@pytest.mark.parametrize(
    "name",
    ["02_im2col.py", "im2col.py", "readme.txt", "relu.png", "02.jpg", "02_im2col.pyc", "notes.py",
     "relu.txt", "02_im2col.csv", "02_im2col.py.png", "02_im2col.py.zip", ".py", "...", "utils.py"],
)  # fmt: skip
def test_right_names_and_other_files_are_no_near_misses(name):
    assert near.nearly(Path(name)) is None


def notes(handed):
    return {one.exercise.name: one.note for one in handed if one.path is None}


def test_a_folder_lists_what_is_nearly_there(tmp_path):
    (tmp_path / "02_im2col.py.txt").write_text("")
    (tmp_path / "06_relu.py").write_text("")
    (tmp_path / "06_relu.ipynb").write_text("")  # its code is there, too
    handed = classroom.handed_in(tmp_path)
    assert [one.exercise.name for one in handed] == ["02_im2col", "06_relu"]
    assert notes(handed) == {"02_im2col": "found 02_im2col.py.txt: rename it to 02_im2col.py"}


def test_answers_that_lie_deeper_are_named_where_nothing_else_is_there(tmp_path):
    deeper = tmp_path / "submission" / "code"
    deeper.mkdir(parents=True)
    (deeper / "02_im2col.py").write_text("")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "06_relu.py").write_text("")
    found = Path("submission", "code", "02_im2col.py")
    wanted = {"02_im2col": f"found {found}: move it up into {tmp_path.name}"}
    assert notes(classroom.handed_in(tmp_path)) == wanted
    (tmp_path / "10_lrn.py").write_text("")
    assert notes(classroom.handed_in(tmp_path)) == {}  # an older version, perhaps
    handed = classroom.handed_in(tmp_path, [near.nearly(Path("02-im2col.py"))])
    assert notes(handed) == wanted


def test_a_class_lists_archives_loose_files_and_empty_folders(tmp_path):
    for name in ("bo", "cleo", "dora"):
        (tmp_path / name).mkdir()
    (tmp_path / "bo" / "06_relu.py").write_text("")
    (tmp_path / "dora" / "all.7z").write_bytes(b"")
    for name in ("anna.zip", "bo.zip", "emil.TAR.GZ", "fay.rar", "06_relu.py", "readme.txt"):
        (tmp_path / name).write_bytes(b"")
    handed = classroom.class_of(tmp_path)
    assert {one.student: one.note for one in handed} == {
        "06_relu.py": "06_relu.py: put it into a folder for its student",
        "anna": "anna.zip: unpack it",
        "bo": "",
        "cleo": "",
        "dora": "found all.7z: unpack it",
        "emil": "emil.TAR.GZ: unpack it",
        "fay": "fay.rar: unpack it",
    }
    assert [one.student for one in handed if one.path] == ["bo"]


def test_a_folder_that_cannot_be_read_stops_nobody(tmp_path, monkeypatch):
    for name in ("anna", "bo"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "06_relu.py").write_text("")
    real = Path.iterdir

    def iterdir(path):
        if path.name == "anna":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    anna, bo = classroom.class_of(tmp_path)
    assert anna.note == "its folder cannot be read (Permission denied)" and bo.path is not None


def test_only_so_many_files_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(near, "MOST_FILES", 3)
    for i in range(4):
        (tmp_path / f"{i}.txt").write_text("")
    (tmp_path / "9-06_relu.txt").write_text("")
    assert near.misses(tmp_path, deeper=True) == {}
    os.remove(tmp_path / "0.txt")
    os.remove(tmp_path / "1.txt")
    assert list(near.misses(tmp_path, deeper=True)) == ["06_relu"]
