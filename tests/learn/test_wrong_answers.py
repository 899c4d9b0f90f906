"""Every wrong answer is rejected by the property meant to catch it; every right one passes.

The right ones and one wrong one per property are judged by a few inputs; ``-m slow`` judges all
of them so, and these as a student's answer is.
``python -m tests.learn.seeds --seeds 200`` is the long run.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.learn.wrong import all_wrong
from tests.learn.wrong.judging import (
    by_few_inputs,
    exercise_of,
    quick_verdict_on,
    solution_of,
    stub_of,
    text_of,
    verdict_on,
)
from tinyalex.learn.exercises import all_exercises
from tinyalex.learn.grader import process
from tinyalex.learn.grader.examine import examine
from tinyalex.learn.grader.reading import signatures
from tinyalex.learn.grader.verdict import Outcome, in_words

EXERCISES = all_exercises()
WRONG = all_wrong()
ONE_PER_PROPERTY = [*{(module, one.caught_by): (module, one) for module, one in WRONG}.values()]
SOME = list(enumerate(WRONG[::12]))
# A message says where: an element, an argument, a line of the file, two shapes, or two results.
PLACE = re.compile(
    r"[\w\])]\[[\d, ]+\]|argument \w+|shape|line \d+|returns|something else|\w+ is |\) is "
)


def name_of(one) -> str:
    return one.name if hasattr(one, "name") else str(one)


@pytest.mark.parametrize(
    ("module", "wrong"),
    [
        pytest.param(*pair, marks=() if pair in ONE_PER_PROPERTY else pytest.mark.slow)
        for pair in WRONG
    ],
    ids=name_of,
)
def test_a_wrong_answer_is_rejected_by_the_property_meant_to(module, wrong, tmp_path):
    assert_rejected(quick_verdict_on(module, wrong, tmp_path), module, wrong)


@pytest.mark.slow
@pytest.mark.parametrize(("module", "wrong"), ONE_PER_PROPERTY, ids=name_of)
def test_so_it_is_by_all_inputs_and_once_the_input_has_been_made_small(module, wrong, tmp_path):
    assert_rejected(verdict_on(module, wrong, tmp_path), module, wrong)


def assert_rejected(verdict, module, wrong):
    text = "\n".join(in_words(verdict))
    assert not verdict.passed, f"{module}: {wrong.name} passed"
    assert verdict.broken == wrong.caught_by, text
    assert PLACE.search(" ".join([verdict.what, *verdict.code])), text
    assert verdict.hints, text


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_the_right_answer_passes(exercise):
    verdict = examine(by_few_inputs(exercise), solution_of(exercise))
    assert verdict.passed, "\n".join(in_words(verdict))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_so_it_does_by_all_inputs(exercise, seed):
    verdict = examine(exercise, solution_of(exercise), seed=seed)
    assert verdict.passed, "\n".join(in_words(verdict))


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_the_stub_is_not_written_yet(exercise):
    verdict = examine(exercise, stub_of(exercise))
    assert verdict.outcome is Outcome.NOT_WRITTEN and verdict.score == 0
    assert "not written yet" in verdict.what


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_stub_and_solution_declare_the_same(exercise):
    stub, solution = signatures(stub_of(exercise)), signatures(solution_of(exercise))
    for name in exercise.functions:
        assert stub[name] == solution[name] and stub[name].returns
    assert ast.get_docstring(ast.parse(stub_of(exercise).read_text(encoding="utf-8")))


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_an_exercise_is_whole(exercise):
    names = [one.name for one in exercise.properties]
    assert len(names) == len(set(names)) >= 2
    for one in exercise.properties:
        assert 2 <= len(one.hints) <= 4 and all(one.hints) and one.says.endswith(".")
    mine = [wrong for module, wrong in WRONG if exercise_of(module) is exercise]
    assert len(mine) >= 3, f"{exercise.name}: {len(mine)} wrong answers in tests/learn/wrong"
    assert {wrong.caught_by for wrong in mine} <= set(names)
    texts = [text_of(module, one) for module, one in WRONG if exercise_of(module) is exercise]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("module", "wrong"),
    [pytest.param(*pair, marks=pytest.mark.slow if i % 12 else ()) for i, pair in SOME],
    ids=name_of,
)
def test_a_process_of_its_own_says_the_same(module, wrong, tmp_path):
    here = verdict_on(module, wrong, tmp_path)
    exercise = exercise_of(module)
    assert process.grade(tmp_path / f"{exercise.name}.py", exercise) == here


@pytest.mark.parametrize("exercise", EXERCISES[::20], ids=name_of)
def test_a_process_of_its_own_passes_the_right_answer(exercise):
    verdict = process.grade(solution_of(exercise), exercise)
    assert verdict.passed, "\n".join(in_words(verdict))
