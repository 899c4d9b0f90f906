"""Which classes the network confuses."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.errors import ShapeError

HostArray = np.ndarray[Any, Any]

MATRIX_CLASSES = 100  # with more classes no matrix is written: its size grows with their square


def confusion_pairs(labels: HostArray, predicted: HostArray, num_classes: int) -> HostArray:
    """Count each pair (right class, predicted class) that occurs: at most N pairs.

    Parameters
    ----------
    labels, predicted : int (N,), from 0 to num_classes - 1
    num_classes : int

    Returns
    -------
    int64 (M, 3)
        Right class, predicted class, images; the most frequent pair first, equal counts in the
        order of the classes. A prediction is correct where the two classes are equal.

    Raises
    ------
    ShapeError
        The shapes differ, or a class does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> confusion_pairs(np.array([0, 1, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1, 2], [0, 0, 1]]
    """
    if labels.shape != predicted.shape or labels.ndim != 1:
        raise ShapeError(
            f"labels and predicted must be (N,) both (got {labels.shape}, {predicted.shape})"
        )
    for name, classes in (("labels", labels), ("predicted", predicted)):
        if classes.size and not (classes.min() >= 0 and classes.max() < num_classes):
            raise ShapeError(
                f"{name} must be from 0 to {num_classes - 1} "
                f"(got {classes.min()} to {classes.max()})"
            )
    numbered = labels.astype(np.int64) * num_classes + predicted
    pairs, counts = np.unique(numbered, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    right, guess = np.divmod(pairs[order], num_classes)
    return np.stack([right, guess, counts[order]], axis=1)


def confusion(labels: HostArray, predicted: HostArray, num_classes: int) -> HostArray:
    """The confusion matrix, int64 (num_classes, num_classes); arguments as in `confusion_pairs`.

    Rows are right classes, columns predicted ones; correct predictions are on the diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> confusion(np.array([0, 1, 1]), np.array([0, 1, 0]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    right, guess, count = confusion_pairs(labels, predicted, num_classes).T
    matrix = np.zeros((num_classes, num_classes), dtype=np.int64)
    matrix[right, guess] = count
    return matrix
