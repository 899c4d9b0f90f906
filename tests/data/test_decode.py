"""Image files of every format, complete and damaged."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.data.pictures import encode, noise, write
from tinyalex.data import read_image
from tinyalex.data.decode import MOST_PIXELS, _to_mode, check_header, open_image
from tinyalex.data.file_access import LARGEST_FILE
from tinyalex.errors import DataError

MODES = [
    *("1", "L", "P", "LA", "PA", "RGB", "RGBA", "RGBX", "RGBa", "La", "CMYK", "YCbCr", "LAB"),
    *("HSV", "I", "F", "I;16", "I;16B", "I;16L"),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("wanted", ["RGB", "L"])
def test_every_mode_becomes_rgb_and_grey(mode: str, wanted: str) -> None:
    image = _to_mode(Image.new(mode, (5, 4)), wanted)
    assert image.mode == wanted and image.size == (5, 4)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "JPEG"])
def test_every_format_is_read_whatever_the_file_is_called(tmp_path: Path, format: str) -> None:
    grey = np.repeat(np.linspace(0, 255, 64).astype(np.uint8).reshape(8, 8, 1), 3, axis=2)
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(format, {})
    path = write(tmp_path / "picture.JPEG", encode(grey, format, **options))
    np.testing.assert_allclose(read_image(path, 8, 3), grey, atol=3)
    np.testing.assert_allclose(read_image(path, 8, 1), grey[..., :1], atol=3)


def test_transparent_pixels_become_white(tmp_path: Path) -> None:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, :, :] = [200, 100, 0, 255]
    rgba[1, :, :] = [200, 100, 0, 0]
    pixels = read_image(write(tmp_path / "a.png", encode(rgba)), 2, 3)
    np.testing.assert_array_equal(pixels[:, 0], [[200, 100, 0], [255, 255, 255]])


def test_sixteen_bits_become_eight_by_their_high_byte(tmp_path: Path) -> None:
    deep = np.array([[0, 256], [32768, 65535]], np.uint16)
    pixels = read_image(write(tmp_path / "a.png", encode(Image.fromarray(deep))), 2, 1)
    np.testing.assert_array_equal(pixels[..., 0], [[0, 1], [128, 255]])


@pytest.mark.parametrize("top", [1.0, 255.0])
def test_floats_range_to_1_or_to_255(tmp_path: Path, top: float) -> None:
    values = np.array([[0, 0.2], [0.4, 1.0]], np.float32) * top
    path = write(tmp_path / "a.tiff", encode(Image.fromarray(values), "TIFF"))
    np.testing.assert_array_equal(read_image(path, 2, 1)[..., 0], [[0, 51], [102, 255]])


def test_a_float_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    values = np.array([[0, np.nan]], np.float32)
    path = write(tmp_path / "a.tiff", encode(Image.fromarray(values), "TIFF"))
    with pytest.raises(DataError, match="not a finite number"):
        read_image(path, 2, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_rotated_or_flipped_as_its_exif_says(tmp_path: Path, orientation: int) -> None:
    upright = noise((8, 8, 3))
    turned = [  # how a camera stores the picture under each orientation
        lambda a: a,
        lambda a: a[:, ::-1],
        lambda a: a[::-1, ::-1],
        lambda a: a[::-1],
        lambda a: a.transpose(1, 0, 2),
        lambda a: np.rot90(a, 1),
        lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        lambda a: np.rot90(a, -1),
    ][orientation - 1](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encode(np.ascontiguousarray(turned), "PNG", exif=exif)
    np.testing.assert_array_equal(read_image(write(tmp_path / "a.png", content), 8, 3), upright)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"])
def test_a_damaged_exif_block_leaves_the_image_as_it_is(tmp_path: Path, exif: bytes) -> None:
    path = write(tmp_path / "a.jpg", encode(noise((8, 8, 3)), "JPEG", exif=exif))
    assert read_image(path, 8, 3).shape == (8, 8, 3)


@pytest.mark.parametrize("size", [(40, 20), (20, 40), (41, 20), (20, 20), (7, 5)])
def test_the_shorter_side_is_scaled_and_the_centre_kept(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    image = Image.fromarray(noise((size[1] // 4 + 1, size[0] // 4 + 1, 3))).resize(size)
    pixels = read_image(write(tmp_path / "a.png", encode(image)), 10, 3).astype(int)
    # The long way: scale the whole picture, then cut.
    scale = 10 / min(size)
    scaled = image.resize([round(side * scale) for side in size], Image.Resampling.BILINEAR)
    left, top = ((side - 10) / 2 for side in scaled.size)
    nearest = min(
        np.abs(np.asarray(scaled.crop((x, y, x + 10, y + 10)), int) - pixels)[1:-1, 1:-1].mean()
        for x in {int(np.floor(left)), int(np.ceil(left))}
        for y in {int(np.floor(top)), int(np.ceil(top))}
    )
    assert nearest < 6


def test_an_image_of_the_right_size_is_left_as_it_is(tmp_path: Path) -> None:
    image = noise((9, 9, 3))
    np.testing.assert_array_equal(read_image(write(tmp_path / "a.png", encode(image)), 9, 3), image)


def test_a_very_long_image_is_cropped_before_it_is_scaled(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", encode(Image.new("L", (60_000, 1), 77)))
    np.testing.assert_array_equal(read_image(path, 256, 3), np.full((256, 256, 3), 77))


def png_header(width: int, height: int) -> bytes:
    """A PNG file with a header and without pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(100_000, 100_000), (MOST_PIXELS + 1, 1), (2**31 - 1, 2**31 - 1)])
def test_an_absurdly_large_image_is_refused_by_its_header(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "bomb.png", png_header(*size))
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("it was decoded"))
    for limit in (Image.MAX_IMAGE_PIXELS, None):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(DataError, match="bomb.png: absurdly large"):
            check_header(path)
        with pytest.raises(DataError, match="bomb.png: absurdly large"):
            read_image(path, 8, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty .0 bytes"),
        (b"\xff\xd8\xff", "not a readable image"),
        (b"just text", "not a readable image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a readable image"),
        (png_header(8, 8), "damaged"),
        (encode(noise((64, 64, 3)), "JPEG")[:-600], "damaged"),
        (encode(noise((64, 64, 3)), "PNG")[:-600], "damaged"),
    ],
    ids=["empty", "stub", "text", "postscript", "no pixels", "cut jpeg", "cut png"],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=f"broken.jpg: .*{message}"):
        read_image(write(tmp_path / "broken.jpg", content), 8, 3)


def test_the_reason_is_the_same_each_time() -> None:
    """With an object's address in it, the rejected images of two runs would differ."""
    for content in (b"<!DOCTYPE html>", b"\xff\xd8\xff", png_header(8, 8)[:30]):
        said = set()
        for _ in range(2):
            with pytest.raises(DataError) as found, open_image(bytes(bytearray(content)), "a.jpg"):
                pass
            said.add(str(found.value))
        assert len(said) == 1 and "0x" not in said.pop()


@pytest.mark.parametrize("magic", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\0\0\0\x18ftyp"])
def test_a_huge_file_that_is_not_an_image_is_refused_without_reading_it(
    tmp_path: Path, magic: bytes
) -> None:
    path = write(tmp_path / "film.jpg", magic)
    with path.open("r+b") as file:
        file.truncate(LARGEST_FILE * 1024)  # takes no room on the disk
    tracemalloc.start()
    with pytest.raises(DataError, match="film.jpg: "):
        check_header(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10 << 20


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone.jpg: no such file"):
        read_image(tmp_path / "gone.jpg", 8, 3)


WHOLE = [encode(noise((16, 16, 3)), format) for format in ("JPEG", "PNG", "WEBP", "GIF", "BMP")]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decode")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")
@given(st.sampled_from(WHOLE), st.data())
def test_damage_anywhere_gives_an_image_or_a_data_error(
    scratch: Path, whole: bytes, draw: st.DataObject
) -> None:
    damaged = bytearray(whole)
    for _ in range(draw.draw(st.integers(1, 5))):
        damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
    path = scratch / "damaged.jpg"
    path.write_bytes(damaged[: draw.draw(st.integers(0, len(damaged)))])
    try:
        pixels = read_image(path, 8, 3)
    except DataError as error:
        assert "damaged.jpg" in str(error)
    else:
        assert pixels.shape == (8, 8, 3) and pixels.dtype == np.uint8


ODD = {
    "app13-multiple.jpg": (102, 180),
    "flower2.jpg": (80, 110),
    "hopper.jpg": (70, 110),
    "hopper.png": (70, 110),
    "hopper_gray.jpg": (70, 110),
    "pil_sample_cmyk.jpg": (5, 30),
    "sugarshack.mpo": (90, 140),
    "jfif_unit_cm.jpg": (0, 255),
    "orientation_rectangle.jpg": (0, 255),
}


@pytest.fixture
def odd(real_data: Path) -> Path:
    folder = real_data / "odd-jpeg"
    if not folder.is_dir():
        pytest.skip(f"no odd files at {folder}")
    return folder


@pytest.mark.parametrize("name", ODD)
def test_odd_real_files_are_read(odd: Path, name: str) -> None:
    pixels = read_image(odd / name, 64, 3)
    low, high = ODD[name]
    assert pixels.shape == (64, 64, 3) and low <= pixels.mean() <= high


def test_a_real_cmyk_file_is_red_on_black(odd: Path) -> None:
    pixels = read_image(odd / "pil_sample_cmyk.jpg", 100, 3)
    red, green, blue = pixels.reshape(-1, 3).astype(int).T
    assert red.max() > 200 and green.max() < 100 and blue.max() < 100 and np.median(red) < 20


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_real_rotated_files_look_like_the_upright_one(odd: Path, orientation: int) -> None:
    upright = read_image(odd / "hopper.jpg", 32, 3).astype(float)
    turned = read_image(odd / f"hopper_orientation_{orientation}.jpg", 32, 3)
    assert np.abs(upright - turned).mean() < 6


def test_a_real_file_that_lacks_half_its_end_marker_is_read(odd: Path) -> None:
    content = (odd / "truncated_jpeg.jpg").read_bytes()
    assert content.endswith(b"\xff")
    with Image.open(io.BytesIO(content + b"\xd9")) as whole:
        wanted = np.asarray(whole.convert("RGB"))
    np.testing.assert_array_equal(read_image(odd / "truncated_jpeg.jpg", 100, 3), wanted)
