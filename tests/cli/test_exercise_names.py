"""Any name of a student: the class is graded, shown and written as a table."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from tests.names import HOSTILE, check_shown
from tinyalex.learn.grader import process
from tinyalex.learn.grader.verdict import Outcome, Verdict
from tinyalex.outside import as_csv, shown

RELU = "06_relu"
NAMES = [name for name in HOSTILE.values() if "/" not in name]


@pytest.fixture(autouse=True)
def judged_at_once(monkeypatch):
    """Every answer is wrong in a way that repeats the student's own text."""

    def grade(path, exercise, **options):
        names = tuple(one.name for one in exercise.properties)
        what = f"relu raises ValueError: {path.parent.name}"
        return Verdict(exercise.name, exercise.title, Outcome.EXCEPTION, names, what=what)

    monkeypatch.setattr(process, "grade", grade)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not allow such names")
def test_a_class_with_any_names_is_judged_and_its_table_is_plain_text(call):
    for name in NAMES:
        Path("class", name).mkdir(parents=True)
        Path("class", name, f"{RELU}.py").write_text("")
    words = [
        "exercise",
        "check",
        "--class",
        "class",
        "--csv",
        "class.csv",
        "--gradescope",
        "g.json",
    ]
    result = call(*words)
    assert result.exit_code == 1, result.output
    check_shown(result.stdout + result.stderr)
    for name in NAMES:
        assert f"{shown(name)}: {RELU}: exception" in result.stdout
    text = Path("class.csv").read_text(encoding="utf-8")
    check_shown(text)
    rows = list(csv.DictReader(text.splitlines()))
    assert sorted(row["student"] for row in rows) == sorted(map(as_csv, NAMES))
    assert not any(row["student"][0] in "=+-@" for row in rows)
    assert len(json.loads(Path("g.json").read_text())["tests"]) == len(NAMES)
    assert call(*words[:4], "--quiet").stdout.count("\n") == len(NAMES)
    verdicts = json.loads(call(*words[:4], "--json").stdout)["verdicts"]
    assert sorted(one["student"] for one in verdicts) == sorted(NAMES)


def test_archives_and_misnamed_files_are_in_the_table(call):
    for name in ("anna", "bo"):
        Path("class", name).mkdir(parents=True)
    Path("class/bo/06_relu.py.txt").write_text("")
    Path("class/cleo.zip").write_bytes(b"")
    Path("class/=dora.zip").write_bytes(b"")
    words = ["exercise", "check", "--class", "class", "--exercise", "relu", "--csv", "class.csv"]
    result = call(*words)
    assert result.exit_code == 1
    assert "anna: 06_relu: not handed in" in result.stdout
    assert "cleo.zip: unpack it" in result.stdout
    rows = list(csv.DictReader(Path("class.csv").read_text().splitlines()))
    assert {row["student"]: row["note"] for row in rows} == {
        "'=dora": "'=dora.zip: unpack it",
        "anna": "",
        "bo": "found 06_relu.py.txt: rename it to 06_relu.py",
        "cleo": "cleo.zip: unpack it",
    }


def test_a_file_with_nearly_the_right_name_is_told_the_right_one(refused):
    for name, hint in (("06-relu.py", "rename it to"), ("06_relu.ipynb", "export its code as")):
        Path(name).write_text("")
        assert f"Try: {hint} 06_relu.py" in refused("exercise", "check", name)


def test_archives_alone_are_named(refused):
    Path("class").mkdir()
    Path("class/anna.zip").write_bytes(b"")
    assert "anna.zip: unpack it" in refused("exercise", "check", "--class", "class")
    assert "found anna.zip: unpack it" in refused("exercise", "check", "class")
    assert "Try: unpack it" in refused("exercise", "check", "class/anna.zip")
    assert "Try: unpack it" in refused("exercise", "check", "--class", "class/anna.zip")
