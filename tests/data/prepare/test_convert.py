"""Converting an image, compared with a few Pillow calls written here."""

from __future__ import annotations

import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.data.pictures import encode, noise
from tinyalex.data.prepare import Form
from tinyalex.data.prepare.convert import FILTERS
from tinyalex.errors import ConfigError, DataError

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def reference(content: bytes, size: int, filter: str = "bilinear") -> np.ndarray:
    """Open, turn by the EXIF orientation, convert to RGB, crop the centre square, resize."""
    image = Image.open(io.BytesIO(content))
    image.load()
    number = image.getexif().get(0x0112, 1)
    if number in TURNS:
        image = image.transpose(TURNS[number])
    image = image.convert("RGB")
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    resample = Image.Resampling[filter.upper()]
    box = (left, top, left + side, top + side)
    return np.asarray(image.resize((size, size), resample, box=box))


def smooth(height: int, width: int) -> Image.Image:
    small = Image.fromarray(noise((height // 8 + 2, width // 8 + 2, 3)))
    return small.resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("size", [(60, 40), (40, 61), (30, 30), (300, 500)])
def test_the_shorter_side_is_scaled_by_the_filter_that_is_named(
    filter: str, size: tuple[int, int]
) -> None:
    content = encode(smooth(*size), "JPEG")
    payload, pixels = Form(size=32, filter=filter).make(content)
    np.testing.assert_array_equal(pixels, reference(content, 32, filter))
    assert payload == pixels.tobytes() and pixels.shape == (32, 32, 3)


def test_filters_differ() -> None:
    content = encode(smooth(70, 90), "PNG")
    made = {Form(size=32, filter=filter).make(content)[0] for filter in FILTERS}
    assert len(made) == len(FILTERS)


def test_warp_keeps_the_edges_that_cropping_loses() -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, :10] = 255
    _, warped = Form(size=24, resize="warp").make(encode(wide))
    _, cut = Form(size=24).make(encode(wide))
    assert warped[:, 0].min() == 255 and cut.max() == 0
    as_pillow = Image.fromarray(wide).resize((24, 24), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(warped, np.asarray(as_pillow))


def test_a_jpeg_record_decodes_to_its_pixels() -> None:
    content = encode(smooth(70, 90), "PNG")
    sizes = []
    for quality in (40, 90):
        payload, pixels = Form("jpeg", size=48, quality=quality).make(content)
        with Image.open(io.BytesIO(payload)) as image:
            assert image.format == "JPEG" and image.size == (48, 48)
            np.testing.assert_array_equal(np.asarray(image), pixels)
        assert np.abs(pixels.astype(int) - Form(size=48).make(content)[1]).mean() < 20
        sizes.append(len(payload))
    assert sizes[0] < sizes[1]


def test_a_jpeg_record_has_no_metadata_of_the_source() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encode(smooth(40, 40), "JPEG", exif=exif, icc_profile=profile, comment=b"hello")
    payload, _ = Form("jpeg", size=32).make(content)
    assert b"secret" not in payload and b"ICC_PROFILE" not in payload and b"hello" not in payload


def test_an_upright_rgb_jpeg_is_kept_byte_for_byte() -> None:
    keep = Form("jpeg", "keep")
    for image in (smooth(40, 50), smooth(40, 50).convert("L")):
        content = encode(image, "JPEG")
        payload, pixels = keep.make(content)
        assert payload == content
        np.testing.assert_array_equal(pixels, np.asarray(image_of(content).convert("RGB")))


def image_of(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("what", ["turned", "PNG", "CMYK"])
def test_other_kept_images_are_encoded_again(what: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = smooth(40, 50)
    content = {
        "turned": lambda: encode(image, "JPEG", exif=exif, quality=95),
        "PNG": lambda: encode(image, "PNG"),
        "CMYK": lambda: encode(image.convert("CMYK"), "JPEG", quality=95),
    }[what]()
    payload, pixels = Form("jpeg", "keep", quality=95).make(content)
    assert payload != content
    with Image.open(io.BytesIO(payload)) as again:
        assert again.mode == "RGB" and again.size == ((40, 50) if what == "turned" else (50, 40))
    upright = image.transpose(Image.Transpose.ROTATE_270) if what == "turned" else image
    assert np.abs(pixels.astype(int) - np.asarray(upright)).mean() < 10


@pytest.mark.parametrize(
    "image",
    [
        smooth(40, 50).convert("L"),
        smooth(40, 50).quantize(16),
        smooth(40, 50).convert("1"),
        smooth(40, 50).convert("CMYK"),
    ],
    ids=["grey", "palette", "black and white", "CMYK"],
)
def test_every_mode_becomes_rgb(image: Image.Image) -> None:
    content = encode(image, "TIFF")
    np.testing.assert_array_equal(Form(size=32).make(content)[1], reference(content, 32))


def test_profiles_are_ignored_unless_asked_for() -> None:
    """With a profile whose red and blue are exchanged, only a conversion exchanges them."""
    image = smooth(40, 40)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encode(image, "PNG", icc_profile=exchanged(srgb))
    plain = encode(image, "PNG")
    ignored, converted = (Form(size=40, icc=icc).make(content)[1] for icc in ("ignore", "srgb"))
    np.testing.assert_array_equal(ignored, Form(size=40).make(plain)[1])
    exchange = ignored[:, :, ::-1].astype(int)
    assert np.abs(converted - exchange).mean() < 3 < np.abs(converted - ignored.astype(int)).mean()


def exchanged(profile: bytes) -> bytes:
    """Exchange the tags rXYZ and bXYZ of a profile."""
    assert b"rXYZ" in profile and b"bXYZ" in profile
    return profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")


@pytest.mark.parametrize("profile", [b"no profile at all", b"\0" * 200])
def test_a_damaged_profile_is_ignored(profile: bytes) -> None:
    image = smooth(40, 40)
    content = encode(image, "PNG", icc_profile=profile)
    converted = Form(size=40, icc="srgb").make(content)[1]
    np.testing.assert_array_equal(converted, np.asarray(image))


def test_a_converted_image_is_still_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encode(smooth(40, 60), "JPEG", exif=exif, icc_profile=srgb, quality=95)
    pixels = Form("jpeg", "keep", icc="srgb").make(content)[1]
    assert pixels.shape == (60, 40, 3)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 10_000), (10_000, 1), (2, 65_000)])
def test_tiny_and_very_long_images_work(width: int, height: int) -> None:
    content = encode(Image.new("RGB", (width, height), (10, 20, 30)))
    for form in (Form(), Form("jpeg", quality=100), Form(resize="warp")):
        pixels = form.make(content)[1]
        assert pixels.shape == (256, 256, 3)
        assert np.abs(pixels.astype(int) - [10, 20, 30]).max() < 4


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    # 30,000 x 30,000 pixels, says its header.
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    small = encode(Image.new("1", (8, 8)))
    content = small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("it was decoded"))
    with pytest.raises(DataError, match=r"^absurdly large"):
        Form().make(content)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_off_anywhere_is_rejected_unless_every_pixel_is_there(
    progressive: bool,
) -> None:
    content = encode(smooth(40, 50), "JPEG", progressive=progressive)
    whole, read = Form(size=32).make(content)[0], []
    for length in [*range(0, len(content) - 9, 7), *range(len(content) - 9, len(content))]:
        try:
            assert Form(size=32).make(content[:length])[0] == whole
            read.append(len(content) - length)
        except DataError as error:
            assert re.match("the image is damaged|not a readable|the file is", error.message)
    assert {1, 2} <= set(read) and max(read) < 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "png"}, "unknown format 'png'"),
        ({"resize": "wrap"}, "unknown resize 'wrap'"),
        ({"filter": "bilinaer"}, "unknown filter"),
        ({"icc": "yes"}, "unknown icc"),
        ({"resize": "keep"}, "cannot be raw"),
        ({"size": 0}, "size must be from 1 to 4096"),
        ({"size": 5000}, "size must be"),
        ({"quality": 101}, "quality must be from 1 to 100"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Form(**options)


def test_real_odd_files_equal_the_reference(real_data: Path) -> None:
    folder = real_data / "odd-jpeg"
    if not folder.is_dir():
        pytest.skip(f"no odd files at {folder}")
    for path in sorted(folder.iterdir()):
        if path.suffix in (".md", ".txt"):
            continue
        content = path.read_bytes()
        pixels = Form().make(content)[1]
        if path.name == "truncated_jpeg.jpg":  # of the end marker's two bytes
            content += b"\xd9"
        np.testing.assert_array_equal(pixels, reference(content, 256), err_msg=path.name)
