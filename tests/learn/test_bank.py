"""Answers as students write them: every right one passes, every wrong one gets the right verdict.

``bank/wrong.tsv`` names the mistake of each wrong answer, and the verdicts that describe it.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.learn.wrong import Wrong, all_wrong
from tests.learn.wrong.judging import exercise_of, separates, text_of
from tests.soak import some
from tinyalex.learn.exercises import get
from tinyalex.learn.grader import Exercise
from tinyalex.learn.grader.examine import NO_CASE, Examination
from tinyalex.learn.grader.student_process import Limits
from tinyalex.learn.grader.verdict import Outcome, Verdict, in_words

BANK = Path(__file__).parent / "bank"
NOT_NUMBERS = ("a kernel", "compiled")  # properties
RIGHT = sorted(BANK.glob("right/*.answer"))
with (BANK / "wrong.tsv").open(encoding="utf-8", newline="") as file:
    WRONG = [(row["answer"], row["verdict"]) for row in csv.DictReader(file, delimiter="\t")]
OWN = all_wrong()


def judged(
    source: bytes, exercise: Exercise, folder: Path, seconds: float = 60.0
) -> tuple[Examination, Verdict]:
    path = folder / f"{exercise.name}.py"
    path.write_bytes(source)
    examination = Examination(exercise)
    return examination, examination.of(path, Limits(seconds=seconds))


def assert_separated(examination: Examination, verdict: Verdict, path: Path) -> None:
    """On the input that the message prints, the answer and the solution differ."""
    if not verdict.case:
        without = verdict.outcome in NO_CASE or not verdict.broken
        assert without or verdict.outcome is Outcome.FORBIDDEN, "\n".join(in_words(verdict))
        return
    assert examination.failing is not None
    if verdict.outcome in (Outcome.SLOW, Outcome.STATE) or verdict.broken in NOT_NUMBERS:
        return  # it is not the result of one call that differs
    arguments = (examination.exercise, examination.function, examination.failing)
    assert separates(path, *arguments), "\n".join(in_words(verdict))


def in_turns(i: int) -> Any:
    """One of thirty in the quick tests; a verdict takes a second."""
    return () if i % 30 == 0 else pytest.mark.slow


@pytest.mark.parametrize(
    "path", [pytest.param(p, marks=in_turns(i), id=p.stem) for i, p in enumerate(RIGHT)]
)
def test_a_right_answer_passes(path, tmp_path):
    _, verdict = judged(path.read_bytes(), get(path.stem.split("__")[0]), tmp_path)
    assert verdict.passed, "\n".join(in_words(verdict))


@pytest.mark.parametrize(
    ("name", "expected"),
    [pytest.param(*case, marks=in_turns(i), id=case[0]) for i, case in enumerate(WRONG)],
)
def test_a_wrong_answer_gets_its_verdict_and_an_input_that_shows_why(name, expected, tmp_path):
    exercise = get(name.split("__")[0])
    source = (BANK / "wrong" / f"{name}.answer").read_bytes()
    seconds = 2.0 if expected == str(Outcome.TIME) else 60.0
    examination, verdict = judged(source, exercise, tmp_path, seconds)
    assert str(verdict.outcome) in expected.split(" / "), "\n".join(in_words(verdict))
    if not verdict.passed:
        assert_separated(examination, verdict, tmp_path / f"{exercise.name}.py")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "wrong"), some(OWN, 3), ids=lambda value: getattr(value, "name", value)
)
def test_the_printed_input_shows_the_mistake(module: str, wrong: Wrong, tmp_path):
    exercise = exercise_of(module)
    examination, verdict = judged(text_of(module, wrong).encode(), exercise, tmp_path)
    assert not verdict.passed
    assert_separated(examination, verdict, tmp_path / f"{exercise.name}.py")


def test_the_banks_are_large_enough():
    assert len(RIGHT) >= 24 and len(WRONG) >= 150 and len(WRONG) + len(OWN) >= 250
