"""Whether a JPEG file's data reach the end of its picture.

A file that is cut off has no end marker, and Pillow says so. Where data are missing before an
end marker (a hole that was closed, an editor's repair), libjpeg fills the rest of the picture
with one colour and only warns, which Pillow does not pass on. So this asks: does the picture
change if other bytes are put where its data end? If it does, the decoder had to read on there.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

_END = b"\xff\xd9"
_BLOCK = 16  # pixels; the decoder may need some bits of padding for the last block
_OTHERS = bytes(range(1, 255)) * 4


def ends_early(content: bytes, image: Image.Image) -> bool:
    """Whether data are missing before the end marker.

    Parameters
    ----------
    content : bytes
        The file.
    image : Image
        The same, decoded.

    Notes
    -----
    A second decoding is done only where there is a sign: a picture that ends in one colour, as
    all that is filled in has, or progressive data, where what is missing makes no such mark.
    """
    end = content.rfind(_END)
    if image.format != "JPEG" or end < 0 or image.mode not in ("RGB", "L", "CMYK"):
        return False
    pixels = np.asarray(image)
    last = pixels[-1, -8:].astype(np.int16)
    plain = np.ptp(last, axis=0).max() <= 2 or len(pixels) % _BLOCK == 1
    if not plain and "progressive" not in image.info:
        return False
    changed = content[:end] + _OTHERS + content[end:]
    try:
        with Image.open(io.BytesIO(changed), formats=["JPEG"]) as again:
            others = np.array(again)
    except Exception:  # Pillow's decoders raise errors of many kinds
        return True
    if others.shape != pixels.shape:
        return True
    others[-_BLOCK:, -_BLOCK:] = pixels[-_BLOCK:, -_BLOCK:]
    return not np.array_equal(others, pixels)
