"""Sheets of small images: where each lies, and what is clear between them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tinyalex.report.sheet import filters_sheet, sheet


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("C", [1, 3])
def test_tiles_lie_row_by_row_with_clear_gaps(C: int) -> None:
    tiles = np.arange(6, dtype=np.uint8).repeat(16 * 16 * C).reshape(6, 16, 16, C)
    found = pixels(sheet(tiles, 3))
    assert found.shape == (2 * 18 - 2, 3 * 18 - 2, C + 1)
    assert found[8::18, 8::18, 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (found[8::18, 8::18, C] == 255).all() and (found[16:18, :, C] == 0).all()
    assert (found[:, 16:18, C] == 0).all()


def test_groups_lie_below_each_other_and_a_last_row_may_be_short() -> None:
    tiles = np.zeros((6, 16, 16, 1), np.uint8)
    clear = pixels(sheet(tiles, 3, groups=2))[..., 1]
    assert clear.shape == (18 + 6 + 18 - 2, 52) and (clear[16:24] == 0).all()
    five = pixels(sheet(tiles[:5], 3))[..., 1]
    assert five[8, 50] == 255 and five[26, 14] == 255 and five[26, 50] == 0


def test_a_filter_that_is_not_finite_is_drawn() -> None:
    filters = np.full((4, 3, 2, 2), np.inf, np.float16)
    filters[0] = np.nan
    assert pixels(filters_sheet(filters)).shape[2] == 4
