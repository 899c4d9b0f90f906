"""Which class is taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.errors import ShapeError

HostArray = np.ndarray[Any, Any]

MATRIX_CLASSES = 100  # most classes of which a matrix is written; it grows with their square


def confusion_pairs(labels: HostArray, predicted: HostArray, num_classes: int) -> HostArray:
    """Count each (right class, predicted class) that occurs: never more than there are images.

    Parameters
    ----------
    labels, predicted : int (N,), from 0 to num_classes - 1
    num_classes : int

    Returns
    -------
    int64 (M, 3)
        Right class, predicted class, images; the most frequent first, then by class. Where the two
        classes are one, it is what is right.

    Raises
    ------
    ShapeError
        The two have different shapes, or a class does not exist.

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
    """Count each (right class, predicted class), in a matrix; for few classes.

    Parameters
    ----------
    labels, predicted : int (N,), from 0 to num_classes - 1
    num_classes : int

    Returns
    -------
    int64 (num_classes, num_classes)
        Row: the right class. Column: the predicted one. The diagonal is what is right.

    Raises
    ------
    ShapeError
        The two have different shapes, or a class does not exist.

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
