"""Judges the reference solutions, and wrong answers made from them, in this process."""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from pathlib import Path

from numba.core import config as numba_config

from tests.learn.wrong import Wrong
from tinyalex.learn.exercises import get
from tinyalex.learn.grader import Exercise
from tinyalex.learn.grader.examine import examine
from tinyalex.learn.grader.verdict import Verdict
from tinyalex.learn.places import exercises_folder, solutions_folder

FEW = 8  # examples per property
# The CUDA kernel is judged in Numba's simulator, as in the grader's separate process. Numba reads
# its variables when it is first imported, perhaps by other tests, and when it compiles.
os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")
numba_config.reload_config()


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


def verdict_on(module: str, wrong: Wrong, folder: Path, seed: int = 0) -> Verdict:
    """Judge it like a student's answer, as a file in a folder (compilers need one)."""
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


def _judge(
    exercise: Exercise, module: str, wrong: Wrong, folder: Path, seed: int, shrink: bool
) -> Verdict:
    path = folder / f"{exercise.name}.py"
    path.write_text(text_of(module, wrong), encoding="utf-8")
    return examine(exercise, path, seed=seed, shrink=shrink)
