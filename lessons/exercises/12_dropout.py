"""Exercise 12: dropout, in both conventions (lesson 07).

In training, dropout sets numbers to 0, each with probability p (paper, section 4.2). At test time
nothing is dropped. On average, the next layer would then get 1 / (1 - p) times as much as in
training. There are two ways to correct for this:

    dropout_paper     training: keep some numbers unchanged.       test: multiply all by 1 - p
    dropout_inverted  training: multiply them by 1 / (1 - p).      test: keep all unchanged

The paper does the first, most libraries do the second. If you train weights in one convention and
use them in the other, the numbers are wrong by this factor.

Write both. Your functions do not draw random numbers, so that the result can be checked: ``keep``
is an array of True and False with the shape of x. False means that the number is dropped. At test
time, ignore ``keep``.

Each function multiplies x by numbers that do not depend on x. Therefore the backward pass is the
same function, with dy instead of x.

Example: p = 0.5; the middle one of three numbers is dropped.

>>> x, keep = np.array([1.0, 2.0, 3.0]), np.array([True, False, True])
>>> dropout_paper(x, keep, p=0.5, training=True)
array([1., 0., 3.])
>>> dropout_inverted(x, keep, p=0.5, training=True)
array([2., 0., 6.])
"""

import numpy as np


def dropout_paper(x: np.ndarray, keep: np.ndarray, p: float, training: bool) -> np.ndarray:
    """Drop in training; scale at test time.

    x : float64, any shape
    keep : bool, the shape of x; False is dropped
    p : float, the probability of being dropped; at least 0, less than 1
    training : bool
    returns float64, the shape of x
    """
    raise NotImplementedError("dropout_paper is not written yet")


def dropout_inverted(x: np.ndarray, keep: np.ndarray, p: float, training: bool) -> np.ndarray:
    """Drop and scale in training; change nothing at test time.

    x : float64, any shape
    keep : bool, the shape of x; False is dropped
    p : float, the probability of being dropped; at least 0, less than 1
    training : bool
    returns float64, the shape of x
    """
    raise NotImplementedError("dropout_inverted is not written yet")
