"""Smoothed labels: PyTorch's loss and gradient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies as own
from tinyalex.check import gradcheck
from tinyalex.layers import SoftmaxCrossEntropy
from tinyalex.training.label_smoothing import SmoothedCrossEntropy


@given(
    N=st.integers(1, 4),
    classes=st.integers(1, 5),
    share=st.sampled_from([0.0, 0.1, 0.9]),
    seed=own.seeds,
)
def test_loss_and_gradient_equal_pytorch(N: int, classes: int, share: float, seed: int) -> None:
    torch = pytest.importorskip("torch", exc_type=ImportError)
    logits = 3 * own.normal((N, classes), seed)
    labels = np.random.default_rng(seed).integers(0, classes, N)
    loss = SmoothedCrossEntropy(share)
    there = torch.from_numpy(logits).requires_grad_()
    expected = torch.nn.functional.cross_entropy(
        there, torch.from_numpy(labels), label_smoothing=share
    )
    expected.backward()
    np.testing.assert_allclose(float(loss.forward(logits, labels)), expected.item(), atol=1e-12)
    np.testing.assert_allclose(loss.backward(), there.grad.numpy(), atol=1e-12)


def test_the_gradient_is_the_measured_slope() -> None:
    gradcheck(SmoothedCrossEntropy(0.1), own.normal((5, 4), 0), extra=(np.arange(5) % 4,))


def test_without_smoothing_nothing_is_added() -> None:
    logits, labels = own.normal((5, 4), 0).astype(np.float32), np.arange(5) % 4
    plain, smoothed = SoftmaxCrossEntropy(), SmoothedCrossEntropy(0.0)
    assert plain.forward(logits, labels).tobytes() == smoothed.forward(logits, labels).tobytes()
    assert plain.backward().tobytes() == smoothed.backward().tobytes()
