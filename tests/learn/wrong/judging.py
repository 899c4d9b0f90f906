"""Judges the reference solutions, and wrong answers made from them, in this process."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.learn.wrong import Wrong
from tinyalex.learn.exercises import get
from tinyalex.learn.grader import Exercise
from tinyalex.learn.grader.examine import Examination, grade
from tinyalex.learn.grader.student_process import Limits
from tinyalex.learn.grader.values import same
from tinyalex.learn.grader.verdict import AnswerError, Stopped, Verdict
from tinyalex.learn.places import exercises_folder, solutions_folder

FEW = 8  # examples per property
_KNOWN: dict[tuple[str, bytes, str], Verdict] = {}


def solution_of(exercise: Exercise) -> Path:
    return solutions_folder() / f"{exercise.name}.py"


def stub_of(exercise: Exercise) -> Path:
    return exercises_folder() / f"{exercise.name}.py"


@functools.cache
def exercise_of(module: str) -> Exercise:
    """The exercise that a module of wrong answers belongs to."""
    return get(module)


def text_of(module: str, wrong: Wrong) -> str:
    """The source of the wrong answer."""
    text = solution_of(exercise_of(module)).read_text(encoding="utf-8")
    count = text.count(wrong.old)
    assert count == 1, f"{module}, {wrong.name}: its old text is {count} times in the solution"
    return text.replace(wrong.old, wrong.new)


def by_few_inputs(exercise: Exercise) -> Exercise:
    """The exercise with at most `FEW` examples per property."""
    few = [replace(prop, examples=min(prop.examples, FEW)) for prop in exercise.properties]
    return replace(exercise, properties=tuple(few))


def judged_once(path: Path, exercise: Exercise, **options: Any) -> Verdict:
    """The verdict by few inputs; tests that hand in the same text share it."""
    key = path.name, path.read_bytes(), exercise.name
    if key not in _KNOWN:
        _KNOWN[key] = grade(path, by_few_inputs(exercise), **options)
    return _KNOWN[key]


def verdict_on(module: str, wrong: Wrong, folder: Path, seed: int = 0) -> Verdict:
    """Judge it like a student's answer."""
    return _judge(exercise_of(module), module, wrong, folder, seed, shrink=True)


def quick_verdict_on(module: str, wrong: Wrong, folder: Path) -> Verdict:
    """Judge it with few inputs and without shrinking.

    If they do not show the mistake, use as many inputs as for a student's answer.
    """
    whole = exercise_of(module)
    verdict = _judge(by_few_inputs(whole), module, wrong, folder, 0, shrink=False)
    if verdict.broken == wrong.caught_by:
        return verdict
    return _judge(whole, module, wrong, folder, 0, shrink=False)


def separates(path: Path, exercise: Exercise, function: str, arguments: Mapping[str, Any]) -> bool:
    """Whether an answer and the solution do different things with these arguments."""
    results = [
        _outcome(file, exercise, function, arguments) for file in (path, solution_of(exercise))
    ]
    return not _alike(*results)


def _outcome(path: Path, exercise: Exercise, function: str, arguments: Mapping[str, Any]) -> Any:
    """The result of a call, or the name of its verdict."""
    answer = Examination(exercise)._answer(path, Limits(seconds=3.0), None, None)
    try:
        answer.begin(fresh=True)
        results = [getattr(answer, function)(**arguments) for _ in range(3)]
        return results[0] if same(results[0], results[2]) else "not the same twice"
    except (AnswerError, Stopped) as error:
        return str(getattr(error, "error", error).outcome)
    finally:
        answer.end()


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return all(map(_alike, a, b))
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    a, b = np.asarray(a), np.asarray(b)
    equal = a.shape == b.shape and a.dtype == b.dtype
    return equal and bool(np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True))


def _judge(
    exercise: Exercise, module: str, wrong: Wrong, folder: Path, seed: int, shrink: bool
) -> Verdict:
    path = folder / f"{exercise.name}.py"
    path.write_text(text_of(module, wrong), encoding="utf-8")
    return grade(path, exercise, seed=seed, shrink=shrink)
