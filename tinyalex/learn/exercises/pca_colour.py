"""Exercise 14: PCA colour augmentation."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)
from tinyalex.learn.grader.draws import Array, quarters, whole, within

CLOSE = 1e-7  # an eigenvalue solver's rounding, for pixels of about 1, with room


@st.composite
def coloured(draw: st.DrawFn) -> Arguments:
    """Images of quarters: 0, 0.25, ... 1."""
    return {"images": draw(quarters((*draw(within(2, 2, 2)), 3)))}


@st.composite
def grey(draw: st.DrawFn) -> Arguments:
    images: Array = draw(coloured())["images"]
    return {"images": np.repeat(images[..., :1], 3, axis=-1)}


@st.composite
def shifts(draw: st.DrawFn, zero: bool = False, most_images: int = 2) -> Arguments:
    """Values and vectors are any numbers: the formula asks for no more."""
    N, H, W = draw(within(most_images, 2, 2))
    draws = draw(whole((N, 3)))
    return {
        "images": draw(quarters((N, H, W, 3))),
        "eigenvalues": draw(whole((3,), 0, 3)),
        "eigenvectors": draw(whole((3, 3), -2, 2)),
        "draws": 0 * draws if zero else draws,
    }


def shapes(answer: Answer, a: Arguments) -> None:
    values, vectors = answer.colour_pca(**a)
    expect_shape(values, (3,), "the array of eigenvalues")
    expect_shape(vectors, (3, 3), "the matrix of eigenvectors")


def descending(answer: Answer, a: Arguments) -> None:
    values, _ = answer.colour_pca(**a)
    for i in range(2):
        if not values[i] >= values[i + 1] - CLOSE:
            what = f"eigenvalue {i + 1} is larger than eigenvalue {i}"
            raise Broken(what, np.sort(values)[::-1], values)


def eigenvalues_of_grey(answer: Answer, a: Arguments) -> None:
    levels = a["images"][..., 0].ravel().tolist()
    mean = sum(levels) / len(levels)
    variance = sum((level - mean) ** 2 for level in levels) / len(levels)
    values, _ = answer.colour_pca(**a)
    expect_equal(values, np.array([3 * variance, 0, 0]), "eigenvalues", atol=CLOSE)


def covariance(images: Array) -> Array:
    """By the definition, pixel by pixel."""
    pixels = [images[at] for at in np.ndindex(images.shape[:3])]
    mean = np.sum(pixels, axis=0) / len(pixels)
    found = np.zeros((3, 3))
    for pixel in pixels:
        for i in range(3):
            for j in range(3):
                found[i, j] += (pixel[i] - mean[i]) * (pixel[j] - mean[j]) / len(pixels)
    return found


def all_eigenvalues(answer: Answer, a: Arguments) -> None:
    values, _ = answer.colour_pca(**a)
    expected = np.linalg.eigvalsh(covariance(a["images"]))[::-1]
    expect_equal(values, expected, "eigenvalues", atol=CLOSE)


def eigenvectors(answer: Answer, a: Arguments) -> None:
    values, vectors = answer.colour_pca(**a)
    matrix = covariance(a["images"])
    for i in range(3):
        expected = values[i] * vectors[:, i]
        name = f"(covariance @ column {i})"
        expect_equal(matrix @ vectors[:, i], expected, name, atol=CLOSE)
    expect_equal(vectors.T @ vectors, np.eye(3), "(eigenvectors.T @ eigenvectors)", atol=CLOSE)


def shift_shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.colour_shift(**a), a["images"].shape, "shifted")


def no_shift(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.colour_shift(**a), a["images"], "shifted")


def formula(answer: Answer, a: Arguments) -> None:
    images, values, vectors, draws = a.values()
    expected = images.copy()
    for n, h, w, c in np.ndindex(images.shape):
        for i in range(3):
            expected[n, h, w, c] += draws[n, i] * values[i] * vectors[c, i]
    expect_equal(answer.colour_shift(**a), expected, "shifted")


EXERCISE = Exercise(
    name="14_pca_colour",
    title="PCA colour augmentation",
    lesson=8,
    minutes=30,
    functions=("colour_pca", "colour_shift"),
    properties=(
        Property(
            name="shape",
            says="colour_pca returns eigenvalues of shape (3,) and eigenvectors of shape (3, 3).",
            given=coloured(),
            judge=shapes,
            hints=(
                "There are three colours, however many pixels there are.",
                "images.reshape(-1, 3) has a row for each pixel; its covariance is 3 x 3.",
            ),
            examples=20,
        ),
        Property(
            name="largest first",
            says="The eigenvalues come in descending order.",
            given=coloured(),
            judge=descending,
            hints=(
                "In which order does np.linalg.eigh return them?",
                "values[::-1] turns them round; the columns of the vectors must go along.",
            ),
        ),
        Property(
            name="grey images",
            says="In grey images only grey varies: eigenvalues 3 * variance, 0 and 0.",
            given=grey(),
            judge=eigenvalues_of_grey,
            hints=(
                "Is the mean over all pixels subtracted? Which number is divided by?",
                "The covariance is centred.T @ centred / number of pixels, with "
                "centred = pixels - pixels.mean(axis=0).",
            ),
        ),
        Property(
            name="eigenvalues",
            says="The eigenvalues are those of the covariance over all pixels of all images.",
            given=coloured(),
            judge=all_eigenvalues,
            hints=(
                "Each colour has a mean of its own, over all images together.",
                "pixels.mean(axis=0) has three numbers.",
            ),
        ),
        Property(
            name="eigenvectors",
            says="Column i is a unit vector with covariance @ column = eigenvalue i * column.",
            given=coloured(),
            judge=eigenvectors,
            hints=(
                "Are they the columns? Are they in the eigenvalues' order?",
                "np.linalg.eigh gives columns, for the smallest eigenvalue first: "
                "vectors[:, ::-1] turns the columns round, vectors[::-1] the rows.",
            ),
        ),
        Property(
            name="shape of shifted",
            says="colour_shift returns an array of the images' shape.",
            given=shifts(),
            judge=shift_shape,
            hints=(
                "A shift has three numbers an image: (N, 3).",
                "shift[:, None, None, :] can be added to (N, H, W, 3).",
            ),
            examples=20,
        ),
        Property(
            name="draws of zero",
            says="Draws of 0 shift nothing.",
            given=shifts(zero=True),
            judge=no_shift,
            hints=(
                "The shift is a sum of terms which each have a factor from draws.",
                "images + shift, in a new array.",
            ),
            examples=20,
        ),
        Property(
            name="one image",
            says="Every pixel is shifted by the sum over i of draws[0, i] * value i * column i.",
            given=shifts(most_images=1),
            judge=formula,
            hints=(
                "Are the vectors columns here too? Does each term have its eigenvalue?",
                "eigenvectors @ (draws[n] * eigenvalues) is the paper's formula.",
                "For all images at once: (draws * eigenvalues) @ eigenvectors.T.",
            ),
        ),
        Property(
            name="each image its own",
            says="Each image of a batch is shifted by its own draws.",
            given=shifts(),
            judge=formula,
            hints=(
                "Row n of draws belongs to image n.",
                "(draws * eigenvalues) @ eigenvectors.T has a row for each image.",
            ),
        ),
    ),
)
