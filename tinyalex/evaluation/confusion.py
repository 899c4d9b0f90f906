"""Which class is taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.errors import ShapeError


def confusion(
    labels: np.ndarray[Any, Any], predicted: np.ndarray[Any, Any], num_classes: int
) -> np.ndarray[Any, Any]:
    """Count each (right class, predicted class).

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
    pairs = np.bincount(labels * num_classes + predicted, minlength=num_classes**2)
    return pairs.reshape(num_classes, num_classes)
