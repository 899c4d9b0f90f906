"""Exercise 24: one step of softmax regression."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises.softmax_cross_entropy import (
    loss_by_definition,
    softmax_by_definition,
)
from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, eighths, indices, numeric_gradient, sample, sizes

RATES = (0.5, 1.0, 0.25)


@st.composite
def arguments(draw: st.DrawFn, images: int = 3) -> Arguments:
    """A mini-batch of up to ``images`` images."""
    N, D, K = draw(sizes(images, 3, 3))
    return {
        "x": draw(eighths((N, D))),
        "labels": draw(indices((N,), K)),
        "w": draw(eighths((K, D), -1, 1)),
        "b": draw(eighths((K,), -1, 1)),
        "lr": draw(st.sampled_from(RATES)),
    }


def with_zero_weights(a: Arguments) -> Arguments:
    """The network has not learned anything yet."""
    return a | {"w": np.zeros_like(a["w"]), "b": np.zeros_like(a["b"])}


def with_lr_zero(a: Arguments) -> Arguments:
    return a | {"lr": 0.0}


def with_large_pixels(a: Arguments) -> Arguments:
    """Pixels in hundreds, so that the logits are large."""
    return a | {"x": 1000.0 * a["x"]}


def logits(x: Array, w: Array, b: Array) -> Array:
    """One image and one class at a time."""
    z = np.zeros((len(x), len(w)))
    for n, k in np.ndindex(z.shape):
        z[n, k] = b[k] + sum(w[k, d] * x[n, d] for d in range(x.shape[1]))
    return z


def loss_of(a: Arguments) -> float:
    return loss_by_definition(logits(a["x"], a["w"], a["b"]), a["labels"])


def shape(answer: Answer, a: Arguments) -> None:
    w_new, b_new, loss = answer.linear_step(**a)
    expect_shape(w_new, a["w"].shape, "w_new", np.float64)
    expect_shape(b_new, a["b"].shape, "b_new", np.float64)
    expect_shape(np.asarray(loss, float), (), "the loss")


def loss_at_the_start(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.linear_step(**a)[2], math.log(len(a["w"])), "the loss")


def loss(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.linear_step(**a)[2], loss_of(a), "the loss")


def no_step(answer: Answer, a: Arguments) -> None:
    w_new, b_new, _ = answer.linear_step(**a)
    expect_equal(w_new, a["w"], "w_new")
    expect_equal(b_new, a["b"], "b_new")


def steps_by_definition(a: Arguments) -> tuple[Array, Array]:
    """w_new and b_new, with a gradient measured by moving each weight a little."""
    dw = numeric_gradient(lambda w: loss_of(a | {"w": w}), a["w"])
    db = numeric_gradient(lambda b: loss_of(a | {"b": b}), a["b"])
    return a["w"] - a["lr"] * dw, a["b"] - a["lr"] * db


def step(answer: Answer, a: Arguments) -> None:
    w_new, b_new, _ = answer.linear_step(**a)
    expected_w, expected_b = steps_by_definition(a)
    # Central differences in steps of 1e-5: rounding and curvature leave an error below 1e-8.
    expect_equal(b_new, expected_b, "b_new", rtol=1e-6, atol=1e-7)
    expect_equal(w_new, expected_w, "w_new", rtol=1e-6, atol=1e-7)


def exact_step(answer: Answer, a: Arguments) -> None:
    """Where the loss is too steep to measure: the formulas of the stub, one image at a time."""
    x, w, b, lr = a["x"], a["w"], a["b"], a["lr"]
    p = softmax_by_definition(logits(x, w, b))
    expected_w, expected_b = w.copy(), b.copy()
    for n, k in np.ndindex(p.shape):
        g = (p[n, k] - (k == a["labels"][n])) / len(x)
        expected_w[k] -= lr * g * x[n]
        expected_b[k] -= lr * g
    w_new, b_new, _ = answer.linear_step(**a)
    expect_equal(b_new, expected_b, "b_new")
    expect_equal(w_new, expected_w, "w_new", atol=1e-6)  # steps of 1000


EXERCISE = Exercise(
    name="24_linear_step",
    title="A linear classifier: one step of SGD",
    lesson=0,
    minutes=30,
    functions=("linear_step",),
    properties=(
        Property(
            name="shape",
            says="w_new has the shape of w, b_new that of b, and the loss is one number.",
            given=arguments(),
            judge=shape,
            hints=(
                "There is one new weight for each weight, and one loss for the whole mini-batch.",
                "x @ w.T + b has shape (N, K); g.T @ x has shape (K, D), like w.",
            ),
            examples=20,
        ),
        Property(
            name="loss of a guesser",
            says="If all weights and biases are 0, the loss is log(K).",
            given=arguments().map(with_zero_weights),
            judge=loss_at_the_start,
            hints=(
                "If all logits are 0, every class has the probability 1 / K.",
                "The loss is the mean over the images of -log(p of the right class).",
                "The loss is measured *before* the step, with w and not with w_new.",
            ),
        ),
        Property(
            name="loss",
            says="The loss is the mean of -log(p of the right class), before the step.",
            given=arguments(),
            judge=loss,
            large=lambda: {
                "x": sample(16, 256),
                "labels": np.arange(16) % 10,
                "w": sample(10, 256) / 64,
                "b": sample(10),
                "lr": 0.5,
            },
            hints=(
                "Does each image's logit of class k use the weights of neuron k, w[k]?",
                "Add b[k] to the logit of class k; the softmax is over the classes (axis 1).",
                "p[np.arange(N), labels] has one number per image.",
            ),
        ),
        Property(
            name="learning rate 0",
            says="With lr = 0 the weights and biases stay the same.",
            given=arguments().map(with_lr_zero),
            judge=no_step,
            hints=(
                "What is the step multiplied by?",
                "w_new = w - lr * ..., and the same for b. Nothing else changes w.",
            ),
            examples=20,
        ),
        Property(
            name="one image",
            says="With one image, w_new and b_new are one step against the gradient.",
            given=arguments(images=1),
            judge=step,
            hints=(
                "Does the weight of the right class go up where the pixel is bright?",
                "g is p, minus 1 at the right class; w_new[k, d] = w[k, d] - lr * g[k] * x[d].",
                "The bias is a weight whose pixel is always 1: b_new = b - lr * g.",
            ),
            examples=30,
        ),
        Property(
            name="mini-batch",
            says="With N images, the gradient is the mean over the images.",
            given=arguments(),
            judge=step,
            hints=(
                "The loss is a mean over N images. What does that do to the gradient?",
                "Divide by N; sum over all images: g.T @ x adds up n.",
            ),
            examples=30,
        ),
        Property(
            name="large pixels",
            says="The step is correct and finite for logits of 1000 and more.",
            given=arguments().map(with_large_pixels),
            judge=exact_step,
            hints=(
                "exp(1000) is infinite. What can you subtract from a row without changing p?",
                "z - z.max(axis=1, keepdims=True): the largest logit of each image.",
            ),
        ),
    ),
)
