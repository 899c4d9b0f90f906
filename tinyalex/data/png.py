"""PNG files: texts that are too long for Pillow, transparent colours that it compares wrongly."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, PngImagePlugin

from tinyalex.data.file_access import content_of

MAGIC = b"\x89PNG\r\n\x1a\n"
LARGEST_TEXT = PngImagePlugin.MAX_TEXT_CHUNK  # decompressed bytes; Pillow refuses longer texts
ALL_TEXTS = PngImagePlugin.MAX_TEXT_MEMORY // 2  # half of what Pillow accepts per file
LARGEST_PROFILE = 16 << 20  # decompressed bytes
MOST_CHUNKS = 1 << 18  # of a file; as many as 2 GB hold of 8 kB each
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
# Pillow scales grey of 2 or 4 bits to 8, but not the transparent colour.
_STEPS = {"L;2": 85, "L;4": 17}
_DEEP = "RGB;16B"


def load(image: Image.Image) -> Image.Image:
    """Decode an open PNG file, with the right transparent pixels and whatever texts it holds."""
    raw, colour = _raw_mode(image), image.info.get("transparency")
    low = _low_bytes(content_of(image)) if raw == _DEEP and colour is not None else None
    try:
        image.load()
    except ValueError:  # a text after the pixels is too long
        image = open_without_texts(content_of(image))
        image.load()
    if raw in _STEPS and isinstance(colour, int):
        image.info["transparency"] = colour * _STEPS[raw]
    return image if low is None else _deep_transparency(image, low)


def open_without_texts(content: bytes) -> Image.Image:
    """Open a PNG file without its long texts, but with a colour profile up to our limit."""
    image = Image.open(io.BytesIO(without_texts(content)), formats=["PNG"])
    profile = long_profile(content)
    if profile is not None:
        image.info["icc_profile"] = profile
    return image


def without_texts(content: bytes) -> bytes:
    """The same file without the texts and the profile that Pillow finds too long.

    Pillow limits them because a kilobyte may decompress to a megabyte, and refuses the whole
    image. Nothing is decompressed beyond the limit here.
    """
    kept, room, last = [content[: len(MAGIC)]], ALL_TEXTS, len(MAGIC)
    for kind, start, end in _chunks(content):
        last = end
        if kind in _TEXTS:
            size = len(_inflated(kind, content[start + 8 : end - 4], LARGEST_TEXT + 1))
            room -= size
            if size > LARGEST_TEXT or room < 0:
                continue
        kept.append(content[start:end])
    return b"".join([*kept, content[last:]])


def long_profile(content: bytes) -> bytes | None:
    """A colour profile that is longer than Pillow's limit, but not than ours."""
    for kind, start, end in _chunks(content):
        if kind == b"iCCP":
            profile = _inflated(kind, content[start + 8 : end - 4], LARGEST_PROFILE + 1)
            return profile if LARGEST_TEXT < len(profile) <= LARGEST_PROFILE else None
    return None


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of every complete chunk."""
    at = len(MAGIC)
    for _ in range(MOST_CHUNKS):
        if at + 12 > len(content):
            return
        length, kind = struct.unpack_from(">I4s", content, at)
        if at + 12 + length > len(content):
            return
        yield kind, at, at + 12 + length
        at += 12 + length


def _inflated(kind: bytes, body: bytes, most: int) -> bytes:
    """The first ``most`` bytes of a text or a profile; empty if it is damaged."""
    rest = body.partition(b"\0")[2]  # after the keyword
    if kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        packed, rest = kind != b"tEXt", rest if kind == b"tEXt" else rest[1:]
    if not packed:
        return rest[:most]
    try:
        return zlib.decompressobj().decompress(rest, most)
    except zlib.error:
        return b""


def _raw_mode(image: Image.Image) -> str:
    """The layout of the pixels in the file, as Pillow names it: ``"RGB;16B"``."""
    tiles = getattr(image, "tile", None)
    return str(tiles[0][3]) if tiles else ""


def _low_bytes(content: bytes) -> np.ndarray:
    """The lower byte of each colour of 16-bit RGB: uint8 (H, W, 3)."""
    image = open_without_texts(content)
    assert isinstance(image, PngImagePlugin.PngImageFile)
    # Pillow keeps the byte that its mode calls the higher one: swap them.
    image.tile = [tile._replace(args="RGB;16L") for tile in image.tile]
    return np.asarray(image)


def _deep_transparency(image: Image.Image, low: np.ndarray) -> Image.Image:
    """Convert 16-bit RGB to RGBA, comparing all 16 bits with the transparent colour."""
    high = np.asarray(image)
    colour = np.array(image.info["transparency"])
    clear = ((high == colour >> 8) & (low == colour & 255)).all(axis=-1)
    alpha = np.where(clear, 0, 255).astype(np.uint8)
    rgba = Image.fromarray(np.dstack([high, alpha]))
    rgba.info = {key: value for key, value in image.info.items() if key != "transparency"}
    return rgba
