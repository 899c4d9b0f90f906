"""A class of 31: nothing that was handed in is lost, and nothing is silent."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.learn.class_of_31 import CLASS, NOBODYS, build
from tests.learn.wrong.judging import judged_once
from tinyalex.cli import app
from tinyalex.learn.exercises import get
from tinyalex.learn.grader import examine
from tinyalex.learn.grader.classroom import class_of, grade_all
from tinyalex.learn.grader.verdict import Outcome
from tinyalex.learn.places import solutions_folder

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What `exercise check --class` says, writes as JSON, as CSV and for Gradescope."""
    root = tmp_path_factory.mktemp("class")
    folder = build(root / "handed-in")
    options = ["--csv", str(root / "class.csv"), "--gradescope", str(root / "results.json")]
    words = ["exercise", "check", "--class", str(folder), *options]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examine, "grade", lambda path, exercise, **_: judged_once(path, exercise))
        text = CliRunner().invoke(app, words)
        document = CliRunner().invoke(app, [*words, "--json"])
    assert text.exit_code == document.exit_code == 1, text.output
    rows = list(csv.DictReader((root / "class.csv").read_text().splitlines()))
    gradescope = json.loads((root / "results.json").read_text())
    return folder, text.stdout, json.loads(document.stdout), rows, gradescope


def test_there_are_31_students_in_every_form(results):
    _, _, document, rows, _ = results
    assert len(CLASS) == 31
    assert {verdict["student"] for verdict in document["verdicts"]} == set(CLASS)
    assert sorted(row["student"] for row in rows) == sorted([*CLASS, "(no student)"])


@pytest.mark.parametrize("student", CLASS)
def test_a_students_work_has_the_right_verdict_and_note(student, results):
    _, text, document, rows, _ = results
    wanted = CLASS[student]
    (verdict,) = [v for v in document["verdicts"] if v["student"] == student and v["counts"]]
    assert verdict["outcome"] == wanted.outcome, verdict
    assert wanted.note in verdict["note"], verdict["note"]
    (row,) = [row for row in rows if row["student"] == student]
    absent = wanted.outcome is Outcome.ABSENT
    assert (row["06_relu"] == "") == absent and wanted.note in row["note"]
    assert f"{student}: 06_relu: {wanted.outcome}" in text
    listed = [entry["file"] for entry in document["not_recognised"] if entry["student"] == student]
    assert set(wanted.others) <= set(listed)
    for name in wanted.others:
        assert name in row["not recognised"]
        assert any(line.startswith(f"{student}: not recognised: ") and name in line
                   for line in text.splitlines())  # fmt: skip


def test_every_file_is_judged_or_listed(results):
    folder, _, document, _, _ = results
    handed_in = set()
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            continue
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                handed_in |= {f"{path.name}/{name}" for name in archive.namelist()}
        else:
            handed_in.add(path.name)
    told = {entry["file"] for entry in document["not_recognised"]}
    told |= {verdict["file"] or "" for verdict in document["verdicts"]}
    ignored = {name for name in handed_in if "._" in name or name.endswith(".DS_Store")}
    assert len(ignored) == 2
    for name in handed_in - ignored:
        assert any(file.endswith(name) for file in told), name


def test_files_of_no_student_are_listed(results):
    _, text, document, rows, _ = results
    nobodys = [entry["file"] for entry in document["not_recognised"] if not entry["student"]]
    assert nobodys == sorted(set(NOBODYS) - {".DS_Store"}) == ["grades.xlsx", "readme.txt"]
    assert rows[-1]["student"] == "(no student)"
    assert rows[-1]["not recognised"] == "grades.xlsx; readme.txt"
    assert "(no student): not recognised: grades.xlsx, readme.txt" in text


def test_the_summary_counts_who_stops_where(results):
    _, text, document, _, _ = results
    stops = {
        stop.get("property", stop.get("outcome")): stop["students"] for stop in document["summary"]
    }
    assert sum(stops.values()) == sum(s.outcome is not Outcome.PASSED for s in CLASS.values())
    for outcome in (Outcome.NOT_WRITTEN, Outcome.ABSENT, Outcome.SYNTAX, Outcome.UNREADABLE):
        assert stops[outcome] == sum(s.outcome is outcome for s in CLASS.values())
    assert list(stops.values()) == sorted(stops.values(), reverse=True)
    assert any(line.split() == ["06_relu", "not", "handed", "in", str(stops["not handed in"])]
               for line in text.splitlines())  # fmt: skip


def test_of_two_hand_ins_to_canvas_the_later_counts(results):
    _, _, document, _, _ = results
    late, early = [v for v in document["verdicts"] if v["student"] == "weberwim"]
    assert late["counts"] and late["passed"] and Path(late["file"]).name.endswith("-1.py")
    assert not early["counts"] and not early["passed"]


def test_gradescope_has_one_test_per_counted_answer(results):
    *_, gradescope = results
    counted = [test for test in gradescope["tests"] if test["max_score"]]
    assert len(counted) == len(CLASS)
    assert "not recognised: grades.xlsx" in gradescope["output"]


def test_two_processes_judge_like_one(tmp_path):
    """Each has its own students' processes; the verdicts are the same."""
    right = (solutions_folder() / "06_relu.py").read_text(encoding="utf-8")
    for name, text in {
        "anna": right,
        "ben": right.replace("(x > 0, x", "(x > 1, x"),
        "cleo": "x = (",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "06_relu.py").write_text(text, encoding="utf-8")
    submissions = class_of(tmp_path, [get("06_relu")])
    one = list(grade_all(submissions))
    assert one == list(grade_all(submissions, workers=2))
    assert [graded.verdict.passed for graded in one] == [True, False, False]
