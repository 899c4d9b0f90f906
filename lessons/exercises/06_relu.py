"""Exercise 06: ReLU, forward and backward (lesson 04).

Write `relu` and `relu_backward`. Forward, negative numbers become 0 and all others stay as they are
(paper, section 3.1). Backward, the gradient passes where x is positive:

    y  = x where x > 0, else 0
    dx = dy where x > 0, else 0

At x = 0 the graph has a corner: the slope is 0 on one side and 1 on the other. Any number between
them would be correct; here it is 0, as in most libraries.

Both functions work on arrays of any shape.

Example:

>>> relu(np.array([-2.0, 0.0, 3.0]))
array([0., 0., 3.])
>>> relu_backward(np.array([10.0, 20.0, 30.0]), np.array([-2.0, 0.0, 3.0]))
array([ 0.,  0., 30.])
"""

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    """Replace negative numbers by 0.

    x : float64, any shape
    returns float64, the shape of x
    """
    raise NotImplementedError("relu is not written yet")


def relu_backward(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """d(loss)/dx from d(loss)/dy; x is the input of `relu`.

    dy : float64, any shape
    x : float64, the shape of dy
    returns float64, the shape of dy
    """
    raise NotImplementedError("relu_backward is not written yet")
