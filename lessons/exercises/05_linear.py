"""Exercise 05: the fully connected layer, forward and backward (lesson 03).

Write `linear` and `linear_backward`. Every output is a weighted sum of all inputs, plus a bias:

    y[n, o] = bias[o] + sum over i of weight[o, i] * x[n, i]

Backward, you get dy, the gradient of the loss with respect to y, and compute

    dx[n, i]      = sum over o of dy[n, o] * weight[o, i]
    dweight[o, i] = sum over n of dy[n, o] * x[n, i]
    dbias[o]      = sum over n of dy[n, o]

Each of the four is a matrix product or a sum, in one line. The shapes show which factor to
transpose.

Letters: N examples, I inputs, O outputs.

Example: two inputs [1, 2], one output with the weights [10, 1] and the bias 5:
y = 10 * 1 + 1 * 2 + 5 = 17.

>>> x, weight, bias = np.array([[1.0, 2.0]]), np.array([[10.0, 1.0]]), np.array([5.0])
>>> linear(x, weight, bias)
array([[17.]])
>>> dx, dweight, dbias = linear_backward(np.array([[1.0]]), x, weight)
>>> dx, dweight, dbias
(array([[10.,  1.]]), array([[1., 2.]]), array([1.]))
"""

import numpy as np


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Weighted sums of the inputs.

    x : float64 (N, I)
    weight : float64 (O, I)
    bias : float64 (O,)
    returns float64 (N, O)
    """
    raise NotImplementedError("linear is not written yet")


def linear_backward(
    dy: np.ndarray, x: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """d(loss)/dx, d(loss)/dweight and d(loss)/dbias from d(loss)/dy.

    dy : float64 (N, O)
    x : float64 (N, I)
    weight : float64 (O, I)
    returns dx (N, I), dweight (O, I), dbias (O,), all float64
    """
    raise NotImplementedError("linear_backward is not written yet")
