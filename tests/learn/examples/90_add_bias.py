"""An answer to the example."""

import numpy as np


def add_bias(x: np.ndarray, b: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Add scale * b to every row."""
    return x + scale * b
