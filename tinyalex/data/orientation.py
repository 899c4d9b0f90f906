"""How to rotate or flip an image: EXIF's tag Orientation, read without the other tags.

Cameras and editors leave tags of wrong types in the same block, and offsets beyond its end, which
would make a reader of all tags fail.
"""

from __future__ import annotations

import contextlib
import struct

from PIL import Image

TAG = 0x0112
_HEAD = b"Exif\0\0"
# The integer types: BYTE, SHORT, LONG.
_NUMBERS = {1: "B", 3: "H", 4: "I"}
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def transpose_of(image: Image.Image) -> Image.Transpose | None:
    """The transposition that makes an open image upright; None if none is needed or known."""
    number = None
    with contextlib.suppress(struct.error, KeyError):
        number = _in_exif(image.info.get("exif") or b"")
    if number is None:
        # Pillow also reads a TIFF file's own tags, ImageMagick's text in a PNG file, and XMP.
        with contextlib.suppress(Exception):  # a damaged block says nothing
            number = image.getexif().get(TAG)
    return _TRANSPOSES.get(number) if isinstance(number, int) else None


def _in_exif(data: bytes) -> int | None:
    """The tag's value in the first directory of an EXIF block; None if it is missing."""
    while data.startswith(_HEAD):
        data = data.removeprefix(_HEAD)
    if not data:
        return None
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(f"{order}HHI", data, entry)
        if tag == TAG and values == 1 and kind in _NUMBERS:
            return int(struct.unpack_from(f"{order}{_NUMBERS[kind]}", data, entry + 8)[0])
    return None
