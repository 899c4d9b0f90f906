"""Answers that are the same up to names are noted for the teacher; short ones are not."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.learn.class_of_31 import RIGHT, notebook
from tinyalex.cli import app
from tinyalex.learn.grader import examine
from tinyalex.learn.grader.alike import Alike, fingerprint, of_students
from tinyalex.learn.grader.verdict import Outcome, Verdict
from tinyalex.learn.places import exercises_folder, solutions_folder

NAME = "02_im2col.py"
SOLUTION = (solutions_folder() / NAME).read_text(encoding="utf-8")
STUB = (exercises_folder() / NAME).read_text(encoding="utf-8")
MINE = """import numpy as np

def im2col(x, kernel_size, stride, padding):
    n, c, h, w = x.shape
    kh, kw = kernel_size
    big = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    big[:, :, padding:padding + h, padding:padding + w] = x
    rows = (h + 2 * padding - kh) // stride + 1
    cols = (w + 2 * padding - kw) // stride + 1
    out = np.zeros((n, c, kh, kw, rows, cols))
    for p in range(rows):
        for q in range(cols):
            out[:, :, :, :, p, q] = big[:, :, p * stride:, q * stride:][:, :, :kh, :kw]
    return out.reshape(n, c * kh * kw, rows * cols)
"""
COPIES = {
    "names": MINE.replace("big", "padded").replace("rows", "H2").replace(" p ", " i ")
    .replace("p, q]", "i, q]").replace("p * stride", "i * stride"),
    "comments and layout": '"""My own work."""\n' + MINE.replace("\n    kh", "  # sizes\n\n    kh"),
    "numpy's name": MINE.replace("np", "xp"),
    "annotations": MINE.replace("(x, kernel", "(x: np.ndarray, kernel")
    .replace("padding):", "padding: int) -> np.ndarray:").replace("rows =", "rows: int ="),
    "a docstring": MINE.replace("padding):\n", 'padding):\n    """Copy patches."""\n'),
}  # fmt: skip
OTHERS = {
    "another number": MINE.replace("+ 1", "+ 2"),
    "another function": MINE.replace("zeros", "ones"),
    "another builtin": MINE.replace("range(", "list("),
    "another order": MINE.replace("p, q] = big", "q, p] = big"),
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_with_other_names_is_the_same(kind):
    assert COPIES[kind] != MINE
    assert fingerprint(COPIES[kind].encode()) == fingerprint(MINE.encode()) != ""


@pytest.mark.parametrize("kind", OTHERS)
def test_another_computation_is_not_the_same(kind):
    assert OTHERS[kind] != MINE
    assert fingerprint(OTHERS[kind].encode()) != fingerprint(MINE.encode())


@pytest.mark.parametrize("code", [RIGHT, STUB, "x = (", "x = " + "1 + " * 5000 + "1"])
def test_short_and_broken_answers_are_not_compared(code):
    assert fingerprint(code.encode()) == ""


def test_a_class_is_told_who_has_the_same_answer(call_class, tmp_path):
    answers = {"anna": MINE, "ben": COPIES["names"], "cleo": OTHERS["another number"]}
    answers |= {"dora": SOLUTION, "emil": STUB, "fay": STUB}
    for student, text in answers.items():
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / NAME).write_text(text)
    (tmp_path / "class" / "gus_02_im2col.ipynb").write_text(notebook("%time", MINE))
    text, document = call_class(tmp_path / "class")
    assert document["alike"] == [
        {"exercise": "02_im2col", "students": ["anna", "ben", "gus"], "solution": False},
        {"exercise": "02_im2col", "students": ["dora"], "solution": True},
    ]
    assert "02_im2col: anna, ben, gus\n02_im2col: dora, the solution\n" in text
    table = csv.DictReader((tmp_path / "class.csv").read_text().splitlines())
    same = {row["student"]: row["same as"] for row in table}
    assert {student: others for student, others in same.items() if others} == {
        "anna": "02_im2col: ben, gus",
        "ben": "02_im2col: anna, gus",
        "gus": "02_im2col: anna, ben",
        "dora": "02_im2col: the solution",
    }
    assert set(same) == {*answers, "gus"}


def test_a_student_may_be_in_several_groups_and_is_no_formula():
    groups = [Alike("01_a", ("anna", "=cmd"), False), Alike("02_b", ("anna",), True)]
    assert of_students(groups) == {
        "anna": ["01_a: =cmd", "02_b: the solution"],
        "=cmd": ["01_a: anna"],
    }


@pytest.fixture
def call_class(monkeypatch):
    def grade(path: Path, exercise, **_):
        text = path.read_text()
        outcome = Outcome.NOT_WRITTEN if "not written yet" in text else Outcome.PASSED
        return Verdict(exercise.name, exercise.title, outcome)

    monkeypatch.setattr(examine, "grade", grade)

    def run(folder):
        words = ["exercise", "check", "--class", str(folder)]
        words += ["--csv", str(folder.with_name("class.csv"))]
        text = CliRunner().invoke(app, words)
        return text.stdout, json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)

    return run
