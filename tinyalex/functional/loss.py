"""The loss: how surprised the network is by the right answer (paper, section 3.5)."""

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array


def cross_entropy(logits: Array, labels: Array) -> Array:
    """Mean over the batch of -log(p[n, label n]), p = softmax(logits): a scalar.

    ``logits`` are (N, classes), ``labels`` whole numbers (N,). A network that knows nothing has
    the loss log(classes): 6.908 for ImageNet's thousand.

    Examples
    --------
    >>> logits = np.array([[0, np.log(3)]])  # odds of 1 to 3: p is 1/4 and 3/4
    >>> round(float(cross_entropy(logits, labels=np.array([1]))), 4)  # -log(3/4)
    0.2877
    """
    xp = array_namespace(logits)
    z = logits - xp.max(logits, axis=1, keepdims=True)  # the same softmax without overflow
    right = xp.where(_onehot(z, labels), z, xp.zeros_like(z))  # only z[n, label n] is left
    return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - xp.sum(right, axis=1))


def cross_entropy_backward(logits: Array, labels: Array) -> Array:
    """Softmax and cross-entropy have one simple gradient, (p - onehot) / N: (N, classes).

    Examples
    --------
    >>> logits = np.array([[0, np.log(3)]])  # p is 1/4 and 3/4
    >>> cross_entropy_backward(logits, labels=np.array([1])).round(4)
    array([[ 0.25, -0.25]])
    """
    p = softmax(logits)
    onehot = array_namespace(p).astype(_onehot(p, labels), p.dtype)
    return (p - onehot) / logits.shape[0]


def softmax(logits: Array) -> Array:
    """Probabilities (N, classes); the largest logit is subtracted first, so exp is at most 1.

    Examples
    --------
    >>> softmax(np.array([[0, np.log(3)], [1000, 1000]])).round(4)
    array([[0.25, 0.75],
           [0.5 , 0.5 ]])
    """
    xp = array_namespace(logits)
    e = xp.exp(logits - xp.max(logits, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)


def _onehot(logits: Array, labels: Array) -> Array:
    """Whether a class is the right one: bool (N, classes)."""
    classes = array_namespace(logits).arange(logits.shape[1], device=logits.device)
    return classes[None, :] == labels[:, None]
