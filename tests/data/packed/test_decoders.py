"""JPEG decoders: all of them give the same pixels as Pillow."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, features

from tests.data.packed.making import picture
from tests.data.pictures import Host
from tinyalex.data.packed import decoders

# Pillow built on another JPEG library than libjpeg-turbo rounds colours otherwise.
ROUNDING = 0 if features.check_feature("libjpeg_turbo") else 3


def encoded(pixels: Host, mode: str = "RGB", **how: Any) -> Host:
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, "JPEG", **how)
    return np.frombuffer(stream.getvalue(), np.uint8)


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 9),
    st.sampled_from(["RGB", "L", "CMYK"]),
    st.sampled_from([0, 1, 2]),
    st.booleans(),
    st.integers(30, 100),
)
@example(1, 1, 0, "CMYK", 0, False, 30)
def test_turbo_sees_what_pillow_sees(
    H: int, W: int, seed: int, mode: str, subsampling: int, progressive: bool, quality: int
) -> None:
    """Grey, CMYK, every colour subsampling, odd sizes."""
    how = {"subsampling": subsampling, "progressive": progressive, "quality": quality}
    payload = encoded(picture(H, W, seed), mode, **how)
    (wanted,) = decoders.pillow([payload])
    (found,) = decoders.turbo([payload])
    assert found.shape == wanted.shape == (H, W, 3) and found.dtype == np.uint8
    assert np.abs(found.astype(int) - wanted.astype(int)).max() <= ROUNDING


def test_a_file_may_hold_rgb_without_conversion() -> None:
    payload = encoded(picture(16, 24, 3), keep_rgb=True)
    (wanted,), (found,) = decoders.pillow([payload]), decoders.turbo([payload])
    assert np.abs(found.astype(int) - wanted.astype(int)).max() <= ROUNDING


@pytest.mark.parametrize("name", ["turbo", "pillow"])
def test_a_damaged_file_raises_in_its_place(name: str) -> None:
    good = encoded(picture(32, 32, 1))
    stream = decoders.get_decoder(name)([good, good[: len(good) // 2], good])
    assert next(stream).shape == (32, 32, 3)
    with pytest.raises(Exception, match="(?i)truncated"):
        next(stream)


@pytest.mark.parametrize("name", ["turbo", "pillow"])
def test_a_file_that_claims_to_be_huge_is_refused_before_memory_is_taken(name: str) -> None:
    payload = encoded(picture(16, 16, 1)).copy()
    at = payload.tobytes().index(b"\xff\xc0") + 5  # height and width of the frame
    payload[at : at + 4] = [0xFF, 0x00, 0xFF, 0x00]
    with pytest.raises(Exception, match="decompression bomb"):
        next(decoders.get_decoder(name)([payload]))


@pytest.mark.parametrize("name", ["turbo", "pillow"])
def test_a_large_file_is_refused_by_the_projects_own_limit(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "MOST_PIXELS", 16 * 15)
    with pytest.raises(ValueError, match="absurdly large, 16 x 16 pixels"):
        next(decoders.get_decoder(name)([encoded(picture(16, 16, 1))]))
