"""What the grader does besides naming mistakes: new processes, large inputs, its own errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.learn.examples import ADD_BIAS, MEAN_AND_SUM, solution
from tests.learn.test_grader import HEAD, RIGHT, say
from tinyalex.learn.exercises import all_exercises
from tinyalex.learn.grader import Exercise, Property
from tinyalex.learn.grader.verdict import Outcome


def test_each_property_is_judged_in_a_new_process(judge):
    text = (
        "import os\n" + HEAD + "    assert not os.path.exists('seen') or scale == 1\n"
        "    os.environ['SEEN'] = os.environ.get('SEEN', '') + '.'\n"
        "    return x + scale * b if len(os.environ['SEEN']) < 100 else 0\n"
    )
    assert judge(text).passed  # each of three properties makes 50 calls and 12 more


def test_an_answer_that_is_right_for_small_sizes_only_does_not_pass(judge):
    text = HEAD + "    return (x + scale * b)[:64]\n"
    exercise = replace(
        ADD_BIAS,
        properties=(replace(ADD_BIAS.properties[0], large=large), *ADD_BIAS.properties[1:]),
    )
    verdict = judge(text, exercise)
    assert verdict.outcome is Outcome.BROKEN and verdict.compare[0] == "expected  (65, 1)"
    assert verdict.case[0] == "x = array (65, 1)"
    assert judge(RIGHT, exercise).passed


def large():
    return {"x": np.zeros((65, 1)), "b": np.zeros(1)}


def test_an_input_that_cannot_be_made_is_the_graders_fault(judge):
    def broken(_):
        raise ZeroDivisionError("no such input")

    prop = Property("made", "Something.", st.just(0).map(broken), lambda _, a: None, ("",))
    verdict = judge(RIGHT, Exercise("90_add_bias", "", 0, 0, ("add_bias",), (prop,)))
    assert verdict.outcome is Outcome.GRADER and "no such input" in verdict.what


def test_reading_outside_an_array_in_compiled_code_is_an_exception(judge):
    text = (
        "import numba\nimport numpy as np\n\n\n@numba.njit\ndef last(x):\n    return x[x.size]\n\n"
        "def add_bias(x, b, scale=1.0):\n    last(x.ravel())\n    return x + scale * b\n"
    )
    exercise = replace(ADD_BIAS, allowed=("numpy", "numba"))
    verdict = judge(text, exercise)
    assert verdict.outcome is Outcome.EXCEPTION and "IndexError" in verdict.what, say(verdict)


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ("np.zeros(x.shape, dtype=int)", "y is int64; the stub says float64: is it np.zeros(..."),
        ("(x + scale * b).astype(np.float16)", "y is float16; the stub says float64"),
        ("(x + scale * b)[0:-0]", "A slice such as x[p:-p] is empty if p is 0."),
    ],
)
def test_a_wrong_dtype_or_an_emptied_slice_is_named(judge, result, says):
    assert says in say(judge(f"{HEAD}    return {result}\n"))


def test_a_list_in_place_of_a_tuple_is_named(judge):
    text = solution(MEAN_AND_SUM).read_text()
    verdict = judge(
        text.replace("return mean(x), x.sum(axis=1)", "return [mean(x), 1]"), MEAN_AND_SUM
    )
    assert "returns a list; the stub says a tuple" in verdict.what and "brackets" in say(verdict)


@pytest.mark.slow
@pytest.mark.parametrize("exercise", all_exercises(), ids=lambda exercise: exercise.name)
def test_every_input_can_be_made(exercise):
    """None is too large, whatever the seed."""
    for prop in exercise.properties:
        settings(max_examples=100, phases=[Phase.generate])(given(prop.given)(lambda _: None))()
        if prop.large is not None:
            prop.large()


def test_an_endless_loop_is_shown_with_the_input_that_began_it(judge):
    """It is not made smaller: on smaller inputs the answer may be right."""
    text = HEAD + "    while len(x) == 3:\n        pass\n    return x + scale * b\n"
    verdict = judge(text, limits={"seconds": 1.0})
    assert verdict.outcome is Outcome.TIME and verdict.case[0].startswith("x = array (3, ")
