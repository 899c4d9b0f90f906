"""Exercise 14: PCA colour augmentation (lesson 08).

When the light changes, the colours of a photograph change, but the objects in it do not. Therefore
the paper (section 4.1) shifts the colours of each training image along the directions in which the
colours of all images vary.

Write two functions. `colour_pca` finds the directions. Compute the 3 x 3 covariance of red, green
and blue over all pixels of all images,

    covariance[a, b] = mean over all pixels of (pixel[a] - mean[a]) * (pixel[b] - mean[b])

(divide by the number of pixels, not by that number minus 1). Return its eigenvalues, the largest
first, and a matrix whose *column* i is the eigenvector of eigenvalue i, with length 1. The sign of
an eigenvector is arbitrary: the grader accepts both.

`colour_shift` adds the same three numbers to every pixel of image n,

    [p1, p2, p3] [a1 * l1, a2 * l2, a3 * l3]^T  =  a1 * l1 * p1 + a2 * l2 * p2 + a3 * l3 * p3

with the eigenvectors p, the eigenvalues l, and a = draws[n], three random numbers per image. (In
training they come from a normal distribution with standard deviation 0.1; here they are an
argument. Pixels are from 0 to 1. Do not clip the result.)

Letters: N images, H height, W width.

Example: two grey pixels, 0 and 1. They vary in one direction only, (1, 1, 1) / sqrt(3). Each
channel has the variance 1/4, and the eigenvalue is 3/4.

>>> grey = np.array([0.0, 1.0]).reshape(1, 1, 2, 1) * np.ones(3)
>>> values, vectors = colour_pca(grey)
>>> float(values[0].round(6)), np.abs(vectors[:, 0]).round(3)
(0.75, array([0.577, 0.577, 0.577]))
>>> shifted = colour_shift(grey, np.array([2.0, 1, 0]), np.eye(3), np.array([[0.5, 3.0, 9.0]]))
>>> shifted[0, 0]
array([[1., 3., 0.],
       [2., 4., 1.]])
"""

import numpy as np


def colour_pca(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Principal components of the colours.

    images : float64 (N, H, W, 3), from 0 to 1
    returns eigenvalues (3,), the largest first, and eigenvectors (3, 3), one per column; float64
    """
    raise NotImplementedError("colour_pca is not written yet")


def colour_shift(
    images: np.ndarray, eigenvalues: np.ndarray, eigenvectors: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """Shift the colours of each image.

    images : float64 (N, H, W, 3)
    eigenvalues : float64 (3,)
    eigenvectors : float64 (3, 3), one per column
    draws : float64 (N, 3)
    returns float64 (N, H, W, 3)
    """
    raise NotImplementedError("colour_shift is not written yet")
