"""Exercise 21: ensembles and the top-k error."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import (
    Array,
    booleans,
    distinct,
    eighths,
    indices,
    integers,
    sample,
    scales,
    sizes,
)


def shares(M: int) -> SearchStrategy[Array]:
    """Coefficients in eighths; some are 0, but not all."""
    drawn = st.builds(np.multiply, eighths((M,), 0, 3), booleans((M,)))
    return drawn.map(lambda coefficients: coefficients if coefficients.any() else coefficients + 1)


@st.composite
def networks(draw: st.DrawFn, weighted: bool = True) -> Arguments:
    """Numbers from 0 to 1; the mean does not need rows that sum to 1."""
    M, N, K = draw(sizes(3, 2, 3))
    coefficients = {"coefficients": draw(shares(M))} if weighted else {}
    return {"probabilities": draw(eighths((M, N, K), 0, 1))} | coefficients


def with_equal_networks(a: Arguments) -> Arguments:
    """All networks get the probabilities of network 0."""
    return a | {"probabilities": np.zeros_like(a["probabilities"]) + a["probabilities"][:1]}


@st.composite
def ranked(draw: st.DrawFn, ties: bool = False, k: int | None = None) -> Arguments:
    """One score per class, in any order; ``k`` None: drawn."""
    N, K = draw(st.integers(1, 2)), draw(st.integers(2, 4))
    scale = draw(scales(1e-12)) / 8  # of a thousand classes, most have a tiny probability
    rows = [draw(integers((K,), 0, 2) if ties else distinct((K,))) * scale for _ in range(N)]
    k = draw(st.integers(1, K - 1)) if k is None else k
    return {"probabilities": np.stack(rows), "labels": draw(indices((N,), K)), "k": k}


def with_all_classes(a: Arguments) -> Arguments:
    return a | {"k": a["probabilities"].shape[1]}


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.ensemble(**a), a["probabilities"].shape[1:], "p")


def mean(answer: Answer, a: Arguments) -> None:
    p = a["probabilities"]
    coefficients = a.get("coefficients", np.ones(len(p)))
    expected = np.zeros(p.shape[1:])
    for m, n, k in np.ndindex(p.shape):
        expected[n, k] += coefficients[m] * p[m, n, k] / sum(coefficients)
    expect_equal(answer.ensemble(**a), expected, "p")


def error(answer: Answer, a: Arguments) -> None:
    got = answer.topk_error(**a)
    expect_shape(np.asarray(got, float), (), "the error")
    expect_equal(got, error_by_definition(**a), "the error")


def error_by_definition(probabilities: Array, labels: Array, k: int) -> float:
    """Fraction of all correct rankings, ties in any order, with the label after place k."""
    errors = []
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        rankings = [
            classes
            for classes in itertools.permutations(range(len(row)))
            if [row[c] for c in classes] == sorted(row, reverse=True)
        ]
        errors.append(np.mean([ranking.index(label) >= k for ranking in rankings]))
    return float(np.mean(errors))


EXERCISE = Exercise(
    name="21_ensemble",
    title="An ensemble and its top-k error",
    lesson=14,
    minutes=25,
    functions=("ensemble", "topk_error"),
    properties=(
        Property(
            name="shape",
            says="ensemble returns (N, K) for (M, N, K), with and without coefficients.",
            given=networks() | networks(weighted=False),
            judge=shape,
            hints=(
                "Over which axis do you average?",
                "Axis 0, the networks.",
            ),
            examples=30,
        ),
        Property(
            name="equal networks",
            says="If all networks have the same probabilities, the ensemble has them, too.",
            given=(networks() | networks(weighted=False)).map(with_equal_networks),
            judge=mean,
            hints=(
                "What is the sum of coefficients[m] * p if all p are the same?",
                "Divide by the sum of the coefficients.",
            ),
        ),
        Property(
            name="plain mean",
            says="Without coefficients, the result is the mean of the networks' probabilities.",
            given=networks(weighted=False),
            judge=mean,
            hints=(
                "Add probabilities; do not multiply them, and do not count votes.",
                "probabilities.mean(axis=0)",
            ),
        ),
        Property(
            name="weighted mean",
            says="With coefficients, network m counts coefficients[m] times.",
            given=networks(),
            judge=mean,
            large=lambda: {
                "probabilities": sample(7, 4, 1000, low=0, high=1),
                "coefficients": np.arange(1.0, 8.0),
            },
            hints=(
                "Which axis do the coefficients belong to?",
                "coefficients[:, None, None] * probabilities",
            ),
        ),
        Property(
            name="top 1",
            says="With k = 1 and no ties, an image is wrong if another class is more probable.",
            given=ranked(k=1),
            judge=error,
            hints=(
                "Is it the fraction of wrong images, or of correct ones?",
                "probabilities[np.arange(N), labels] is the probability of each correct class.",
            ),
        ),
        Property(
            name="top k",
            says="Without ties, an image is wrong if at least k classes are more probable.",
            given=ranked(),
            judge=error,
            examples=100,
            hints=(
                "How many classes are more probable than the correct one?",
                "Count them with (probabilities > right).sum(axis=1); correct if less than k.",
            ),
        ),
        Property(
            name="all classes",
            says="With k = K every class is among the k most probable: the error is 0.",
            given=ranked(ties=True).map(with_all_classes),
            judge=error,
            hints=(
                "With g classes more probable and t equal (the correct one included), g + t <= K.",
                "So (k - g) / t is at least 1, and you clip it to 1.",
            ),
            examples=30,
        ),
        Property(
            name="ties",
            says="With ties, an image counts by the fraction of orders that have its class in the "
            "first k.",
            given=ranked(ties=True),
            judge=error,
            examples=100,
            hints=(
                "If two classes are equal, the correct one comes first in half of the orders.",
                "With g more probable and t equal (the correct one included), a hit counts "
                "(k - g) / t, clipped to 0 to 1.",
                "np.clip((k - better) / equal, 0, 1)",
            ),
        ),
    ),
)
