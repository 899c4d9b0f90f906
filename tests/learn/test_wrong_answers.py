"""Every wrong answer is rejected by the intended property; every right answer passes.

The right answers, and of the wrong ones one per exercise, are judged with few inputs. ``-m slow``
judges all wrong answers with few inputs, and some with as many inputs as for a student; with
HYPOTHESIS_PROFILE=long, all.
``python -m tests.learn.seeds --seeds 200`` is the long run.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.learn.wrong import Wrong, all_wrong
from tests.learn.wrong.judging import (
    by_few_inputs,
    exercise_of,
    quick_verdict_on,
    solution_of,
    stub_of,
    text_of,
    verdict_on,
)
from tests.soak import some
from tinyalex.learn.exercises import all_exercises
from tinyalex.learn.grader.examine import grade
from tinyalex.learn.grader.reading import signatures
from tinyalex.learn.grader.verdict import Outcome, in_words

EXERCISES = all_exercises()
WRONG = all_wrong()
ONE_PER_PROPERTY = [
    *{(module, wrong.caught_by): (module, wrong) for module, wrong in WRONG}.values()
]


def quick_ones() -> list[tuple[str, Wrong]]:
    """A wrong answer for the last property of each exercise, which all others must let pass.

    Compiling takes a second: of the exercises that use Numba, one for the first.
    """
    found = []
    for exercise in EXERCISES:
        caught = {
            wrong.caught_by: (module, wrong)
            for module, wrong in reversed(WRONG)
            if exercise_of(module) is exercise
        }
        order = [prop.name for prop in exercise.properties if prop.name in caught]
        found.append(caught[order[0 if "numba" in exercise.allowed else -1]])
    return found


QUICK = quick_ones()
# Every message names a place: an element, an argument, a line of the file, a shape or a result.
PLACE = re.compile(
    r"[\w\])]\[[\d, ]+\]|argument \w+|shape|line \d+|returns|different results|\w+ is |\) is "
)


def name_of(parameter) -> str:
    return parameter.name if hasattr(parameter, "name") else str(parameter)


@pytest.mark.parametrize(
    ("module", "wrong"),
    [pytest.param(*pair, marks=() if pair in QUICK else pytest.mark.slow) for pair in WRONG],
    ids=name_of,
)
def test_a_wrong_answer_is_rejected_by_the_intended_property(module, wrong, tmp_path):
    assert_rejected(quick_verdict_on(module, wrong, tmp_path), module, wrong)


@pytest.mark.slow
@pytest.mark.parametrize(("module", "wrong"), some(ONE_PER_PROPERTY, 4), ids=name_of)
def test_a_wrong_answer_is_rejected_by_all_inputs_with_shrinking(module, wrong, tmp_path):
    assert_rejected(verdict_on(module, wrong, tmp_path), module, wrong)


def assert_rejected(verdict, module, wrong):
    text = "\n".join(in_words(verdict))
    assert not verdict.passed, f"{module}: {wrong.name} passed"
    assert verdict.broken == wrong.caught_by, text
    assert PLACE.search(" ".join([verdict.what, *verdict.code])), text
    assert verdict.hints, text


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_the_right_answer_passes(exercise):
    verdict = grade(solution_of(exercise), by_few_inputs(exercise))
    assert verdict.passed, "\n".join(in_words(verdict))


@pytest.mark.slow
@pytest.mark.parametrize("seed", some([0, 1, 2], 3))
@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_the_right_answer_passes_all_inputs(exercise, seed):
    verdict = grade(solution_of(exercise), exercise, seed=seed)
    assert verdict.passed, "\n".join(in_words(verdict))


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_the_stub_is_not_written_yet(exercise):
    verdict = grade(stub_of(exercise), exercise)
    assert verdict.outcome is Outcome.NOT_WRITTEN and verdict.score == 0
    assert "not written yet" in verdict.what


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_stub_and_solution_declare_the_same(exercise):
    stub, solution = signatures(stub_of(exercise)), signatures(solution_of(exercise))
    for name in exercise.functions:
        assert stub[name] == solution[name] and stub[name].returns
    assert ast.get_docstring(ast.parse(stub_of(exercise).read_text(encoding="utf-8")))


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_an_exercise_is_complete(exercise):
    names = [prop.name for prop in exercise.properties]
    assert len(names) == len(set(names)) >= 2
    for prop in exercise.properties:
        assert 2 <= len(prop.hints) <= 4 and all(prop.hints) and prop.says.endswith(".")
    answers = [(m, wrong) for m, wrong in WRONG if exercise_of(m) is exercise]
    assert len(answers) >= 3, f"{exercise.name}: {len(answers)} wrong answers in tests/learn/wrong"
    assert {wrong.caught_by for _, wrong in answers} <= set(names)
    texts = [text_of(module, wrong) for module, wrong in answers]
    assert len(set(texts)) == len(texts)
