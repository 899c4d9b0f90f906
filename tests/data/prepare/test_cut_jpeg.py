"""JPEG files whose data end too early, although an end marker follows."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.pictures import encode
from tests.data.prepare.test_convert import image_of, smooth
from tinyalex.data.jpeg import EARLY, load
from tinyalex.data.prepare import Form
from tinyalex.errors import DataError

END = b"\xff\xd9"


def ends_early(content: bytes) -> bool:
    """Whether `load` refuses a file, since data are missing before its end marker."""
    with Image.open(io.BytesIO(content)) as image:
        try:
            load(image)
        except DataError as error:
            assert error.message == EARLY
            return True
    return False


def test_data_missing_before_the_end_marker_are_noticed() -> None:
    """Wherever data are cut out: either only the last block changes, or it is noticed."""
    for options in ({}, {"subsampling": 0}, {"progressive": True}):
        content = encode(smooth(96, 113), "JPEG", quality=60, **options)
        whole = np.asarray(image_of(content))
        start = content.rfind(b"\xff\xda") + 12
        noticed = lost = 0
        for length in range(start, len(content) - 2, 11):
            damaged = content[:length] + END
            try:
                pixels = np.array(image_of(damaged))
            except OSError:
                continue  # Pillow notices by itself
            pixels[-16:, -16:] = whole[-16:, -16:]
            if np.array_equal(pixels, whole):
                continue
            lost += 1
            noticed += ends_early(damaged)
        assert lost > 20 and noticed >= 0.95 * lost, (options, noticed, lost)


def test_an_image_whose_data_end_early_is_rejected() -> None:
    content = encode(smooth(96, 113), "JPEG")
    damaged = content[: len(content) // 2] + END
    for form in (Form(), Form("jpeg", "keep")):
        with pytest.raises(DataError, match="its data end before the image does"):
            form.make(damaged)


@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"progressive": True}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_whole_image_is_not_rejected(mode: str, options: dict[str, object]) -> None:
    plain = Image.new(mode, (50, 41), 77 if mode == "L" else "red")
    for image in (plain, smooth(49, 50).convert(mode)):
        for tail in (b"", b"\0" * 100, b"garbage" + END):
            content = encode(image, "JPEG", **options) + tail
            assert not ends_early(content)


def test_no_real_image_is_rejected(real_data: Path) -> None:
    folder = real_data / "imagenet-sample"
    if not folder.is_dir():
        pytest.skip(f"no real pictures at {folder}")
    wrong = []
    with tarfile.open(folder / "images-0.tar") as archive:
        for member in archive.getmembers()[:120]:
            file = archive.extractfile(member)
            assert file is not None
            content = file.read()
            if ends_early(content):
                wrong.append(member.name)
    assert wrong == []
