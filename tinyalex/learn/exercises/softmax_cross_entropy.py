"""Exercise 15: softmax cross-entropy, stably."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, choices, numeric_gradient, whole, within


@st.composite
def arguments(draw: st.DrawFn, times: float = 1.0) -> Arguments:
    """Logits from -3 to 3, times something."""
    N, K = draw(within(3, 4))
    return {"logits": draw(whole((N, K))) * times, "labels": draw(choices((N,), K))}


@st.composite
def alike(draw: st.DrawFn) -> Arguments:
    """The same logit for every class."""
    drawn = draw(arguments())
    return drawn | {"logits": np.repeat(drawn["logits"][:, :1], drawn["logits"].shape[1], axis=1)}


def shape(answer: Answer, a: Arguments) -> None:
    loss, dlogits = answer.softmax_cross_entropy(**a)
    expect_shape(np.asarray(loss), (), "the loss")
    expect_shape(dlogits, a["logits"].shape, "dlogits")


def knows_nothing(answer: Answer, a: Arguments) -> None:
    loss, _ = answer.softmax_cross_entropy(**a)
    expect_equal(loss, math.log(a["logits"].shape[1]), "the loss")


def loss_by_definition(logits: Array, labels: Array) -> float:
    """Row by row; the largest logit is taken out, which changes nothing but the rounding."""
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        most = max(row)
        total += math.log(sum(math.exp(z - most) for z in row)) + most - row[label]
    return total / len(labels)


def loss(answer: Answer, a: Arguments) -> None:
    got, _ = answer.softmax_cross_entropy(**a)
    expect_equal(got, loss_by_definition(**a), "the loss")


def rows_sum_to_zero(answer: Answer, a: Arguments) -> None:
    _, dlogits = answer.softmax_cross_entropy(**a)
    expect_shape(dlogits, a["logits"].shape, "dlogits")
    expect_equal(dlogits.sum(axis=1), np.zeros(len(dlogits)), "dlogits.sum(axis=1)")


def gradient(answer: Answer, a: Arguments) -> None:
    _, dlogits = answer.softmax_cross_entropy(**a)
    expected = numeric_gradient(lambda z: loss_by_definition(z, a["labels"]), a["logits"])
    # Central differences in steps of 1e-5: rounding and curvature leave an error below 1e-9.
    expect_equal(dlogits, expected, "dlogits", rtol=1e-6, atol=1e-7)


def huge_gradient(answer: Answer, a: Arguments) -> None:
    logits, labels = a["logits"], a["labels"]
    expected = np.zeros(logits.shape)
    for n, k in np.ndindex(logits.shape):
        most = max(logits[n])
        p = math.exp(logits[n, k] - most) / sum(math.exp(z - most) for z in logits[n])
        expected[n, k] = (p - (k == labels[n])) / len(labels)
    expect_equal(answer.softmax_cross_entropy(**a)[1], expected, "dlogits")


EXERCISE = Exercise(
    name="15_softmax_cross_entropy",
    title="Softmax cross-entropy, stably",
    lesson=9,
    minutes=30,
    functions=("softmax_cross_entropy",),
    properties=(
        Property(
            name="shape",
            says="It returns one number, and dlogits of the logits' shape.",
            given=arguments(),
            judge=shape,
            hints=(
                "The loss is a mean over the batch: a single number.",
                "There is one slope for each logit: (N, K).",
            ),
            examples=20,
        ),
        Property(
            name="equal logits",
            says="Who finds all K classes alike likely has the loss log(K), for any batch.",
            given=alike(),
            judge=knows_nothing,
            hints=(
                "Softmax makes the probabilities of *one image* sum to 1. Which axis is that?",
                "The loss is the mean over the images, not the sum.",
                "axis=1, keepdims=True; then .mean() of the N losses.",
            ),
        ),
        Property(
            name="loss",
            says="The loss is the mean of -log(p of the right class).",
            given=arguments(),
            judge=loss,
            hints=(
                "Which p belongs to the right class of image n?",
                "p[np.arange(N), labels] has one number an image.",
            ),
        ),
        Property(
            name="huge logits",
            says="The loss is right and finite for logits of thousands, of either sign.",
            given=arguments(times=1000.0),
            judge=loss,
            hints=(
                "exp(1000) is infinite: what may be subtracted from a row without changing p?",
                "The largest logit of *each row*; and log(p) must not be taken of a p of 0.",
                "With z = logits - largest of the row: "
                "loss = log(sum of exp(z)) - z of the right class.",
            ),
        ),
        Property(
            name="rows sum to zero",
            says="Raising all logits of an image alike changes nothing: its slopes sum to 0.",
            given=arguments(),
            judge=rows_sum_to_zero,
            hints=(
                "The probabilities of an image sum to 1. What is taken from them?",
                "1, at the right class of each image: p[np.arange(N), labels] - 1.",
            ),
        ),
        Property(
            name="gradient",
            says="dlogits is the slope of the loss, measured by moving each logit up and down.",
            given=arguments(),
            judge=gradient,
            hints=(
                "The loss is a mean over N images: what does that do to the slopes?",
                "dlogits = (p - onehot) / N.",
            ),
        ),
        Property(
            name="gradient, huge logits",
            says="dlogits is right and finite for logits of thousands.",
            given=arguments(times=1000.0),
            judge=huge_gradient,
            hints=(
                "Is p of the loss and p of the gradient the same?",
                "p = exp(z) / sum of exp(z), with z = logits - largest of the row.",
            ),
        ),
    ),
)
