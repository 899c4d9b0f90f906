"""Exercise 12: dropout, in both conventions (lesson 07).

While a network is trained, dropout makes numbers zero, each with probability p (paper, section
4.2). At test time nothing is dropped, so the next layer would see 1 / (1 - p) times as much as it
is used to. Somebody has to make up for it:

    dropout_paper     training: kept numbers stay as they are.    test: all times 1 - p
    dropout_inverted  training: kept numbers times 1 / (1 - p).   test: all stay as they are

The paper does the first, most libraries do the second. Weights that were trained in one
convention are wrong by that factor in the other.

Write both. So that the result can be checked, which numbers are kept is not drawn in your
function: it is handed over as ``keep``, an array of True and False of x's shape. At test time it
says nothing.

Each function multiplies x by numbers that do not depend on x. Therefore the way back is the same
function, with dy in place of x.

Example: p = 0.5, the middle one of three numbers is dropped.

>>> x, keep = np.array([1.0, 2.0, 3.0]), np.array([True, False, True])
>>> dropout_paper(x, keep, p=0.5, training=True)
array([1., 0., 3.])
>>> dropout_inverted(x, keep, p=0.5, training=True)
array([2., 0., 6.])
"""

import numpy as np


def dropout_paper(x: np.ndarray, keep: np.ndarray, p: float, training: bool) -> np.ndarray:
    """Drop while training; scale at test time.

    x : float64, any shape
    keep : bool, the shape of x; False is dropped
    p : probability of being dropped, from 0 to below 1
    returns float64, the shape of x
    """
    raise NotImplementedError("dropout_paper is not written yet")


def dropout_inverted(x: np.ndarray, keep: np.ndarray, p: float, training: bool) -> np.ndarray:
    """Drop and scale while training; do nothing at test time. Arguments as above."""
    raise NotImplementedError("dropout_inverted is not written yet")
