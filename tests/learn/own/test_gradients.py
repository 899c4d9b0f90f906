"""The gradient check of a whole network with a student's operations."""

from __future__ import annotations

import pytest

from tests.learn.own import operations, solution
from tinyalex.learn.own.answers import OwnAnswer, OwnError
from tinyalex.learn.own.gradients import check_gradients
from tinyalex.learn.own.operations import OwnOperations


def check(answers, model="tiny"):
    check_gradients(model, OwnOperations(answers))


def with_bug(exercise, old, new):
    """All solutions; one has a bug."""
    answers = operations().answers
    name = next(name for name in answers if name.startswith(exercise))
    right = solution(name)
    text = right.source.decode()
    assert text.count(old) == 1
    return answers | {name: OwnAnswer(name, right.path, text.replace(old, new).encode())}


@pytest.mark.slow
def test_the_solutions_have_right_gradients():
    check(operations().answers)


@pytest.mark.slow
def test_a_network_for_photographs_has_right_gradients_too():
    check(operations("02", "03", "05", "06", "09", "22", "15").answers, "cifar-80sec")


@pytest.mark.parametrize(
    ("exercise", "old", "new", "says"),
    [
        (
            "04",
            "dbias = dy.sum(axis=(0, 2, 3))",
            "dbias = dy.mean(axis=(0, 2, 3))",
            r"in your conv2d_backward \(04_conv_backward\):\nConv2d: the gradient of bias is",
        ),
        (
            "22",
            ".argmax(axis=2)",
            ".argmin(axis=2)",
            r"your max_pool2d_backward \(22_ceil_pool_backward\)",
        ),
        (
            "11",
            "- 2 * alpha",
            "+ 2 * alpha",
            r"your local_response_norm_backward \(11_lrn_backward\)",
        ),
        (
            "06",
            "np.where(x > 0, x, 0)",
            "np.where(x > 0, x, 0.1 * x)",
            r"in your relu \(06_relu\):",
        ),
        ("15", "dlogits / N", "dlogits", r"in your cross_entropy \(15_softmax_cross_entropy\)"),
    ],
)
def test_a_wrong_answer_that_passed_is_found_and_named(exercise, old, new, says):
    """Such as one that is right only for small sizes."""
    with pytest.raises(OwnError, match=says) as caught:
        check(with_bug(exercise, old, new))
    assert caught.value.message.startswith("gradcheck: forward and backward pass do not")
    assert "--without" in caught.value.hint
