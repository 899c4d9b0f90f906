"""PNG files: long texts are not damage, and all bits of a transparent colour count."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageCms, PngImagePlugin

from tests.data.pictures import encode, noise, write
from tinyalex.data import read_image
from tinyalex.data.decode import open_image
from tinyalex.data.png import LARGEST_PROFILE, long_profile, without_texts
from tinyalex.data.prepare import Form

LONG = PngImagePlugin.MAX_TEXT_CHUNK + 1


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(size: tuple[int, int], depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG file; ``rows`` without the filter bytes, ``extra`` chunks before the pixels."""
    width, height = size
    step = len(rows) // height
    lines = b"".join(b"\0" + rows[i * step : (i + 1) * step] for i in range(height))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = b"".join(extra) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + body


def both_ways(content: bytes, size: int, tmp_path: Path) -> np.ndarray:
    """Pixels from a folder, which must equal those from preparing."""
    pixels = read_image(write(tmp_path / "a.png", content), size, 3)
    np.testing.assert_array_equal(Form(size=size).make(content)[1], pixels)
    return pixels


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_transparent_grey_of_few_bits_becomes_white(tmp_path: Path, depth: int) -> None:
    most = (1 << depth) - 1
    row = int("".join(f"{v:0{depth}b}" for v in (0, most)).ljust(8 if depth < 8 else 16, "0"), 2)
    rows = row.to_bytes(1 if depth < 8 else 2) * 2
    opaque = both_ways(png((2, 2), depth, 0, rows), 2, tmp_path)
    np.testing.assert_array_equal(opaque[0, :, 0], [0, 255])
    clear = chunk(b"tRNS", struct.pack(">H", 0))
    np.testing.assert_array_equal(both_ways(png((2, 2), depth, 0, rows, clear), 2, tmp_path), 255)


def test_a_transparent_grey_between_black_and_white_is_found(tmp_path: Path) -> None:
    for depth, rows in ((2, b"\x60\x60"), (4, b"\x56\x56")):  # 1 and 2; 5 and 6
        colour = chunk(b"tRNS", struct.pack(">H", 1 if depth == 2 else 5))
        pixels = both_ways(png((2, 2), depth, 0, rows, colour), 2, tmp_path)
        np.testing.assert_array_equal(pixels[0, :, 0], [255, 170 if depth == 2 else 102])


def test_a_transparent_grey_of_16_bits_becomes_white(tmp_path: Path) -> None:
    values = np.array([[0x1234, 0x1235], [0x0000, 0xFFFF]], ">u2")
    for clear, wanted in ((0x1234, [255, 0x12, 0, 255]), (0, [0x12, 0x12, 255, 255])):
        colour = chunk(b"tRNS", struct.pack(">H", clear))
        pixels = both_ways(png((2, 2), 16, 0, values.tobytes(), colour), 2, tmp_path)
        np.testing.assert_array_equal(pixels[..., 1].ravel(), wanted)


def test_all_16_bits_of_a_transparent_colour_count(tmp_path: Path) -> None:
    values = np.array([[[0x0102, 0x0304, 0x0506], [0x0102, 0x0304, 0x0507]]] * 2, ">u2")
    colour = chunk(b"tRNS", struct.pack(">HHH", 0x0102, 0x0304, 0x0506))
    pixels = both_ways(png((2, 2), 16, 2, values.tobytes(), colour), 2, tmp_path)
    np.testing.assert_array_equal(pixels[0], [[255, 255, 255], [1, 3, 5]])


TEXTS = {
    "zTXt": chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"x" * LONG)),
    "iTXt": chunk(b"iTXt", b"prompt\0\1\0\0\0" + zlib.compress(b"x" * LONG)),
    "iCCP": chunk(b"iCCP", b"profile\0\0" + zlib.compress(b"x" * LONG)),
    "a bomb": chunk(b"zTXt", b"bomb\0\0" + zlib.compress(b"\0" * (40 << 20))),
    "many": chunk(b"zTXt", b"many\0\0" + zlib.compress(b"x" * (LONG - 1))) * 70,
}


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_long_text_before_or_after_the_pixels_is_ignored(
    tmp_path: Path, text: bytes, where: str
) -> None:
    image = noise((6, 6, 3))
    whole = encode(image)
    at = whole.index(b"IDAT" if where == "before" else b"IEND") - 4
    content = whole[:at] + text + whole[at:]
    tracemalloc.start()
    pixels = both_ways(content, 6, tmp_path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(pixels, image)
    assert most < 20 << 20  # a bomb would be 40


def test_short_texts_stay_in_the_file() -> None:
    whole = encode(noise((6, 6, 3)), exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0")
    assert without_texts(whole) == whole
    short = chunk(b"tEXt", b"Title\0a picture")
    at = whole.index(b"IDAT") - 4
    assert short in without_texts(whole[:at] + TEXTS["zTXt"] + short + whole[at:])


def test_a_file_truncated_anywhere_is_read_to_its_end() -> None:
    whole = encode(noise((6, 6, 3)))
    for length in range(len(whole)):
        assert without_texts(whole[:length]) == whole[:length]


def test_a_long_profile_still_converts_colours_up_to_a_limit() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = noise((6, 6, 3))
    whole = encode(image)
    at = whole.index(b"IDAT") - 4
    for length, kept in ((LONG, True), (LARGEST_PROFILE + 1, False)):
        body = zlib.compress(profile.ljust(length, b"\0"))
        content = whole[:at] + chunk(b"iCCP", b"p\0\0" + body) + whole[at:]
        found = long_profile(content)
        assert (found is not None and len(found) == length) is kept
        with open_image(content, "a.png") as opened:
            assert opened.info.get("icc_profile") == found
        np.testing.assert_allclose(Form(size=6, icc="srgb").make(content)[1], image, atol=3)
