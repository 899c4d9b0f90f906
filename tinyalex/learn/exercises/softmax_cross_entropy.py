"""Exercise 15: softmax cross-entropy without overflow."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, eighths, indices, numeric_gradient, sample, sizes


@st.composite
def arguments(draw: st.DrawFn, scale: float = 1.0) -> Arguments:
    """Logits from -3 to 3, multiplied by ``scale``."""
    N, K = draw(sizes(3, 4))
    return {"logits": draw(eighths((N, K))) * scale, "labels": draw(indices((N,), K))}


def with_equal_logits(a: Arguments) -> Arguments:
    """All classes of an image get the logit of class 0."""
    return a | {"logits": np.zeros_like(a["logits"]) + a["logits"][:, :1]}


def loss_by_definition(logits: Array, labels: Array) -> float:
    """One image at a time; subtracting the largest logit changes only the rounding."""
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total += math.log(sum(math.exp(z - max(row)) for z in row)) + max(row) - row[label]
    return total / len(labels)


def softmax_by_definition(logits: Array) -> Array:
    """The probabilities; the last axis are the classes."""
    p = np.zeros(logits.shape)
    for at in np.ndindex(logits.shape[:-1]):
        powers = [math.exp(z - max(logits[at])) for z in logits[at]]
        p[at] = [power / sum(powers) for power in powers]
    return p


def shape(answer: Answer, a: Arguments) -> None:
    loss, dlogits = answer.softmax_cross_entropy(**a)
    expect_shape(np.asarray(loss, float), (), "the loss")
    expect_shape(dlogits, a["logits"].shape, "dlogits")


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


def exact_gradient(answer: Answer, a: Arguments) -> None:
    N, K = a["logits"].shape
    expected = (softmax_by_definition(a["logits"]) - np.eye(K)[a["labels"]]) / N
    expect_equal(answer.softmax_cross_entropy(**a)[1], expected, "dlogits")


EXERCISE = Exercise(
    name="15_softmax_cross_entropy",
    title="Softmax cross-entropy without overflow",
    lesson=9,
    minutes=30,
    functions=("softmax_cross_entropy",),
    properties=(
        Property(
            name="shape",
            says="It returns one number, the loss, and dlogits with the shape of logits.",
            given=arguments(),
            judge=shape,
            hints=(
                "The loss is a mean over the batch: a single number.",
                "There is one gradient for each logit: (N, K).",
            ),
            examples=20,
        ),
        Property(
            name="equal logits",
            says="If all K classes have the same logit, the loss is log(K), for any batch size.",
            given=arguments().map(with_equal_logits),
            judge=loss,
            hints=(
                "The probabilities of *one image* sum to 1. Over which axis is that sum?",
                "The loss is the mean over the images, not the sum.",
                "axis=1, keepdims=True; then the mean of the N losses.",
            ),
        ),
        Property(
            name="loss",
            says="The loss is the mean of -log(p of the correct class).",
            given=arguments(),
            judge=loss,
            large=lambda: {"logits": sample(4, 1000), "labels": np.array([0, 999, 500, 7])},
            hints=(
                "Which p belongs to the correct class of image n?",
                "p[np.arange(N), labels] has one number per image.",
            ),
        ),
        Property(
            name="huge logits",
            says="The loss is correct and finite for logits of 1000 and more, and of -1000 and "
            "less.",
            given=arguments(scale=1000.0),
            judge=loss,
            hints=(
                "exp(1000) is infinite. What can you subtract from a row without changing p?",
                "The largest logit of *each row*. Also, do not compute log(p) where p can be 0.",
                "With z = logits - largest of the row: "
                "loss = log(sum of exp(z)) - z of the correct class.",
            ),
        ),
        Property(
            name="rows sum to zero",
            says="The gradients of each image sum to 0: adding a constant to its logits does not "
            "change p.",
            given=arguments(),
            judge=rows_sum_to_zero,
            hints=(
                "The probabilities of an image sum to 1. What do you subtract from them?",
                "Subtract 1, at the correct class of each image: p[np.arange(N), labels] - 1.",
            ),
        ),
        Property(
            name="gradient",
            says="dlogits is the gradient of the loss, measured by moving each logit a little.",
            given=arguments(),
            judge=gradient,
            hints=(
                "The loss is a mean over N images. What does that do to the gradient?",
                "dlogits = (p - onehot) / N.",
            ),
        ),
        Property(
            name="gradient, huge logits",
            says="dlogits is correct and finite for logits of 1000 and more.",
            given=arguments(scale=1000.0),
            judge=exact_gradient,
            hints=(
                "Do the loss and the gradient use the same p?",
                "p = exp(z) / sum of exp(z), with z = logits - largest of the row.",
            ),
        ),
    ),
)
