"""Errors counted by definition, ties included."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex import backends
from tinyalex.evaluation.score import Running, topk_wrong


@given(
    values=st.lists(st.integers(0, 2), min_size=2, max_size=5),
    label=st.integers(0, 4),
    k=st.integers(1, 5),
)
def test_ties_count_as_the_mean_over_all_orders(values, label, k):
    label %= len(values)
    orders = list(permutations(range(len(values))))
    wrong = 0
    for order in orders:  # each order breaks the ties in its own way
        ranked = sorted(order, key=lambda c: -values[c])
        wrong += label not in ranked[:k]
    logits = np.array([values], np.float32)
    found = topk_wrong(np, logits, np.array([label]), k)
    assert found == pytest.approx(wrong / len(orders))


def test_a_net_that_says_the_same_of_all_classes_is_right_by_chance_only():
    assert topk_wrong(np, np.zeros((50, 10)), np.arange(50) % 10, 1) == pytest.approx(45)
    assert topk_wrong(np, np.zeros((50, 10)), np.arange(50) % 10, 5) == pytest.approx(25)


def test_nan_is_wrong():
    assert topk_wrong(np, np.full((3, 4), np.nan), np.array([0, 1, 2]), 4) == 3


def test_sums_go_on_where_they_were_saved():
    backend = backends.get("numpy")
    rng = np.random.default_rng(0)
    batches = [
        (np.float32(rng.random()), rng.random((n, 6)).astype(np.float32), rng.integers(0, 6, n))
        for n in (5, 5, 2)
    ]
    whole, first, second = (Running(backend, top=(1, 5)) for _ in range(3))
    for batch in batches:
        whole.add(*batch)
    first.add(*batches[0])
    second.load_state_dict(first.state_dict())
    for batch in batches[1:]:
        second.add(*batch)
    assert second.state_dict() == whole.state_dict()
    assert whole.images == 12
    by_hand = sum(len(y) * float(loss) for loss, _, y in batches) / 12
    assert whole.loss() == pytest.approx(by_hand)
    assert whole.error(1) == np.mean(
        [
            p.argmax() != label
            for _, logits, y in batches
            for p, label in zip(logits, y, strict=True)
        ]
    )
