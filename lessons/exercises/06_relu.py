"""Exercise 06: ReLU, forward and backward (lesson 04).

Write `relu` and `relu_backward`. Forward, negative numbers become zero and the others pass
(paper, section 3.1); backward, slopes pass where the number passed:

    y  = x where x > 0, else 0
    dx = dy where x > 0, else 0

At x = 0 there is a kink: the slope is 0 on one side and 1 on the other. Any number between would
do; by convention it is 0 here, as in most libraries.

Both work on arrays of any shape.

>>> relu(np.array([-2.0, 0.0, 3.0]))
array([0., 0., 3.])
>>> relu_backward(np.array([10.0, 20.0, 30.0]), np.array([-2.0, 0.0, 3.0]))
array([ 0.,  0., 30.])
"""

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    """Keep what is positive.

    x : float64, any shape
    returns float64, the same shape
    """
    raise NotImplementedError("relu is not written yet")


def relu_backward(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """d(loss)/dx from d(loss)/dy; x is what `relu` was given.

    dy, x : float64, one shape
    returns float64, the same shape
    """
    raise NotImplementedError("relu_backward is not written yet")
