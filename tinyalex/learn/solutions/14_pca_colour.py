"""Reference solution of exercise 14."""

import numpy as np


def colour_pca(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixels = images.reshape(-1, 3)
    centred = pixels - pixels.mean(axis=0)
    covariance = centred.T @ centred / len(pixels)
    values, vectors = np.linalg.eigh(covariance)  # the smallest first
    return values[::-1], vectors[:, ::-1]


def colour_shift(
    images: np.ndarray, eigenvalues: np.ndarray, eigenvectors: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    shifts = (draws * eigenvalues) @ eigenvectors.T  # (N, 3)
    return images + shifts[:, None, None, :]
