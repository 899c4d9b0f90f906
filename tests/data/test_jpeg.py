"""JPEG files without an end are read if every pixel is there, and refused otherwise."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.data.pictures import encode, noise, write
from tests.data.prepare.test_convert import smooth
from tinyalex.data import read_image
from tinyalex.data.jpeg import outline, with_end
from tinyalex.data.packed import decoders
from tinyalex.data.prepare import Form
from tinyalex.errors import DataError

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 2},
}
TAILS = (b"", b"\0" * 50)


def pictures() -> list[Image.Image]:
    return [
        smooth(49, 50),
        smooth(64, 64).convert("L"),
        Image.fromarray(noise((40, 40, 3))),
        Image.new("RGB", (50, 41), "red"),
    ]


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_file_is_read_to_the_right_pixels_or_refused(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    """Without its last bytes, or with zeros instead of them."""
    read = 0
    for image in pictures():
        content = encode(image, "JPEG", **options)
        whole = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        side = min(image.size)
        path = write(tmp_path / "whole.jpg", content)
        wanted = read_image(path, side, 3)
        for cut in (1, 2, *range(4, 60, 7)):
            for tail in TAILS:
                path.write_bytes(content[:-cut] + tail)
                try:
                    pixels = read_image(path, side, 3)
                except DataError as error:
                    assert cut > 2 and "the image is damaged" in error.message
                    with pytest.raises(DataError, match="the image is damaged"):
                        Form("jpeg", "keep").make(path.read_bytes())
                    continue
                read += 1
                np.testing.assert_array_equal(pixels, wanted, err_msg=f"{cut} {tail!r}")
                payload, _ = Form("jpeg", "keep").make(path.read_bytes())
                record = np.frombuffer(payload, np.uint8)
                for decode in (decoders.turbo, decoders.pillow):
                    np.testing.assert_array_equal(next(decode([record])), whole)
    assert read >= 2 * 2 * len(pictures())


def test_a_missing_scan_is_noticed() -> None:
    content = encode(smooth(49, 50), "JPEG", progressive=True)
    starts = [i for i in range(len(content)) if content[i : i + 2] in (b"\xff\xc4", b"\xff\xda")]
    assert len(starts) > 8
    for at in starts[1:]:
        with pytest.raises(DataError, match="data end before"):
            with_end(content[:at])
    assert outline(content).complete


def test_of_two_images_the_end_of_the_first_counts() -> None:
    first, second = (encode(noise((24, 24, 3), seed), "JPEG") for seed in (1, 2))
    assert outline(first + second).end == len(first) - 2
    assert with_end(first + second) == first + second
    assert outline(first[:-2]).end == outline(first).end


def test_wrong_headers_do_not_end_the_reading_with_another_error() -> None:
    for content in (
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xda\0\0",
        b"\xff\xd8\xff\xc2\0\3\0\xff\xda\0\3\0",
    ):
        assert not outline(content).complete
        assert not outline(content).marked
