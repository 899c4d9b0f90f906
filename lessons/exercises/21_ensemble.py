"""Exercise 21: several networks as one, and how wrong they are (lesson 14).

Write two functions. `ensemble` averages what M networks say (paper, section 6: five networks
together are better than one):

    p[n, k] = sum over m of coefficients[m] * probabilities[m, n, k] / sum over m of coefficients[m]

Without coefficients (None) all networks count alike.

`topk_error` is the share of images whose right class is not among the k classes with the highest
probability (section 6: top-1 and top-5). Ties are judged as fairly as a coin: if g classes are
better than the right one, and t classes, with the right one, are exactly as good, then the right
one is among the best k in a share (k - g) / t of all orders; at least 0, at most 1. So who gives
all classes the same probability gets no present.

Example: two networks, one image, two classes.

>>> both = np.array([[[0.9, 0.1]], [[0.5, 0.5]]])
>>> ensemble(both)
array([[0.7, 0.3]])
>>> ensemble(both, np.array([1.0, 3.0]))
array([[0.6, 0.4]])
>>> p = np.array([[0.2, 0.5, 0.3], [0.2, 0.4, 0.4]])
>>> topk_error(p, np.array([2, 1]), k=1)
0.75

Of the last, image 0 is wrong (0.5 is better than 0.3), image 1 is half wrong (a tie of two).
"""

import numpy as np


def ensemble(probabilities: np.ndarray, coefficients: np.ndarray | None = None) -> np.ndarray:
    """Average networks.

    probabilities : float64 (M, N, K), of M networks, N images and K classes
    coefficients : float64 (M,), not negative, not all 0; or None
    returns float64 (N, K)
    """
    raise NotImplementedError("ensemble is not written yet")


def topk_error(probabilities: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Share of the images whose right class is not among the best k.

    probabilities : float64 (N, K)
    labels : int (N,)
    k : from 1 to K
    returns a number from 0 to 1
    """
    raise NotImplementedError("topk_error is not written yet")
