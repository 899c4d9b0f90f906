"""Exercise 28: the nearest images (lesson 15).

Two images are similar to a network if its last hidden layer gives nearly the same numbers, the
*features*, for both (paper, section 6.1). The distance of two images is the Euclidean distance of
their features:

    distance[m, n] = sqrt(sum over d of (queries[m, d] - features[n, d]) ** 2)

Write two functions:

1. `nearest(features, queries, k)`: for each query, the indices of its k nearest images, the nearest
   first. Of equally distant images the one with the lower index comes first.
2. `vote(neighbours, labels)`: for each query, the class that most of its neighbours have. If
   several classes are equally frequent, it is the one whose first neighbour is the nearest.

Letters: N images with known labels, M queries, D features, k neighbours.

Example: three images with one feature each; the query is 1.

>>> features = np.array([[0.0], [4.0], [2.0]])
>>> nearest(features, np.array([[1.0]]), k=2)
array([[0, 2]])
>>> vote(np.array([[0, 2]]), labels=np.array([7, 5, 3]))
array([7])
"""

import numpy as np


def nearest(features: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """The k nearest images of each query.

    features : float64 (N, D)
    queries : float64 (M, D)
    k : int, from 1 to N
    returns int64 (M, k), indices into features
    """
    raise NotImplementedError("nearest is not written yet")


def vote(neighbours: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The most frequent class among the neighbours of each query.

    neighbours : int64 (M, k), indices into labels, the nearest first
    labels : int64 (N,)
    returns int64 (M,)
    """
    raise NotImplementedError("vote is not written yet")
