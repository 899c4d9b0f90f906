"""Dropout: the mask, who makes up for what is missing, and the counter that a resume needs."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from tests.strategies import normal
from tinyalex.check import gradcheck
from tinyalex.errors import ConfigError
from tinyalex.layers import Dropout


@pytest.mark.parametrize("mode", ["inverted", "paper"])
def test_backward_uses_the_mask_of_forward(mode: str) -> None:
    layer = Dropout(0.5, mode=mode)
    x = np.ones((40, 50))
    y = layer.forward(x)
    np.testing.assert_array_equal(layer.backward(x), y)
    np.testing.assert_array_equal(layer.backward(x), y)


@pytest.mark.parametrize(("mode", "kept"), [("inverted", 1 / 0.7), ("paper", 1.0)])
def test_numbers_are_dropped_or_kept_at_one_value(mode: str, kept: float) -> None:
    y = Dropout(0.3, mode=mode).forward(np.ones((100, 1000)))
    np.testing.assert_allclose(np.unique(y), [0, kept])
    assert abs((y == 0).mean() - 0.3) < 0.01  # five standard deviations


@pytest.mark.parametrize(("mode", "factor"), [("inverted", 1.0), ("paper", 0.7)])
def test_at_test_time_everything_passes(mode: str, factor: float) -> None:
    layer = Dropout(0.3, mode=mode)
    layer.eval()
    x = normal((3, 4), 0)
    np.testing.assert_allclose(layer.forward(x), factor * x)
    np.testing.assert_allclose(layer.backward(x), factor * x)


@pytest.mark.parametrize("mode", ["inverted", "paper"])
def test_the_mean_is_the_same_in_training_and_at_test_time(mode: str) -> None:
    layer = Dropout(0.4, mode=mode)
    x = np.ones((200, 1000))
    in_training = layer.forward(x).mean()
    assert abs(in_training - layer.eval().forward(x).mean()) < 0.01


def test_dropout_with_a_given_mask_equals_pytorch(torch: ModuleType) -> None:
    # Drawing is each library's own affair; applying a mask is not.
    layer, x, dy = Dropout(0.4), normal((6, 7), 0), normal((6, 7), 1)
    y = layer.forward(x)
    there = torch.from_numpy(x).requires_grad_()
    mask = torch.from_numpy((y != 0) / 0.6)
    expected = there * mask
    expected.backward(torch.from_numpy(dy))
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(dy), there.grad.numpy(), rtol=1e-12)


def test_masks_differ_from_draw_to_draw_and_from_seed_to_seed() -> None:
    x = np.ones((50, 50))
    layer = Dropout(0.5, seed=1)
    first, second = layer.forward(x), layer.forward(x)
    other = Dropout(0.5, seed=2).forward(x)
    assert not np.array_equal(first, second) and not np.array_equal(first, other)


def test_setting_the_counter_back_draws_the_same_masks() -> None:
    x = np.ones((50, 50))
    layer = Dropout(0.5, seed=1)
    layer.forward(x)
    kept = layer.draws
    expected = layer.forward(x)
    layer.draws = kept
    np.testing.assert_array_equal(layer.forward(x), expected)


def test_test_time_draws_nothing() -> None:
    layer = Dropout(0.5)
    layer.eval().forward(np.ones((2, 3)))
    assert layer.draws == 0


def test_nothing_is_dropped_at_zero() -> None:
    x = normal((3, 4), 0)
    np.testing.assert_array_equal(Dropout(0.0).forward(x), x)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("mode", ["inverted", "paper"])
def test_gradients_equal_measured_slopes_in_both_modes(mode: str, training: bool) -> None:
    layer = Dropout(0.5, mode=mode, seed=4)
    layer.train(training)
    gradcheck(layer, normal((4, 6), 0))


@pytest.mark.parametrize("wrong", [{"p": 1.0}, {"p": -0.1}, {"mode": "alpha"}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Dropout(**wrong)  # type: ignore[arg-type]
