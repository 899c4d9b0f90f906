"""Exercise 14: PCA colour augmentation."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, Shape, eighths, sample, sizes, with_constants

CLOSE = 1e-7  # above the rounding error of an eigenvalue solver, for pixels of about 1


def more_pixels() -> SearchStrategy[Shape]:
    """Images, height and width, with two pixels or more: one has no variance."""
    return sizes(2, 2, 2).map(lambda size: size if math.prod(size) > 1 else (1, 1, 2))


@st.composite
def colour_images(draw: st.DrawFn) -> Arguments:
    return {"images": draw(eighths((*draw(more_pixels()), 3), 0, 1))}


def made_grey(a: Arguments) -> Arguments:
    return {"images": np.repeat(a["images"][..., :1], 3, axis=-1)}


@st.composite
def shifts(draw: st.DrawFn, max_images: int = 2) -> Arguments:
    """Eigenvalues and eigenvectors are arbitrary numbers: the formula needs no more."""
    N, H, W = draw(sizes(max_images, 2, 2))
    return {
        "images": draw(eighths((N, H, W, 3), 0, 1)),
        "eigenvalues": draw(eighths((3,), 0, 3)),
        "eigenvectors": draw(eighths((3, 3), -2, 2)),
        "draws": draw(eighths((N, 3))),
    }


def covariance(images: Array) -> Array:
    """One pixel at a time."""
    pixels = images.reshape(-1, 3)
    mean = np.sum(pixels, axis=0) / len(pixels)
    matrix = np.zeros((3, 3))
    for pixel in pixels:
        for i, j in np.ndindex(3, 3):
            matrix[i, j] += (pixel[i] - mean[i]) * (pixel[j] - mean[j]) / len(pixels)
    return matrix


def shapes(answer: Answer, a: Arguments) -> None:
    values, vectors = answer.colour_pca(**a)
    expect_shape(values, (3,), "the array of eigenvalues")
    expect_shape(vectors, (3, 3), "the matrix of eigenvectors")


def descending(answer: Answer, a: Arguments) -> None:
    values, _ = answer.colour_pca(**a)
    expect_equal(values, np.sort(values)[::-1], "eigenvalues", atol=CLOSE)


def eigenvalues_of_grey(answer: Answer, a: Arguments) -> None:
    values, _ = answer.colour_pca(**a)
    variance = np.var(a["images"][..., 0])
    expect_equal(values, np.array([3 * variance, 0, 0]), "eigenvalues", atol=CLOSE)


def eigenvalues(answer: Answer, a: Arguments) -> None:
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


def shifted_shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.colour_shift(**a), a["images"].shape, "shifted")


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
            given=colour_images(),
            judge=shapes,
            hints=(
                "There are three colour channels, however many pixels there are.",
                "images.reshape(-1, 3) has one row per pixel; its covariance is 3 x 3.",
            ),
            examples=20,
        ),
        Property(
            name="largest first",
            says="The eigenvalues are in descending order.",
            given=colour_images(),
            judge=descending,
            hints=(
                "In which order does np.linalg.eigh return them?",
                "values[::-1] reverses them; reverse the columns of the eigenvectors, too.",
            ),
        ),
        Property(
            name="grey images",
            says="For grey images the eigenvalues are 3 * variance, 0 and 0.",
            given=colour_images().map(made_grey),
            judge=eigenvalues_of_grey,
            hints=(
                "Do you subtract the mean over all pixels? Which number do you divide by?",
                "The covariance is centred.T @ centred / number of pixels, with "
                "centred = pixels - pixels.mean(axis=0).",
            ),
        ),
        Property(
            name="eigenvalues",
            says="The eigenvalues are those of the covariance over all pixels of all images.",
            given=colour_images(),
            judge=eigenvalues,
            large=lambda: {"images": sample(1, 32, 32, 3, low=0, high=1)},
            hints=(
                "Each colour channel has its own mean, over all images together.",
                "pixels.mean(axis=0) has three numbers.",
            ),
        ),
        Property(
            name="eigenvectors",
            says="Column i is a unit vector, and covariance @ column i = eigenvalue i * column i.",
            given=colour_images(),
            judge=eigenvectors,
            hints=(
                "Are the eigenvectors the columns? Do they have the order of the eigenvalues?",
                "np.linalg.eigh returns columns, the smallest eigenvalue first: "
                "vectors[:, ::-1] reverses the columns, vectors[::-1] reverses the rows.",
            ),
        ),
        Property(
            name="shape of shifted",
            says="colour_shift returns an array of the images' shape.",
            given=shifts(),
            judge=shifted_shape,
            hints=(
                "A shift has three numbers per image: (N, 3).",
                "You can add shift[:, None, None, :] to an array (N, H, W, 3).",
            ),
            examples=20,
        ),
        Property(
            name="draws of zero",
            says="If all draws are 0, nothing is shifted.",
            given=with_constants(shifts(), draws=0),
            judge=formula,
            hints=(
                "The shift is a sum of products, and each has a factor from draws.",
                "images + shift, in a new array.",
            ),
            examples=20,
        ),
        Property(
            name="one image",
            says="Every pixel is shifted by the sum over i of draws[0, i] * eigenvalue i * column "
            "i.",
            given=shifts(max_images=1),
            judge=formula,
            hints=(
                "Do you use the columns as eigenvectors here, too? Does each have its eigenvalue?",
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
                "(draws * eigenvalues) @ eigenvectors.T has one row per image.",
            ),
        ),
    ),
)
