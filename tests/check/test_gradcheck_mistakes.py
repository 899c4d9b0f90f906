"""Which mistakes the gradient check finds with its defaults, and what it says of rounding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.soak import tries
from tinyalex.check import GradientError, gradcheck, permuted_grid

X = permuted_grid((4, 3))


class Planted:
    """y = weight * x, whose backward pass puts a mistake into the weight's gradient."""

    def __init__(self, weight: np.ndarray, plant: Callable[[np.ndarray], np.ndarray]) -> None:
        self.params, self.grads = {"weight": weight}, {"weight": weight}
        self.plant = plant

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x * self.params["weight"]

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.grads["weight"] = self.plant((dy * self.x).sum(0))
        return dy * self.params["weight"]


def exchanged(gradient: np.ndarray, i: int, j: int) -> np.ndarray:
    gradient[[i, j]] = gradient[[j, i]]
    return gradient


def scaled(gradient: np.ndarray, i: int, _: int) -> np.ndarray:
    gradient[i] *= 1.01
    return gradient


def flipped(gradient: np.ndarray, i: int, _: int) -> np.ndarray:
    gradient[i] *= -1
    return gradient


def reversed_order(gradient: np.ndarray, *_: int) -> np.ndarray:
    return gradient[::-1].copy()


MISTAKES = [exchanged, reversed_order, scaled, flipped]


def refuses(mistake: Callable[..., np.ndarray], size: int, seed: int, check_seed: int) -> None:
    rng = np.random.default_rng(seed)
    i, j = rng.choice(size, size=2, replace=False)
    layer = Planted(rng.normal(size=size), lambda gradient: mistake(gradient, i, j))
    with pytest.raises(GradientError, match="gradient of weight is wrong"):
        gradcheck(layer, rng.normal(size=(3, size)), seed=check_seed)


@pytest.mark.parametrize("mistake", MISTAKES)
@given(size=st.integers(2, 50), seed=st.integers(0, 2**32 - 1))
def test_no_mistake_in_a_small_array_passes_the_defaults(
    mistake: Callable[..., np.ndarray], size: int, seed: int
) -> None:
    refuses(mistake, size, seed, check_seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_no_mistake_in_a_small_array_passes_on_any_seed(mistake: Callable[..., np.ndarray]) -> None:
    for seed in range(tries(1000)):
        refuses(mistake, 2 + seed % 49, seed, check_seed=seed)


@pytest.mark.parametrize("mistake", [scaled, flipped])
def test_no_mistake_in_an_array_of_one_value_passes(mistake: Callable[..., np.ndarray]) -> None:
    layer = Planted(np.array([0.7]), lambda gradient: mistake(gradient, 0, 0))
    with pytest.raises(GradientError):
        gradcheck(layer, X[:, :1])


@settings(max_examples=12)
@given(size=st.integers(65, 1000), seed=st.integers(0, 2**32 - 1))
def test_two_exchanged_values_of_a_large_array_are_found(size: int, seed: int) -> None:
    refuses(exchanged, size, seed, check_seed=0)


def test_a_small_mistake_at_the_steepest_value_of_a_large_array_is_found() -> None:
    """Along a random direction it is less than a millionth of the gradient's length."""
    weight = permuted_grid((10_000,))
    x = permuted_grid((1, 10_000), seed=1)
    x[0, 4] = 20

    def plant(gradient: np.ndarray) -> np.ndarray:
        gradient[4] *= 1 + 1e-5
        return gradient

    with pytest.raises(GradientError, match="wrong for 1 of 8 values\n"):
        gradcheck(Planted(weight, plant), x)


def test_a_small_gradient_among_large_ones_is_checked_to_its_own_digits() -> None:
    layer = Planted(np.ones(2), lambda gradient: gradient * [1, 1.01])
    with pytest.raises(GradientError, match="wrong for 1 of 2 values\n"):
        gradcheck(layer, np.array([[1, 1e-5]]))


def test_swapped_channels_are_found_and_said_to_be_in_the_wrong_places() -> None:
    class Swapped:
        def forward(self, x: np.ndarray) -> np.ndarray:
            return 2 * x

        def backward(self, dy: np.ndarray) -> np.ndarray:
            return 2 * dy[:, [1, 0, 2]]

    for seed in range(20):
        with pytest.raises(GradientError, match="wrong places: is an axis transposed"):
            gradcheck(Swapped(), X, seed=seed)


def test_wrong_signs_are_called_so() -> None:
    layer = Planted(np.array([0.7, 0.2, -0.4]), lambda gradient: gradient * [1, -1, 1])
    with pytest.raises(GradientError, match="look for a wrong sign"):
        gradcheck(layer, X)


def test_of_many_wrong_values_the_first_are_shown_and_the_rest_counted() -> None:
    layer = Planted(permuted_grid((40,)), lambda gradient: gradient + 1)
    with pytest.raises(GradientError, match="for 40 of 40 values and along 3 of 3") as caught:
        gradcheck(layer, permuted_grid((2, 40), seed=2))
    assert str(caught.value).count("<- wrong") == 8 and "... and 35 more" in str(caught.value)


def test_a_right_layer_with_strong_bends_and_tiny_slopes_passes() -> None:
    class Wave:
        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return np.sin(300 * x) + 1e-9 * x

        def backward(self, dy: np.ndarray) -> np.ndarray:
            return dy * (300 * np.cos(300 * self.x) + 1e-9)

    x = X.copy()
    x[0, 0] = np.pi / 600  # the top of a wave
    gradcheck(Wave(), x)


def test_a_right_loss_that_hides_tiny_slopes_in_its_rounding_passes() -> None:
    class Sum:
        """Slopes of 1 and of 1e-11: a step of 1e-5 along the second is lost."""

        def forward(self, x: np.ndarray) -> float:
            return float(100 + (x * [1, 1e-11, 1]).sum())

        def backward(self) -> np.ndarray:
            return np.ones((4, 1)) * [1, 1e-11, 1]

    gradcheck(Sum(), X)


class Square:
    """y = x^2 in some other dtype on the way."""

    def __init__(self, first: str = "float64", last: str = "float64", back: str = "float64"):
        self.first, self.last, self.back = first, last, back

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x.astype(self.first)
        return (self.x**2).astype(self.last)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return (dy * 2 * self.x).astype(self.back)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_layer_that_gives_float32_is_told_so(dtype: str) -> None:
    with pytest.raises(GradientError, match=rf"the layer gives {dtype}: [\s\S]*Try: use float64"):
        gradcheck(Square(last=dtype), X)


def test_a_layer_that_computes_in_float32_on_the_way_is_told_so() -> None:
    told = r"forward computes with x in float32[\s\S]*Try: use float64"
    with pytest.raises(GradientError, match=told):
        gradcheck(Square(first="float32"), X)

    class Hidden(Square):
        def forward(self, x: np.ndarray) -> np.ndarray:
            return 1.1 * np.float64(np.float32(super().forward(x)))

    with pytest.raises(GradientError, match=told):
        gradcheck(Hidden(), X)


def test_a_gradient_of_float32_passes_where_its_rounding_is_small_else_it_is_told_so() -> None:
    gradcheck(Square(back="float32"), X)
    with pytest.raises(GradientError, match=r"the gradient of x is float32: [\s\S]*use float64"):
        gradcheck(Square(back="float32"), X, rtol=1e-9)
    with pytest.raises(GradientError, match="is wrong for"):
        gradcheck(Planted(np.ones(3), lambda gradient: np.float32(1.1 * gradient)), X)
