"""Exercise 28: nearest neighbours by features, and their vote."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, distinct, eighths, indices, sample, scales, sizes


@st.composite
def arguments(draw: st.DrawFn, k: int | None = None) -> Arguments:
    N, M, D = draw(sizes(5, 3, 3))
    scale = draw(scales(2.0**-10))  # the squares stay exact
    return {
        "features": draw(eighths((N, D))) * scale,
        "queries": draw(eighths((M, D))) * scale,
        "k": draw(st.integers(1, N)) if k is None else k,
    }


def many_ties() -> Arguments:
    """So many images that some sorts no longer keep the order of equals."""
    features = sample(200, 2, divisor=1)
    return {"features": features, "queries": features[:10] + 0.125, "k": 60}


@st.composite
def known_images(draw: st.DrawFn) -> Arguments:
    """No two images are equal, and the queries are some of them."""
    N, M, D = draw(sizes(5, 3, 3))
    features = draw(distinct((N, D)))
    return {"features": features, "queries": features[draw(indices((M,), N))], "k": 1}


@st.composite
def votes(draw: st.DrawFn, k: int = 5) -> Arguments:
    """Neighbours without repetition."""
    N, M = draw(sizes(5, 3))
    count = draw(st.integers(1, min(k, N)))
    rows = [draw(st.permutations(range(N)))[:count] for _ in range(M)]
    labels = draw(indices((N,), 3)) * draw(st.sampled_from((1, 1000)))  # ten classes are not all
    return {"neighbours": np.array(rows, dtype=np.int64), "labels": labels}


def nearest_by_definition(features: Array, queries: Array, k: int) -> Array:
    """One query at a time; Python's sort keeps the order of equals."""
    rows = []
    for query in queries:
        distance = [float(np.square(query - image).sum()) for image in features]
        rows.append(sorted(range(len(features)), key=distance.__getitem__)[:k])
    return np.array(rows, dtype=np.int64)


def vote_by_definition(neighbours: Array, labels: Array) -> Array:
    winners = []
    for row in neighbours:
        classes = [int(labels[image]) for image in row]
        winners.append(max(classes, key=classes.count))  # max returns the first of equals
    return np.array(winners, dtype=np.int64)


def shape(answer: Answer, a: Arguments) -> None:
    wanted = (len(a["queries"]), a["k"])
    expect_shape(answer.nearest(**a), wanted, "the neighbours", np.int64)


def neighbours(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.nearest(**a), nearest_by_definition(**a), "neighbours")


def vote_shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.vote(**a), (len(a["neighbours"]),), "the votes", np.int64)


def vote(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.vote(**a), vote_by_definition(**a), "votes")


EXERCISE = Exercise(
    name="28_neighbours",
    title="The nearest images, and their vote",
    lesson=15,
    minutes=25,
    functions=("nearest", "vote"),
    properties=(
        Property(
            name="shape",
            says="nearest returns int64 of shape (M, k).",
            given=arguments(),
            judge=shape,
            hints=(
                "One row per query, k indices in each row.",
                "Indices, not distances: np.argsort returns them.",
            ),
            examples=20,
        ),
        Property(
            name="an image is its own neighbour",
            says="The nearest image of a query that is one of the images is this image.",
            given=known_images(),
            judge=neighbours,
            hints=(
                "Its distance is 0, and no distance is smaller.",
                "The nearest comes first: sort from small to large.",
                "Compare each query with each image: queries[:, None, :] - features[None, :, :].",
            ),
        ),
        Property(
            name="order",
            says="The k nearest images come in order of their distance; of equally distant ones, "
            "the lower index first.",
            given=arguments(),
            judge=neighbours,
            large=many_ties,
            hints=(
                "Square the differences before you add them up over the features.",
                "Differences of opposite sign must not cancel; and the sum is over axis D only.",
                'np.argsort(distances, axis=1, kind="stable")[:, :k]',
            ),
        ),
        Property(
            name="shape of the votes",
            says="vote returns int64 of shape (M,).",
            given=votes(),
            judge=vote_shape,
            hints=(
                "One class per query.",
                "labels[neighbours] has shape (M, k): choose one of each row.",
            ),
            examples=20,
        ),
        Property(
            name="one neighbour",
            says="With one neighbour, the vote is its class.",
            given=votes(k=1),
            judge=vote,
            hints=(
                "The numbers in neighbours are indices of images, not classes.",
                "labels[neighbours[m, 0]]",
            ),
            examples=20,
        ),
        Property(
            name="majority",
            says="The vote is the most frequent class; of equally frequent ones, that of the "
            "nearest neighbour.",
            given=votes(),
            judge=vote,
            hints=(
                "How often does the class of each neighbour occur in its row?",
                "Of equally frequent classes, the first in the row wins, not the smallest number.",
                "classes = list(labels[row]); max(classes, key=classes.count)",
            ),
        ),
    ),
)
