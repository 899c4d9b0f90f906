"""Reference solution of exercise 28."""

import numpy as np


def nearest(features: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    differences = queries[:, None, :] - features[None, :, :]  # (M, N, D)
    distances = (differences**2).sum(axis=2)  # the root does not change the order
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


def vote(neighbours: np.ndarray, labels: np.ndarray) -> np.ndarray:
    classes = labels[neighbours]  # (M, k)
    votes = (classes[:, :, None] == classes[:, None, :]).sum(axis=2)  # of each neighbour's class
    winners = votes.argmax(axis=1)  # the first of equals is the nearest
    return classes[np.arange(len(classes)), winners]
