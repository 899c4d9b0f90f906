"""The gradient check, on layers as a student writes them: no base class, no backend."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tinyalex.check import GradientError, gradcheck, permuted_grid
from tinyalex.errors import ConfigError, ShapeError, TinyalexError


class Scale:
    """y = weight * x + bias, one weight for each column."""

    def __init__(self) -> None:
        self.params = {"weight": np.float32([1.5, -2.0, 0.5]), "bias": np.float32([0.1, 0.2, 0.3])}
        self.grads: dict[str, np.ndarray] = {}

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x * self.params["weight"] + self.params["bias"]

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.grads = {"weight": (dy * self.x).sum(0), "bias": dy.sum(0)}
        return dy * self.params["weight"]


class ReLU:
    def forward(self, x: np.ndarray) -> np.ndarray:
        self.open = x > 0
        return np.where(self.open, x, 0)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return dy * self.open


X = permuted_grid((4, 3))


def test_a_right_layer_passes_and_the_report_lists_every_array() -> None:
    report = gradcheck(Scale(), X, directions=2)
    assert Counter(row.name for row in report.rows) == {"x": 14, "weight": 5, "bias": 5}
    shown = str(report).splitlines()
    assert shown[0] == "Scale: gradients of x, weight, bias are right"
    names = [line.split()[0].partition("[")[0] for line in shown[2:-1]]
    assert names == ["x"] * 3 + ["weight"] * 3 + ["bias"] * 3


def test_the_parameters_are_left_as_they_were() -> None:
    layer = Scale()
    weight = layer.params["weight"]
    gradcheck(layer, X)
    assert layer.params["weight"] is weight


def test_the_parameters_come_back_even_when_the_check_fails() -> None:
    class Wrong(Scale):
        def backward(self, dy: np.ndarray) -> np.ndarray:
            return super().backward(dy) + 1

    layer = Wrong()
    weight = layer.params["weight"]
    with pytest.raises(GradientError):
        gradcheck(layer, X)
    assert layer.params["weight"] is weight


def test_a_wrong_input_gradient_is_named_and_its_factor_is_found() -> None:
    class Doubled(Scale):
        def backward(self, dy: np.ndarray) -> np.ndarray:
            return 2 * super().backward(dy)

    with pytest.raises(GradientError, match=r"gradient of x is wrong.*\n[\s\S]*is 2 times"):
        gradcheck(Doubled(), X)


def test_a_wrong_parameter_gradient_is_named_with_aligned_numbers() -> None:
    class Unsummed(Scale):
        def backward(self, dy: np.ndarray) -> np.ndarray:
            dx = super().backward(dy)
            self.grads["bias"] = dy[0]
            return dx

    with pytest.raises(GradientError, match="gradient of bias is wrong") as caught:
        gradcheck(Unsummed(), X)
    table = str(caught.value).splitlines()[1:4]
    assert len({line.index("e+") if "e+" in line else 0 for line in table[1:]}) == 1
    assert table[0].split() == ["array", "analytic", "numeric", "difference"]


def test_one_wrong_entry_among_many_is_found() -> None:
    class OneWrong(ReLU):
        def backward(self, dy: np.ndarray) -> np.ndarray:
            dx = super().backward(dy)
            dx[3, 17] += 1e-3
            return dx

    with pytest.raises(GradientError):
        gradcheck(OneWrong(), permuted_grid((20, 50)))


def test_a_kink_is_told_apart_from_a_wrong_gradient() -> None:
    at_zero = X.copy()
    at_zero[1, 1] = 0
    with pytest.raises(GradientError, match=r"kink lies within[\s\S]*permuted_grid"):
        gradcheck(ReLU(), at_zero)
    at_zero[1, 1] = 5e-7
    with pytest.raises(GradientError, match="kink lies within"):
        gradcheck(ReLU(), at_zero)
    at_zero[1, 1] = 4e-6  # a smaller step keeps clear of it
    gradcheck(ReLU(), at_zero)


def test_a_wrong_gradient_of_a_curved_layer_is_not_called_a_kink() -> None:
    class Cube:
        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return 50 * x**3

        def backward(self, dy: np.ndarray) -> np.ndarray:
            return 50 * dy * self.x**2

    with pytest.raises(GradientError, match="is wrong"):
        gradcheck(Cube(), X)


def test_a_missing_gradient_is_named() -> None:
    class Forgetful(Scale):
        def backward(self, dy: np.ndarray) -> np.ndarray:
            dx = super().backward(dy)
            del self.grads["weight"]
            return dx

    with pytest.raises(
        GradientError, match=r"gradient of weight is missing[\s\S]*grads\['weight'\]"
    ):
        gradcheck(Forgetful(), X)


def test_a_backward_pass_that_returns_nothing_is_named() -> None:
    class Silent(ReLU):
        def backward(self, dy: np.ndarray) -> None:  # type: ignore[override]
            super().backward(dy)

    with pytest.raises(GradientError, match=r"gradient of x is missing[\s\S]*return dx"):
        gradcheck(Silent(), X)


def test_a_misshapen_gradient_shows_both_shapes() -> None:
    class Unsummed(Scale):
        def backward(self, dy: np.ndarray) -> np.ndarray:
            dx = super().backward(dy)
            self.grads["bias"] = dy
            return dx

    with pytest.raises(GradientError, match=r"bias has shape \(4, 3\), bias has \(3,\)"):
        gradcheck(Unsummed(), X)


def test_zero_gradients_are_called_zero() -> None:
    class Nothing(ReLU):
        def backward(self, dy: np.ndarray) -> np.ndarray:
            return 0 * dy

    with pytest.raises(GradientError, match="zero everywhere"):
        gradcheck(Nothing(), X)


def test_a_parameter_that_forward_never_reads_is_named() -> None:
    class Copy(Scale):
        def __init__(self) -> None:
            super().__init__()
            self.weight = self.params["weight"]

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return x * self.weight + self.params["bias"]

        def backward(self, dy: np.ndarray) -> np.ndarray:
            self.grads = {"weight": (dy * self.x).sum(0), "bias": dy.sum(0)}
            return dy * self.weight

    with pytest.raises(GradientError, match="does not depend on weight"):
        gradcheck(Copy(), X)


def test_a_layer_that_draws_anew_each_time_is_refused() -> None:
    class Noise:
        rng = np.random.default_rng(0)

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.mask = self.rng.random(x.shape) < 0.5
            return x * self.mask

        def backward(self, dy: np.ndarray) -> np.ndarray:
            return dy * self.mask

    with pytest.raises(GradientError, match="another result for the same x"):
        gradcheck(Noise(), X)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_never_pass(value: float) -> None:
    class Broken(ReLU):
        def backward(self, dy: np.ndarray) -> np.ndarray:
            dx = super().backward(dy)
            dx[2, 1] = value
            return dx

    with pytest.raises(GradientError, match="of x is NaN or infinite in 1 of 12 values"):
        gradcheck(Broken(), X)


def test_a_loss_is_checked_through_its_scalar() -> None:
    class HalfSquare:
        def forward(self, x: np.ndarray, target: np.ndarray) -> float:
            self.difference = x - target
            return float(0.5 * (self.difference**2).sum())

        def backward(self) -> np.ndarray:
            return self.difference

    gradcheck(HalfSquare(), X, extra=(np.ones((4, 3)),))


def test_float32_input_is_checked_in_float64() -> None:
    gradcheck(Scale(), X.astype(np.float32))


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigError, match="directions"):
        gradcheck(ReLU(), X, directions=0)
    with pytest.raises(ConfigError, match="eps"):
        gradcheck(ReLU(), X, eps=0.0)
    with pytest.raises(ShapeError, match="empty"):
        gradcheck(ReLU(), np.zeros((0, 3)))


def test_a_failed_check_is_both_an_assertion_and_an_error_of_the_package() -> None:
    assert issubclass(GradientError, AssertionError) and issubclass(GradientError, TinyalexError)


@pytest.mark.parametrize("shape", [(1,), (2,), (3, 3), (5, 4, 3), (0, 2), (40, 100)])
def test_the_permuted_grid_keeps_away_from_kinks(shape: tuple[int, ...]) -> None:
    x = permuted_grid(shape, seed=3)
    assert x.shape == shape and x.dtype == np.float64
    if x.size:
        assert np.abs(x).min() >= 2.5e-4 * (1 - 1e-9)
    if x.size > 1:
        assert np.diff(np.sort(x, axis=None)).min() >= 1e-3 * (1 - 1e-9)
    if x.size > 5:
        assert not np.array_equal(x, permuted_grid(shape, seed=4))
