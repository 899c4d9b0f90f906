"""Exercise 14: colours that vary as in nature (lesson 08).

The light of a scene changes its colours, and not what is in it. So the paper (section 4.1) shifts
the colours of a training image along the directions in which the colours of all images vary.

Write two functions. `colour_pca` finds the directions: over all pixels of all images, the
eigenvalues and eigenvectors of the 3 x 3 covariance of red, green and blue,

    covariance[a, b] = mean over all pixels of (pixel[a] - mean[a]) * (pixel[b] - mean[b])

(divided by the number of pixels, not by one less). It returns the eigenvalues, the largest first,
and a matrix whose *column* i is the unit vector of eigenvalue i. An eigenvector's sign is
arbitrary, so the grader accepts both.

`colour_shift` adds to every pixel of image n the same three numbers,

    [p1, p2, p3] [a1 * l1, a2 * l2, a3 * l3]^T  =  a1 * l1 * p1 + a2 * l2 * p2 + a3 * l3 * p3

with the eigenvectors p, the eigenvalues l, and a = draws[n]: three draws an image. (In training
they come from a normal distribution with standard deviation 0.1; here they are handed over. An
eigenvalue is a variance, and the formula makes sense for pixels from 0 to 1. Nothing is clipped.)

Example: grey pixels, 0 and 1. Only one direction varies, (1, 1, 1) / sqrt(3). Each channel has
the variance 1/4, and the eigenvalue is 3/4.

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

    images : float64 (N, H, W, 3), pixels from 0 to 1
    returns eigenvalues (3,), the largest first, and eigenvectors (3, 3), a column each
    """
    raise NotImplementedError("colour_pca is not written yet")


def colour_shift(
    images: np.ndarray, eigenvalues: np.ndarray, eigenvectors: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """Shift the colours of each image.

    images : float64 (N, H, W, 3)
    eigenvalues : (3,)
    eigenvectors : (3, 3), a column each
    draws : (N, 3)
    returns float64 (N, H, W, 3)
    """
    raise NotImplementedError("colour_shift is not written yet")
