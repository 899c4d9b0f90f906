"""Exercise 21: ensembles and the top-k error."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import choices, distinct, quarters, whole, within


@st.composite
def networks(draw: st.DrawFn, alike: bool = False, weighted: bool = True) -> Arguments:
    """Numbers from 0 to 1; that rows sum to 1 plays no part in the mean."""
    M, N, K = draw(within(3, 2, 3))
    p = draw(quarters((1 if alike else M, N, K)))
    drawn = {"probabilities": np.repeat(p, M, axis=0) if alike else p}
    return drawn | ({"coefficients": draw(whole((M,), 1, 3))} if weighted else {})


@st.composite
def ranked(draw: st.DrawFn, ties: bool = False, top: int | None = None) -> Arguments:
    """An image's classes in any order; ``top``: k, else it is drawn."""
    N, K = draw(st.integers(1, 2)), draw(st.integers(2, 4))
    rows = [draw(whole((K,), 0, 2) if ties else distinct((K,))) / 8 for _ in range(N)]
    k = draw(st.integers(1, K - 1)) if top is None else top
    return {"probabilities": np.stack(rows), "labels": draw(choices((N,), K)), "k": k}


@st.composite
def all_classes(draw: st.DrawFn) -> Arguments:
    a = draw(ranked(ties=True))
    return a | {"k": a["probabilities"].shape[1]}


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.ensemble(**a), a["probabilities"].shape[1:], "p")


def alike(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.ensemble(**a), a["probabilities"][0], "p")


def mean(answer: Answer, a: Arguments) -> None:
    p = a["probabilities"]
    coefficients = a.get("coefficients", np.ones(len(p))).tolist()
    expected = np.zeros(p.shape[1:])
    for m, n, k in np.ndindex(p.shape):
        expected[n, k] += coefficients[m] * p[m, n, k] / sum(coefficients)
    expect_equal(answer.ensemble(**a), expected, "p")


def error(answer: Answer, a: Arguments) -> None:
    got = answer.topk_error(**a)
    expect_shape(np.asarray(got), (), "the error")
    expect_equal(got, error_by_orders(**a), "the error")


def error_by_orders(probabilities: np.ndarray, labels: np.ndarray, k: int) -> float:
    """The share of all orders of the classes, the best first, that has the right one too late."""
    shares = []
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        best_first = sorted(row, reverse=True)
        orders = [
            order
            for order in itertools.permutations(range(len(row)))
            if [row[c] for c in order] == best_first
        ]
        shares.append(sum(order.index(label) >= k for order in orders) / len(orders))
    return sum(shares) / len(shares)


EXERCISE = Exercise(
    name="21_ensemble",
    title="An ensemble and its top-k error",
    lesson=14,
    minutes=25,
    functions=("ensemble", "topk_error"),
    properties=(
        Property(
            name="shape",
            says="ensemble makes (N, K) of (M, N, K), with coefficients and without.",
            given=networks() | networks(weighted=False),
            judge=shape,
            hints=(
                "Over which axis is the mean taken?",
                "Axis 0, that of the networks.",
            ),
            examples=30,
        ),
        Property(
            name="networks alike",
            says="Networks that say the same say together what each says, with any coefficients.",
            given=networks(alike=True) | networks(alike=True, weighted=False),
            judge=alike,
            hints=(
                "What does the sum of coefficients[m] * p come to if all p are the same?",
                "Divide by the sum of the coefficients.",
            ),
        ),
        Property(
            name="plain mean",
            says="Without coefficients it is the mean of the networks' probabilities.",
            given=networks(weighted=False),
            judge=mean,
            hints=(
                "Probabilities are added; they are neither multiplied nor counted as votes.",
                "probabilities.mean(axis=0)",
            ),
        ),
        Property(
            name="weighted mean",
            says="With coefficients, network m counts coefficients[m] times.",
            given=networks(),
            judge=mean,
            hints=(
                "Which axis do the coefficients belong to?",
                "coefficients[:, None, None] * probabilities",
            ),
        ),
        Property(
            name="top 1",
            says="With k = 1 and no ties, an image is wrong if another class is better.",
            given=ranked(top=1),
            judge=error,
            hints=(
                "Is it the share of the wrong ones, or of the right ones?",
                "probabilities[np.arange(N), labels] is what each right class got.",
            ),
        ),
        Property(
            name="top k",
            says="Without ties, an image is wrong if k classes or more are better.",
            given=ranked(),
            judge=error,
            examples=100,
            hints=(
                "How many classes are better than the right one?",
                "(probabilities > right).sum(axis=1) counts them; right if that is below k.",
            ),
        ),
        Property(
            name="all classes",
            says="Among the best K of K classes is every class: the error is 0.",
            given=all_classes(),
            judge=error,
            hints=(
                "g better ones and t equal ones, with the right one: g + t is at most K.",
                "So (k - g) / t is at least 1, and is cut to 1.",
            ),
            examples=30,
        ),
        Property(
            name="ties",
            says="A right class in a tie counts as the share of orders that has it in the best k.",
            given=ranked(ties=True),
            judge=error,
            examples=100,
            hints=(
                "Of two equal classes, the right one is first in half of the orders.",
                "With g better and t equal (itself, too): a hit counts (k - g) / t, from 0 to 1.",
                "np.clip((k - better) / equal, 0, 1)",
            ),
        ),
    ),
)
