"""Crops by position, and the paper's ten views."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backends import BACKENDS
from tests.data.pictures import noise
from tests.strategies import seeds
from tinyalex import backends, data
from tinyalex.backends import Backend
from tinyalex.data.views import crop_size, five_corners
from tinyalex.errors import ConfigError

numpy = backends.get("numpy", threads=1)
sides = st.integers(1, 9)


@given(st.data(), sides, sides)
def test_the_five_crops_touch_all_edges_and_the_middle(draw: st.DataObject, H: int, W: int) -> None:
    crop = draw.draw(st.integers(1, H)), draw.draw(st.integers(1, W))
    corners = five_corners((H, W), crop)
    assert all(0 <= top <= H - crop[0] and 0 <= left <= W - crop[1] for top, left in corners)
    bottom, right = H - crop[0], W - crop[1]
    assert {(0, 0), (0, right), (bottom, 0), (bottom, right)} <= set(corners)
    top, left = corners[2]
    assert abs(2 * top - bottom) <= 1 and abs(2 * left - right) <= 1


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS.keys())
def test_ten_views_are_five_crops_and_their_flips(backend: Backend) -> None:
    images, mean = noise((2, 6, 7, 3)), np.arange(3, dtype=np.float32)[:, None, None]
    views = data.ten_views(images, backend, (4, 5), backend.asarray(mean), 0.5)
    views = [backend.to_host(view) for view in views]
    assert len(views) == 10
    corners = [(0, 0), (0, 2), (1, 1), (2, 0), (2, 2)]
    for view, (top, left) in zip(views, corners, strict=False):
        cut = images[:, top : top + 4, left : left + 5].transpose(0, 3, 1, 2).astype(np.float32)
        np.testing.assert_allclose(view, (cut - mean) * 0.5)
    for view, mirrored in zip(views[:5], views[5:], strict=True):
        plain, flipped = view / 0.5 + mean, mirrored / 0.5 + mean
        np.testing.assert_allclose(plain[..., ::-1], flipped, atol=1e-4)


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS.keys())
def test_nine_views_are_a_grid_without_flips(backend: Backend) -> None:
    images = noise((2, 7, 9, 3))
    views = [backend.to_host(v) for v in data.nine_views(images, backend, (4, 5), None, 0.5)]
    corners = [(top, left) for top in (0, 1, 3) for left in (0, 2, 4)]
    for view, (top, left) in zip(views, corners, strict=True):
        cut = images[:, top : top + 4, left : left + 5].transpose(0, 3, 1, 2)
        np.testing.assert_allclose(view, cut.astype(np.float32) * 0.5)


def test_views_of_the_whole_image_reflect_a_fourteenth_at_each_side() -> None:
    images = noise((2, 26, 9, 1))
    views = list(data.ten_views(images, numpy, (26, 9), None, 1.0))
    np.testing.assert_array_equal(views[2][:, 0], images[..., 0])
    # 26 / 14 = 2 rows and 9 / 14 = 1 column beyond the corner, without the edge pixel twice.
    np.testing.assert_array_equal(views[0][:, 0, 2:, 1:], images[:, :24, :8, 0])
    np.testing.assert_array_equal(views[0][:, 0, :2, 1], images[:, 2:0:-1, 0, 0])
    np.testing.assert_array_equal(views[0][:, 0, 2, :1], images[:, 0, 1:0:-1, 0])


@given(sides, sides, seeds)
def test_whole_images_of_any_size_have_ten_views(H: int, W: int, seed: int) -> None:
    for cut, count in ((data.ten_views, 10), (data.nine_views, 9)):
        views = list(cut(noise((1, H, W, 3), seed), numpy, (H, W), None, 1.0))
        assert [view.shape for view in views] == [(1, 3, H, W)] * count


@pytest.mark.parametrize("crop", [0, -1, 5])
def test_a_crop_that_does_not_fit_is_refused(crop: int) -> None:
    assert crop_size(None, (4, 6)) == (4, 6)
    with pytest.raises(ConfigError, match=f"crop {crop} does not fit images of 4 x 6"):
        crop_size(crop, (4, 6))
