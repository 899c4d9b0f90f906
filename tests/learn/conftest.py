"""Answers to the example exercises, judged in this process or in a separate one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.learn.examples import ADD_BIAS, PLACES, solution
from tinyalex.learn.grader import Exercise
from tinyalex.learn.grader.examine import examine
from tinyalex.learn.grader.process import Limits, grade
from tinyalex.learn.grader.verdict import Verdict


@pytest.fixture
def judge(tmp_path):
    """Judge the text of an answer in this process."""

    def run(text: str, exercise: Exercise = ADD_BIAS, **options: Any) -> Verdict:
        path = tmp_path / f"{exercise.name}.py"
        path.write_text(text, encoding="utf-8")
        return examine(exercise, path, reference=solution(exercise), **options)

    return run


@pytest.fixture
def judge_apart(tmp_path):
    """Judge the text of an answer in a separate process."""

    def run(text: str, exercise: Exercise = ADD_BIAS, **limits: Any) -> Verdict:
        path: Path = tmp_path / f"{exercise.name}.py"
        path.write_text(text, encoding="utf-8")
        return grade(
            path,
            exercise,
            limits=Limits(**{"seconds": 60.0} | limits),
            name=PLACES[exercise.name],
            reference=solution(exercise),
        )

    return run
