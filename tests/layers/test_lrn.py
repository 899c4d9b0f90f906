"""Response normalisation, always with constants that make every neighbour visible."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given

from tests import strategies as own
from tests.layers.compare import assert_equals_torch
from tinyalex.check import gradcheck
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers import LocalResponseNorm, SpatialResponseNorm

KINDS = [LocalResponseNorm, SpatialResponseNorm]


@pytest.mark.parametrize("kind", KINDS)
@given(case=own.normalisations())
def test_gradients_equal_measured_slopes(kind: type[LocalResponseNorm], case: own.Norm) -> None:
    layer = kind(case.size, case.alpha, case.beta, case.k)
    gradcheck(layer, own.normal(case.shape, case.seed), directions=1)


@given(case=own.normalisations())
def test_cross_channel_norm_equals_pytorch_whose_alpha_is_divided(
    torch: ModuleType, case: own.Norm
) -> None:
    module = torch.nn.LocalResponseNorm(case.size, case.alpha * case.size, case.beta, case.k)
    layer = LocalResponseNorm(case.size, case.alpha, case.beta, case.k)
    assert_equals_torch(torch, layer, module, own.normal(case.shape, case.seed))


def test_the_defaults_are_the_papers() -> None:
    layer = LocalResponseNorm()
    assert (layer.size, layer.alpha, layer.beta, layer.k) == (5, 1e-4, 0.75, 2.0)
    x = 100 * np.ones((1, 7, 1, 1))
    # 3, 4 and 5 neighbours of 100 squared, times 1e-4: k + 3, k + 4, k + 5.
    np.testing.assert_allclose(
        layer.forward(x)[0, :, 0, 0], 100 / np.array([5, 6, 7, 7, 7, 6, 5]) ** 0.75
    )


def test_each_channel_reaches_two_neighbours_on_either_side() -> None:
    layer = LocalResponseNorm(5, alpha=1.0, beta=1.0, k=1.0)
    x = np.ones((1, 9, 1, 1))
    calm = layer.forward(x)
    x[0, 4] = 10
    changed = layer.forward(x)[0, :, 0, 0] != calm[0, :, 0, 0]
    assert list(np.flatnonzero(changed)) == [2, 3, 4, 5, 6]


def test_each_pixel_reaches_its_square_in_its_own_channel_only() -> None:
    layer = SpatialResponseNorm(3, alpha=1.0, beta=1.0, k=1.0)
    x = np.ones((1, 2, 6, 7))
    calm = layer.forward(x)
    x[0, 0, 2, 3] = 10
    changed = layer.forward(x) != calm
    assert not changed[0, 1].any()
    rows, columns = np.nonzero(changed[0, 0])
    assert set(rows) == {1, 2, 3} and set(columns) == {2, 3, 4} and len(rows) == 9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [{"size": 0}, {"k": 0.0}, {"alpha": -1.0}])
def test_constants_that_cannot_work_are_refused(
    kind: type[LocalResponseNorm], wrong: dict[str, float]
) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        kind(**wrong)  # type: ignore[arg-type]


@given(case=own.normalisations())
def test_groups_do_not_see_each_other(case: own.Norm) -> None:
    """Two groups are two layers, each on its half of the channels."""
    N, C, H, W = case.shape
    x = own.normal((N, 2 * C, H, W), case.seed)
    dy = own.normal(x.shape, case.seed + 1)
    both = LocalResponseNorm(case.size, case.alpha, case.beta, case.k, groups=2)
    y = both.forward(x)
    dx = both.backward(dy)
    for half in (slice(0, C), slice(C, 2 * C)):
        alone = LocalResponseNorm(case.size, case.alpha, case.beta, case.k)
        np.testing.assert_allclose(y[:, half], alone.forward(x[:, half]), rtol=1e-12)
        np.testing.assert_allclose(dx[:, half], alone.backward(dy[:, half]), rtol=1e-12, atol=1e-14)


def test_channels_that_do_not_split_are_refused() -> None:
    with pytest.raises(ShapeError, match="3 channels cannot be split into 2 groups"):
        LocalResponseNorm(groups=2).forward(np.ones((1, 3, 2, 2)))
