"""Softmax with cross-entropy."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies as own
from tinyalex.check import gradcheck
from tinyalex.errors import ShapeError
from tinyalex.layers import SoftmaxCrossEntropy


@given(N=st.integers(1, 4), classes=st.integers(1, 5), seed=own.seeds)
def test_loss_and_gradient_equal_pytorch_and_measured_slopes(
    torch: ModuleType, N: int, classes: int, seed: int
) -> None:
    logits = 3 * own.normal((N, classes), seed)
    labels = np.random.default_rng(seed).integers(0, classes, N)
    loss = SoftmaxCrossEntropy()
    there = torch.from_numpy(logits).requires_grad_()
    expected = torch.nn.functional.cross_entropy(there, torch.from_numpy(labels))
    expected.backward()
    np.testing.assert_allclose(float(loss.forward(logits, labels)), expected.item(), atol=1e-12)
    np.testing.assert_allclose(loss.backward(), there.grad.numpy(), atol=1e-12)
    gradcheck(loss, logits, extra=(labels,), directions=1)


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_knowing_nothing_costs_the_logarithm_of_the_classes(classes: int) -> None:
    logits = np.zeros((4, classes), np.float32)
    loss = float(SoftmaxCrossEntropy().forward(logits, np.arange(4) % classes))
    assert loss == pytest.approx(math.log(classes), rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_huge_logits_neither_overflow_nor_lose_the_loss(dtype: str) -> None:
    logits = np.array([[0, 1e4], [1e4, 0]], dtype)
    loss = SoftmaxCrossEntropy()
    assert float(loss.forward(logits, np.array([0, 0]))) == 5e3
    np.testing.assert_array_equal(loss.backward(), [[-0.5, 0.5], [0, 0]])


def test_an_infinite_logit_is_not_hidden() -> None:
    logits = np.array([[np.nan, 0.0]])
    assert np.isnan(SoftmaxCrossEntropy().forward(logits, np.array([1])))


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_labels_may_be_any_whole_numbers(dtype: str) -> None:
    logits = own.normal((3, 4), 0)
    labels = np.array([3, 0, 2])
    expected = SoftmaxCrossEntropy().forward(logits, labels)
    assert SoftmaxCrossEntropy().forward(logits, labels.astype(dtype)) == expected


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        ([0, 4], r"from 0 to 3 \(got 0 to 4\)[\s\S]*num_classes"),
        ([-1, 0], r"from 0 to 3 \(got -1 to 0\)"),
        ([0, 1, 2], r"\(2,\), one per image \(got \(3,\)\)"),
        ([[0, 1]], "one per image"),
        ([0.0, 1.0], "whole numbers"),
    ],
)
def test_labels_that_cannot_be_are_refused(labels: list[float], complaint: str) -> None:
    with pytest.raises(ShapeError, match=complaint):
        SoftmaxCrossEntropy().forward(np.zeros((2, 4)), np.array(labels))


def test_logits_of_images_are_refused() -> None:
    with pytest.raises(ShapeError, match="Flatten"):
        SoftmaxCrossEntropy().forward(np.zeros((2, 4, 1, 1)), np.array([0, 1]))
