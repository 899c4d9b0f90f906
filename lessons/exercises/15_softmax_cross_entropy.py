"""Exercise 15: softmax and cross-entropy in one, without overflow (lesson 09).

A network's last layer gives a number for each class, the logits z. Softmax makes probabilities
of them, and the loss says how surprising the right class was (paper, section 3.5):

    p[n, k] = exp(z[n, k]) / sum over j of exp(z[n, j])
    loss    = mean over n of -log(p[n, labels[n]])

Write `softmax_cross_entropy`, which returns the loss and its gradient

    dlogits[n, k] = (p[n, k] - (1 if k == labels[n] else 0)) / N

It must be right for logits of 1000 and -1000, too. exp(1000) is infinite in float64, and
log(exp(-1000)) is the logarithm of 0. Two facts help: p does not change when the same number is
subtracted from all logits of a row; and log(exp(a) / b) = a - log(b).

Example: one image, two classes, the same logit for both: p = 1/2, and the loss is log(2).

>>> loss, dlogits = softmax_cross_entropy(np.array([[3.0, 3.0]]), np.array([0]))
>>> round(float(loss), 6), dlogits
(0.693147, array([[-0.5,  0.5]]))
"""

import numpy as np


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean loss and d(loss)/d(logits).

    logits : float64 (N, K), of N images and K classes
    labels : int (N,), from 0 to K - 1
    returns the loss, a number, and dlogits, float64 (N, K)
    """
    raise NotImplementedError("softmax_cross_entropy is not written yet")
