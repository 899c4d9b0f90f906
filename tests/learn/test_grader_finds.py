"""Mistakes that one call does not show, lost digits, and right answers of an unusual type."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.learn.examples import ADD_BIAS, MEAN_AND_SUM, solution
from tests.learn.test_grader import HEAD, say
from tinyalex.learn.grader import Broken, expect_equal
from tinyalex.learn.grader.showing import MARK, compare, describe
from tinyalex.learn.grader.spec import NARROW
from tinyalex.learn.grader.verdict import Outcome

KEPT = "kept = {}\n" + HEAD


def test_an_array_that_is_returned_twice_is_named(judge):
    """The first result changes when the second call writes into the same array."""
    text = (
        KEPT + "    y = kept.setdefault(x.shape, np.zeros(x.shape))\n"
        "    y[...] = x + scale * b\n    return y\n"
    )
    verdict = judge(text)
    assert verdict.outcome is Outcome.STATE, say(verdict)
    assert "changes an array that it returned before" in verdict.what and verdict.case
    assert "np.zeros inside the function" in say(verdict)


def test_the_same_array_for_the_same_arguments_is_right(judge):
    text = (
        KEPT + "    key = x.tobytes(), x.shape, b.tobytes(), b.shape, scale\n"
        "    if key not in kept:\n        kept[key] = x + scale * b\n    return kept[key]\n"
    )
    assert judge(text).passed


def test_an_exception_that_other_calls_cause_is_named(judge):
    """Alone, the input that the message shows is no trouble."""
    text = (
        KEPT + "    y = kept.setdefault(x.ndim, np.zeros(x.shape)).copy()\n"
        "    y[...] = x + scale * b\n    return y\n"
    )
    verdict = judge(text)
    assert verdict.outcome is Outcome.STATE, say(verdict)
    assert "could not broadcast" in verdict.what and verdict.case and verdict.code


def test_a_result_that_many_other_calls_change_is_named(judge):
    """Its large input comes after all that are drawn, which have fewer columns."""
    text = KEPT + (
        "    kept[len(kept)] = 0\n"
        "    return x + scale * b + (len(kept) > 20 and x.shape == (2, 9))\n"
    )
    *others, last = ADD_BIAS.properties
    last = replace(last, large=lambda: {"x": np.ones((2, 9)), "b": np.ones(9)})
    verdict = judge(text, replace(ADD_BIAS, properties=(*others, last)))
    assert verdict.outcome is Outcome.STATE, say(verdict)


def test_an_exception_of_the_first_call_keeps_its_name(judge):
    verdict = judge(HEAD + "    return (x + scale * b)[{}]\n")
    assert verdict.outcome is Outcome.EXCEPTION, say(verdict)


@pytest.mark.parametrize("narrow", [np.float32, np.float16])
def test_lost_digits_are_shown_and_named(narrow):
    expected = np.array([0.5, 1 / 3])
    with pytest.raises(Broken) as caught:
        expect_equal(expected.astype(narrow).astype(np.float64), expected)
    got, right = re.findall(r"0\.\d+", caught.value.what)
    assert got != right and caught.value.hint == NARROW
    shown = compare(caught.value.expected, caught.value.got, caught.value.wrong)
    left, other = shown[1].split()[1], shown[1].split()[3]
    assert left != other.rstrip("*") and other.endswith("*")


def test_another_wrong_number_is_not_called_lost_digits():
    with pytest.raises(Broken) as caught:
        expect_equal(np.array([1000.0, 0.5]), np.array([1003.01, 0.5]))
    assert caught.value.hint == ""
    with pytest.raises(Broken) as caught:
        expect_equal(np.array([1001.0]), np.array([1000.0]))
    assert caught.value.hint == "" and caught.value.what == "y[0] is 1001, not 1000"


def test_only_numbers_that_count_as_wrong_have_a_star(judge):
    def near(answer, a):
        got = answer.add_bias(**a)
        expect_equal(got, a["x"] + a["b"] + np.eye(1, a["x"].shape[1]), rtol=1e-6, atol=1e-7)

    prop = replace(ADD_BIAS.properties[-1], judge=near, given=st.just(large()))
    verdict = judge(
        HEAD + "    return x + scale * b + 1e-8\n", replace(ADD_BIAS, properties=(prop,))
    )
    assert verdict.outcome is Outcome.BROKEN and str(verdict.compare).count("*") == 1, say(verdict)


def large():
    return {"x": np.zeros((1, 2)), "b": np.zeros(2)}


def test_two_losses_that_differ_in_late_digits_look_different():
    shown = compare(np.asarray(8.40649781), np.asarray(8.40649792))
    assert shown[0].split()[-1] != shown[1].split()[-1]


def test_a_complex_result_has_its_own_hint(judge):
    verdict = judge(HEAD + "    return (x + scale * b).astype(complex)\n")
    assert verdict.outcome is Outcome.BROKEN and "np.linalg.eigh" in say(verdict)


def test_a_named_tuple_is_a_tuple(judge):
    text = (
        solution(MEAN_AND_SUM)
        .read_text()
        .replace("return mean(x), x.sum(axis=1)", "return Both(mean(x), x.sum(axis=1))")
    )
    head = (
        "from typing import NamedTuple\n\n\nclass Both(NamedTuple):\n    m: object\n    s: object\n"
    )
    assert judge(f"{head}\n\n{text}", MEAN_AND_SUM).passed


@pytest.mark.parametrize("shape", [(2,), (2, 40), (1, 2, 27, 27), (4, 1)])
@pytest.mark.parametrize("digits", [1, 1 / 7, 1e-5 / 7])
def test_rows_fit_a_terminal_and_show_the_first_difference(shape, digits):
    expected = np.random.default_rng(0).integers(-9, 9, shape) * digits
    got = expected.copy()
    got.reshape(-1)[got.size // 2] += 100
    lines = [*compare(expected, got), *describe({"x": expected})]
    assert max(map(len, lines)) <= 76
    assert "".join(lines).count(MARK) == 1
    beside = any("expected" in line and "got" in line for line in lines)
    assert beside == (shape[-1] < 9)
