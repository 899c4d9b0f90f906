"""A folder remembers verdicts and milestones, for the files as they were."""

from __future__ import annotations

import json

import pytest

import tinyalex
from tests.learn.own import hand_in, solution
from tinyalex.learn.exercises import get
from tinyalex.learn.grader.classroom import Graded, handed_in
from tinyalex.learn.grader.verdict import Outcome, Verdict
from tinyalex.learn.own import remembered
from tinyalex.learn.own.remembered import FILE, Remembered, judge, refresh


@pytest.fixture
def judged(monkeypatch):
    """The names of the exercises that are judged; the grader finds that a property is broken."""
    names = []

    def grade_all(submissions, **options):
        for submission in submissions:
            names.append(submission.exercise.name)
            yield Graded(submission, Verdict.of(submission.exercise, Outcome.BROKEN, "x is 1"))

    monkeypatch.setattr(remembered, "grade_all", grade_all)
    return names


def outcomes(folder, **options):
    found = judge(folder, handed_in(folder), **options)
    return {r.verdict.exercise: (str(r.verdict.outcome), changed) for r, changed in found}


def test_an_unchanged_answer_is_not_judged_again(tmp_path, judged):
    hand_in(tmp_path, "05", "06", judged=False)
    assert outcomes(tmp_path)["06_relu"] == ("a property does not hold", False)
    assert judged == ["05_linear", "06_relu"]
    assert outcomes(tmp_path)["06_relu"] == ("a property does not hold", False)
    assert len(judged) == 2
    assert next(judge(tmp_path, handed_in(tmp_path)))[0].verdict.what == "x is 1"


def test_a_changed_answer_is_judged_again_or_marked(tmp_path, judged):
    hand_in(tmp_path, "05", "06")
    (tmp_path / "06_relu.py").write_text("# changed")
    assert outcomes(tmp_path, changed_too=False) == {
        "05_linear": ("passed", False),
        "06_relu": ("passed", True),
    }
    assert judged == []
    assert outcomes(tmp_path)["06_relu"] == ("a property does not hold", False)
    assert judged == ["06_relu"]


def test_another_seed_or_version_is_judged_again(tmp_path, judged, monkeypatch):
    hand_in(tmp_path, "06")
    assert outcomes(tmp_path, seed=7)["06_relu"] == ("a property does not hold", False)
    hand_in(tmp_path, "06")
    monkeypatch.setattr(tinyalex, "__version__", "9.9")
    assert outcomes(tmp_path, changed_too=False)["06_relu"] == ("a property does not hold", False)
    assert judged == ["06_relu", "06_relu"]


@pytest.mark.parametrize("outcome", [Outcome.GRADER, Outcome.TIME, Outcome.MEMORY])
def test_what_the_machine_may_have_caused_is_not_remembered(tmp_path, outcome):
    memory = Remembered(tmp_path)
    memory.remember(solution("06_relu"), Verdict.of(get("06"), Outcome.PASSED))
    memory.remember(solution("06_relu"), Verdict.of(get("06"), outcome))
    assert memory.verdict(solution("06_relu")) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["answers"]["06_relu"].update(sha256=3),
        lambda content: content["answers"]["06_relu"]["verdict"].update(outcome="splendid"),
        lambda content: content["answers"]["06_relu"]["verdict"].update(held=3),
        lambda content: content.update(milestones=[]),
        lambda content: content["milestones"].update({"1": {"result": "x"}}),
    ],
)
def test_a_damaged_file_is_ignored_and_written_again(tmp_path, judged, change):
    path = hand_in(tmp_path, "06") / FILE
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    assert outcomes(tmp_path)["06_relu"] == ("a property does not hold", False)
    path.write_text("{")
    outcomes(tmp_path)
    assert judged == ["06_relu", "06_relu"]
    assert set(json.loads(path.read_text())["answers"]) == {"06_relu"}


def test_checking_refreshes_only_a_folder_that_remembers(tmp_path):
    broken = Verdict.of(get("06"), Outcome.BROKEN)
    for name, judged in (("knows", True), ("new", False)):
        folder = hand_in(tmp_path / name, "05", "06", judged=judged)
        refresh([Graded(s, broken) for s in handed_in(folder, [get("06")])])
    assert not (tmp_path / "new" / FILE).exists()
    memory = Remembered.of(tmp_path / "knows")
    outcome = {name: answer["verdict"]["outcome"] for name, answer in memory.answers.items()}
    assert outcome == {"05_linear": "passed", "06_relu": "a property does not hold"}


def test_a_milestone_names_the_answers_that_have_changed(tmp_path):
    answers = {name: solution(name) for name in ("05_linear", "06_relu")}
    memory = Remembered(tmp_path)
    memory.reach(2, answers, "test error 3 %")
    memory.write()
    again = Remembered.of(tmp_path)
    assert again.milestones["2"]["result"] == "test error 3 %" and again.changed(2, answers) == []
    assert again.changed(2, {"05_linear": solution("06_relu")}) == ["05_linear", "06_relu"]
