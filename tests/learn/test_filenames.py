"""Misnamed and misplaced files are reported with what to do; other files are ignored."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinyalex.learn.grader import classroom, filenames


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
def test_a_misnamed_file_is_reported_with_the_right_name(name, exercise, do):
    path = Path(name)
    assert filenames.exercise_of(path) is None
    found = filenames.similar_exercise(path)
    assert found is not None and found.name == exercise
    assert filenames.advice(path, found) == do


@pytest.mark.parametrize(
    "name",
    ["02_im2col.py", "im2col.py", "readme.txt", "relu.png", "02.jpg", "02_im2col.pyc", "notes.py",
     "relu.txt", "02_im2col.csv", "02_im2col.py.png", "02_im2col.py.zip", ".py", "...", "utils.py"],
)  # fmt: skip
def test_right_names_and_unrelated_files_are_not_reported(name):
    assert filenames.similar_exercise(Path(name)) is None


def notes(handed):
    return {
        submission.exercise.name: submission.note
        for submission in handed
        if submission.path is None
    }


def test_a_folder_lists_misnamed_files(tmp_path):
    (tmp_path / "02_im2col.py.txt").write_text("")
    (tmp_path / "06_relu.py").write_text("")
    (tmp_path / "06_relu.ipynb").write_text("")  # its code is there, too
    handed = classroom.handed_in(tmp_path)
    assert [submission.exercise.name for submission in handed] == ["02_im2col", "06_relu"]
    assert notes(handed) == {"02_im2col": "found 02_im2col.py.txt: rename it to 02_im2col.py"}


def test_answers_in_subfolders_are_reported_if_there_are_no_others(tmp_path):
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
    handed = classroom.handed_in(tmp_path, [filenames.similar_exercise(Path("02-im2col.py"))])
    assert notes(handed) == wanted


def test_a_class_lists_archives_loose_files_and_empty_folders(tmp_path):
    for name in ("bo", "cleo", "dora"):
        (tmp_path / name).mkdir()
    (tmp_path / "bo" / "06_relu.py").write_text("")
    (tmp_path / "dora" / "all.7z").write_bytes(b"")
    for name in ("anna.zip", "bo.zip", "emil.TAR.GZ", "fay.rar", "06_relu.py", "readme.txt"):
        (tmp_path / name).write_bytes(b"")
    handed = classroom.class_of(tmp_path)
    assert {submission.student: submission.note for submission in handed} == {
        "06_relu.py": "06_relu.py: put it into a folder for its student",
        "anna": "anna.zip: unpack it",
        "bo": "",
        "cleo": "",
        "dora": "found all.7z: unpack it",
        "emil": "emil.TAR.GZ: unpack it",
        "fay": "fay.rar: unpack it",
    }
    assert [submission.student for submission in handed if submission.path] == ["bo"]


def test_a_folder_that_cannot_be_read_does_not_stop_the_others(tmp_path, monkeypatch):
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


def test_the_number_of_searched_files_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(filenames, "MAX_FILES", 3)
    for i in range(4):
        (tmp_path / f"{i}.txt").write_text("")
    (tmp_path / "9-06_relu.txt").write_text("")
    assert filenames.misplaced(tmp_path, deeper=True) == {}
    os.remove(tmp_path / "0.txt")
    os.remove(tmp_path / "1.txt")
    assert list(filenames.misplaced(tmp_path, deeper=True)) == ["06_relu"]
