"""Judges answers to the example exercises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.learn.examples import ADD_BIAS, solution
from tinyalex.learn.grader import Exercise
from tinyalex.learn.grader.examine import grade
from tinyalex.learn.grader.student_process import Limits
from tinyalex.learn.grader.verdict import Verdict


@pytest.fixture
def judge(tmp_path):
    """Judge the text of an answer."""

    def run(text: str, exercise: Exercise = ADD_BIAS, limits=None, **options: Any) -> Verdict:
        path: Path = tmp_path / f"{exercise.name}.py"
        path.write_text(text, encoding="utf-8")
        limits = Limits(**{"seconds": 60.0} | (limits or {}))
        return grade(path, exercise, limits=limits, stub=solution(exercise), **options)

    return run
