"""Exercise 21: an ensemble of networks, and its top-k error (lesson 14).

Write two functions. `ensemble` averages the probabilities of M networks (paper, section 6: five
networks together are better than one):

    p[n, k] = sum over m of coefficients[m] * probabilities[m, n, k] / sum over m of coefficients[m]

Without coefficients (None) all networks have the same weight.

`topk_error` is the fraction of images whose correct class is not among the k classes with the
highest probabilities (section 6: top-1 and top-5). Ties count as if the order of equal classes were
random. Let g classes have a higher probability than the correct one, and t classes (the correct one
included) have exactly the same. Then the correct class is among the first k in a fraction
(k - g) / t of all orders, clipped to 0 to 1. So a network gains nothing if it gives all classes the
same probability.

Letters: M networks, N images, K classes.

Example: two networks, one image, two classes.

>>> both = np.array([[[0.9, 0.1]], [[0.5, 0.5]]])
>>> ensemble(both)
array([[0.7, 0.3]])
>>> ensemble(both, np.array([1.0, 3.0]))
array([[0.6, 0.4]])

Two images, three classes. Image 0 is wrong (0.5 is higher than 0.3), image 1 is half wrong (a tie
of two).

>>> p = np.array([[0.2, 0.5, 0.3], [0.2, 0.4, 0.4]])
>>> topk_error(p, np.array([2, 1]), k=1)
0.75
"""

import numpy as np


def ensemble(probabilities: np.ndarray, coefficients: np.ndarray | None = None) -> np.ndarray:
    """Average networks.

    probabilities : float64 (M, N, K)
    coefficients : float64 (M,), not negative, not all 0; or None
    returns float64 (N, K)
    """
    raise NotImplementedError("ensemble is not written yet")


def topk_error(probabilities: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Fraction of images whose correct class is not among the k most probable.

    probabilities : float64 (N, K)
    labels : int64 (N,), from 0 to K - 1
    k : int, from 1 to K
    returns float, from 0 to 1
    """
    raise NotImplementedError("topk_error is not written yet")
