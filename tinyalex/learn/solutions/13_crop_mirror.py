"""Reference solution of exercise 13."""

import numpy as np


def crop_mirror(
    images: np.ndarray,
    tops: np.ndarray,
    lefts: np.ndarray,
    mirrors: np.ndarray,
    crop: tuple[int, int],
) -> np.ndarray:
    N, C = images.shape[0], images.shape[3]
    CH, CW = crop
    y = np.empty((N, CH, CW, C), images.dtype)
    for n in range(N):
        window = images[n, tops[n] : tops[n] + CH, lefts[n] : lefts[n] + CW]
        y[n] = window[:, ::-1] if mirrors[n] else window
    return y
