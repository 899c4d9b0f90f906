"""The orientation is read whatever other tags contain."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.pictures import encode, noise, write
from tinyalex.data import read_image
from tinyalex.data.orientation import transpose_of
from tinyalex.data.prepare import Form

Entry = tuple[int, int, int, bytes]  # tag, type, count, value or offset

SIX = (0x0112, 3, 1, b"\6\0\0\0")
# Tags that cameras and editors write wrongly, before and after the orientation.
ODD: dict[str, Entry] = {
    "resolution as text": (0x011A, 2, 3, b"72\0\0"),
    "an empty text for the resolution": (0x011A, 2, 1, b"\0\0\0\0"),
    "unit as text": (0x0128, 2, 2, b"2\0\0\0"),
    "software as a float": (0x0131, 11, 1, b"\0\0\x80\x3f"),
    "a maker's name beyond the end": (0x010F, 2, 20, b"\xff\xff\0\0"),
    "a maker's name of 4 GB": (0x010F, 2, 0xFFFFFFFF, b"\xff\xff\xff\xff"),
    "a model of an unknown type": (0x0110, 99, 1, b"\0\0\0\0"),
    "a text for where more tags lie": (0x8769, 2, 4, b"abc\0"),
}


def exif(*entries: Entry) -> bytes:
    """An EXIF block, little-endian."""
    rows = b"".join(struct.pack("<HHI", *e[:3]) + e[3] for e in sorted(entries))
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + rows + b"\0\0\0\0"


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("entry", ODD.values(), ids=ODD)
def test_a_wrong_tag_does_not_hide_the_orientation(
    tmp_path: Path, entry: Entry, format: str
) -> None:
    stored = np.repeat(noise((8, 8, 1)), 3, axis=2)
    unit = () if entry[0] == 0x0128 else ((0x0128, 3, 1, b"\2\0\0\0"),)
    content = encode(stored, format, exif=exif(SIX, entry, *unit))
    with Image.open(io.BytesIO(encode(stored, format))) as plain:
        upright = np.rot90(np.asarray(plain.convert("RGB")), -1)
    np.testing.assert_array_equal(read_image(write(tmp_path / "a.jpg", content), 8, 3), upright)
    np.testing.assert_array_equal(Form(size=8).make(content)[1], upright)
    payload, pixels = Form("jpeg", "keep", quality=95).make(content)
    assert payload != content
    np.testing.assert_allclose(pixels.astype(int), upright, atol=20)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "code"), [(1, "B3x"), (3, "H2x"), (4, "I")])
def test_both_byte_orders_and_all_integer_types_are_read(order: str, kind: int, code: str) -> None:
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, 1)
    block += struct.pack(f"{order}HHI{code}", 0x0112, kind, 1, 8) + bytes(4)
    for head in (b"", b"Exif\0\0", b"Exif\0\0Exif\0\0"):
        image = Image.new("L", (2, 3))
        image.info["exif"] = head + block
        assert transpose_of(image) is Image.Transpose.ROTATE_90


def test_without_exif_other_metadata_count() -> None:
    assert transpose_of(Image.new("L", (2, 3))) is None
    image = Image.new("L", (2, 3))
    image.info["xmp"] = b'<x tiff:Orientation="3"/>'
    assert transpose_of(image) is Image.Transpose.ROTATE_180


def test_a_tiff_file_is_rotated_once(tmp_path: Path) -> None:
    stored = noise((8, 8, 3))
    path = write(tmp_path / "a.tiff", encode(stored, "TIFF", tiffinfo={0x0112: 6}))
    np.testing.assert_array_equal(read_image(path, 8, 3), np.rot90(stored, -1))
