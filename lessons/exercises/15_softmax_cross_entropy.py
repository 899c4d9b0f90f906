"""Exercise 15: softmax and cross-entropy in one function, without overflow (lesson 09).

The last layer of a network gives one number per class, the logits z. Softmax turns them into
probabilities. The loss is large if the probability of the correct class is small (paper, section
3.5):

    p[n, k] = exp(z[n, k]) / sum over j of exp(z[n, j])
    loss    = mean over n of -log(p[n, labels[n]])

Write `softmax_cross_entropy`, which returns the loss and its gradient

    dlogits[n, k] = (p[n, k] - (1 if k == labels[n] else 0)) / N

It must also be correct for logits of 1000 and -1000. exp(1000) is infinite in float64, and
log(exp(-1000)) is the logarithm of 0. Two facts help: p does not change if you subtract the same
number from all logits of a row; and log(exp(a) / b) = a - log(b).

Letters: N images, K classes.

Example: one image, two classes with the same logit: p = 1/2, and the loss is log(2).

>>> loss, dlogits = softmax_cross_entropy(np.array([[3.0, 3.0]]), np.array([0]))
>>> round(float(loss), 6), dlogits
(0.693147, array([[-0.5,  0.5]]))
"""

import numpy as np


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean loss and d(loss)/d(logits).

    logits : float64 (N, K)
    labels : int64 (N,), from 0 to K - 1
    returns the loss, a float, and dlogits, float64 (N, K)
    """
    raise NotImplementedError("softmax_cross_entropy is not written yet")
