"""With very many classes, what is counted and written follows the images, not the classes."""

from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinyalex import evaluation

CLASSES, IMAGES = 10_000, 20_000


def test_ten_thousand_classes_take_memory_by_the_image():
    rng = np.random.default_rng(0)
    labels, guesses = rng.integers(0, CLASSES, (2, IMAGES), dtype=np.int32)
    tracemalloc.start()
    pairs = evaluation.confusion_pairs(labels, guesses, CLASSES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(pairs) <= IMAGES and pairs[:, 2].sum() == IMAGES
    assert peak < 10e6  # the matrix takes 800 MB


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=40))
def test_pairs_are_the_matrix_without_its_zeros_the_most_frequent_first(both):
    labels, guesses = np.array(both, np.int64).reshape(-1, 2).T
    pairs = evaluation.confusion_pairs(labels, guesses, 5)
    counted = {pair: both.count(pair) for pair in both}
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    assert pairs.tolist() == [[*pair, count] for pair, count in ordered]
    matrix = evaluation.confusion(labels, guesses, 5)
    assert {(i, j): matrix[i, j] for i, j in np.argwhere(matrix)} == counted
