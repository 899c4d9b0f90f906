"""Any name of a student: the class is graded, shown and written as a table."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from tests.names import HOSTILE, check_shown
from tinyalex.learn.grader import examine
from tinyalex.learn.grader.verdict import Outcome, Verdict
from tinyalex.outside import as_csv, shown

RELU = "06_relu"
NAMES = [name for name in HOSTILE.values() if "/" not in name]


@pytest.fixture(autouse=True)
def judged_at_once(monkeypatch):
    """Every answer is wrong in a way that repeats the student's own text."""

    def grade(path, exercise, **options):
        names = tuple(one.name for one in exercise.properties)
        what = f"relu raises ValueError: {path.read_text(encoding='utf-8')}"
        return Verdict(exercise.name, exercise.title, Outcome.EXCEPTION, names, what=what)

    monkeypatch.setattr(examine, "grade", grade)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not allow such names")
def test_a_class_with_any_names_is_judged_and_its_table_is_plain_text(call):
    for name in NAMES:
        Path("class", name).mkdir(parents=True)
        text = name.encode("utf-8", "backslashreplace")
        Path("class", name, f"{RELU}.py").write_bytes(text)
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


def test_archives_and_odd_names_are_in_the_table(call):
    for name in ("anna", "bo"):
        Path("class", name).mkdir(parents=True)
    Path("class/bo/06_relu.py.txt").write_text("")
    for name in ("cleo.rar", "=dora.zip", "\t+emil_06_relu.py"):
        Path("class", name).write_bytes(b"")
    words = ["exercise", "check", "--class", "class", "--exercise", "relu", "--csv", "class.csv"]
    result = call(*words)
    assert result.exit_code == 1
    assert "anna: 06_relu: not handed in; found anna/ (an empty folder)" in result.stdout
    assert "cleo: not recognised: cleo.rar (an archive: unpack it)" in result.stdout
    text = Path("class.csv").read_text()
    rows = {row["student"]: row for row in csv.DictReader(text.splitlines())}
    assert {name: row["not recognised"] for name, row in rows.items()} == {
        "'=dora": "'=dora.zip (a damaged archive, or no .zip at all)",
        "anna": "anna/ (an empty folder)",
        "bo": "",
        "cleo": "cleo.rar (an archive: unpack it)",
        "emil": "",
    }
    assert rows["bo"]["note"] == "06_relu: read from 06_relu.py.txt"
    assert rows["cleo"]["note"] == "found cleo.rar (an archive: unpack it)"
    assert rows["emil"]["note"] == "06_relu: read from \\t+emil_06_relu.py"
    for cell in (cell for row in csv.reader(text.splitlines()) for cell in row):
        assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")


def test_a_file_with_nearly_the_right_name_is_judged(call):
    for name in ("06-relu.py", "06_RELU.PY", "relu v2.py", "06_relu.py.txt"):
        Path(name).write_text("x")
        result = call("exercise", "check", name)
        assert result.exit_code == 1 and "06_relu: not passed" in result.stdout
        assert f"Note: read from {name}" in result.stdout


def test_archives_alone_are_named(refused):
    Path("class").mkdir()
    Path("class/anna.rar").write_bytes(b"")
    found = "anna.rar (an archive: unpack it)"
    assert found in refused("exercise", "check", "--class", "class")
    assert found in refused("exercise", "check", "class")
    told = refused("exercise", "check", "class/anna.rar")
    assert "class/anna.rar: not recognised (an archive: unpack it)" in told
    assert "Try: unpack it" in refused("exercise", "check", "--class", "class/anna.rar")
