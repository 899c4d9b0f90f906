"""With very many classes, what is counted and written follows the images, not the classes."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex import backends, evaluation
from tinyalex.data import Loader
from tinyalex.data.dataset import array_split
from tinyalex.evaluation import ensemble, views

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


@pytest.fixture
def memory():
    """Peak of what is allocated from now on, in bytes, when it is called."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def test_probabilities_are_held_once(memory, monkeypatch):
    batches = ((np.full((100, 2000), i, np.float32), None) for i in range(10))
    monkeypatch.setattr(views, "view_probabilities", lambda *_: batches)
    images = array_split(np.zeros((1000, 1, 1, 1), np.uint8), np.zeros(1000, int), 2000, "test")
    loader = Loader(images, backends.get("numpy"), 100, training=False)
    run = SimpleNamespace(
        folder=Path("run"),
        model=SimpleNamespace(num_classes=2000),
        backend=SimpleNamespace(to_host=lambda p: p),
        preprocessing=SimpleNamespace(loader=lambda *_, **__: loader),
    )
    p = evaluation.probabilities(run, images)
    assert p.shape == (1000, 2000) and p.dtype == np.float32
    np.testing.assert_array_equal(p[::100, 0], range(10))
    assert memory() < 1.5 * p.nbytes  # a list of batches, put together at the end: twice


def test_one_networks_vote_takes_no_memory(memory):
    p = np.ones((1000, 2000), np.float32)
    before = memory()
    assert ensemble.mean_probability([p]) is p
    assert memory() < before + 1e5


@pytest.mark.parametrize("networks", [1, 2, 3, 7])
def test_the_vote_is_numpys_mean_to_the_last_bit_and_alters_nothing(networks):
    each = [np.random.default_rng(i).random((50, 9), np.float32) for i in range(networks)]
    copies = [p.copy() for p in each]
    wanted = np.mean(np.stack(each), axis=0)
    for _ in range(2):
        np.testing.assert_array_equal(ensemble.mean_probability(each), wanted)
    np.testing.assert_array_equal(each, copies)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=40))
def test_pairs_are_the_matrix_without_its_zeros_the_most_frequent_first(both):
    labels, guesses = np.array(both, np.int64).reshape(-1, 2).T
    pairs = evaluation.confusion_pairs(labels, guesses, 5)
    counted = {pair: both.count(pair) for pair in both}
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    assert pairs.tolist() == [[*pair, count] for pair, count in ordered]
    matrix = evaluation.confusion(labels, guesses, 5)
    assert {(i, j): matrix[i, j] for i, j in np.argwhere(matrix)} == counted
