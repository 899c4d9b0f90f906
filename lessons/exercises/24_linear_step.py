"""Exercise 24: one training step of a linear classifier (lesson 00).

A linear classifier has one neuron per class. Neuron k multiplies each pixel by its own weight, adds
up the products, and adds its bias. Softmax turns the K sums into probabilities:

    z[n, k] = b[k] + sum over d of w[k, d] * x[n, d]
    p[n, k] = exp(z[n, k]) / sum over j of exp(z[n, j])
    loss    = mean over n of -log(p[n, labels[n]])

Write `linear_step`, which does one step of stochastic gradient descent (SGD) with this mini-batch:

    g[n, k]     = (p[n, k] - (1 if k == labels[n] else 0)) / N
    w_new[k, d] = w[k, d] - lr * sum over n of g[n, k] * x[n, d]
    b_new[k]    = b[k] - lr * sum over n of g[n, k]

It returns the new weights, the new biases, and the loss *before* the step. Return new arrays: w and
b must not change.

Letters: N images in the mini-batch, D pixels per image, K classes.

Example: one image of two pixels, two classes, all weights 0. Both probabilities are 1/2, the loss
is log(2), and the step is lr * (1/2) * pixel: up for class 0, the right one, and down for class 1.

>>> x, w = np.array([[2.0, 4.0]]), np.zeros((2, 2))
>>> w_new, b_new, loss = linear_step(x, np.array([0]), w, np.zeros(2), lr=0.5)
>>> w_new
array([[ 0.5,  1. ],
       [-0.5, -1. ]])
>>> b_new, round(loss, 6)
(array([ 0.25, -0.25]), 0.693147)
"""

import numpy as np


def linear_step(
    x: np.ndarray, labels: np.ndarray, w: np.ndarray, b: np.ndarray, lr: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """One step of SGD on one mini-batch.

    x : float64 (N, D)
    labels : int64 (N,), from 0 to K - 1
    w : float64 (K, D)
    b : float64 (K,)
    lr : float
    returns w_new, float64 (K, D); b_new, float64 (K,); and the loss before the step, a float
    """
    raise NotImplementedError("linear_step is not written yet")
