"""JPEG files whose data end early: decoded if every pixel is there, otherwise refused.

A file that is cut off has no end marker; a repaired file has one although data are missing. libjpeg
fills the gap with one colour and only warns, and Pillow does not pass the warning on. So two
questions are asked. Do the headers of the scans announce every coefficient? Does the image change
if other bytes follow its data? If so, the decoder needed more data than there are.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tinyalex.data.file_access import content_of
from tinyalex.errors import DataError

MAGIC = b"\xff\xd8"
EARLY = "its data end before the image does"
# A scan of 22 bytes may take as long to decode as the whole image. Encoders write up to about ten
# scans; one per coefficient and colour would be 192. libjpeg-turbo's own fuzzers stop after 500.
MOST_SCANS = 500
_SCAN = b"\xff\xda"  # never occurs within a scan's data
_END = b"\xff\xd9"
_APP1 = 0xE1
# A marker. Within a scan's data a byte FF is followed by 00, or by D0 to D7 (restart markers).
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_OTHERS = bytes(range(254, 0, -1)) * 4  # bits that differ from the zeros that the decoder assumes


@dataclass(frozen=True)
class Outline:
    """Where the first image of a JPEG file ends.

    Attributes
    ----------
    begin, end : int
        The data of its last scan, in bytes from the start of the file.
    marked : bool
        Whether an end marker follows.
    complete : bool
        Whether the headers of its scans announce every coefficient to its last bit.
    progressive : bool
    """

    begin: int
    end: int
    marked: bool
    complete: bool
    progressive: bool


def outline(content: bytes) -> Outline:
    """Read a JPEG file from marker to marker, up to the end of its first image."""
    missing = {(-1, 0)}  # component and coefficient; a dummy until there is a frame header
    at = begin = end = 2
    progressive = in_data = marked = False
    while (marker := _MARKER.search(content, at)) is not None:
        at, code = marker.end(), marker[1][0]
        if in_data:
            end, in_data = marker.start(), False
        if code == 0xD9:
            marked = True
            break
        if code in (0xD8, 0x01):  # markers without a length
            continue
        length = int.from_bytes(content[at : at + 2])
        body = content[at + 2 : at + length]
        at += length
        if at > len(content):
            missing.add((-1, 0))
            break
        if code in _FRAMES:  # precision, height, width, number of components, components
            progressive = code in _PROGRESSIVE
            components = body[6 : 6 + 3 * body[5] : 3] if len(body) > 5 else b""
            missing = {(c, k) for c in components for k in range(64)} or {(-1, 0)}
        elif code == 0xDA:
            missing -= _announced(body, progressive)
            begin, in_data = at, True
            if not missing and (last := content.find(_END, at)) >= 0:
                at = last  # no other marker matters: faster than _MARKER
    if in_data:
        end = len(_without_padding(content))
    return Outline(begin, end, marked, not missing, progressive)


def _announced(scan: bytes, progressive: bool) -> set[tuple[int, int]]:
    """Components and coefficients that a scan completes.

    Its header holds the components, the first and the last coefficient, and the last bit.
    """
    if len(scan) < 4 or len(scan) != 4 + 2 * scan[0]:
        return set()
    first, last, bits = scan[-3:] if progressive else (0, 63, 0)
    return {(c, k) for c in scan[1:-3:2] for k in range(first, last + 1) if bits & 15 == 0}


def check_scans(content: bytes | np.ndarray) -> None:
    """Refuse a JPEG file that would take minutes to decode; call this before decoding.

    Raises
    ------
    DataError
        It has more than `MOST_SCANS` scans.
    """
    scans = bytes(content).count(_SCAN)
    if scans > MOST_SCANS:
        raise DataError(f"it has {scans:,} scans, at most {MOST_SCANS} are decoded")


def load(image: Image.Image) -> Image.Image:
    """Decode an open JPEG file, with an end marker or without.

    Raises
    ------
    DataError
        Data are missing, or there are more than `MOST_SCANS` scans.
    OSError
        From Pillow: the file is damaged in another way.
    """
    content = content_of(image)
    check_scans(content)
    layout = outline(content)
    if not layout.marked:
        content = with_end(content, layout)
        image = Image.open(io.BytesIO(content), formats=["JPEG"])
    image.load()
    if (_doubtful(image, layout) or not layout.marked) and _reads_on(content, image, layout):
        raise DataError(EARLY)
    return image


def with_end(content: bytes, layout: Outline | None = None) -> bytes:
    """Add an end marker if the first image of the file has none.

    Raises
    ------
    DataError
        Whole scans are missing.
    """
    layout = layout or outline(content)
    if layout.marked:
        return content
    if not layout.complete:
        raise DataError(EARLY)
    return content[: layout.end] + _END


def open_without_exif(content: bytes) -> Image.Image:
    """Open a JPEG file although Pillow cannot read its EXIF block; ``info`` holds the block."""
    kept, at, exif = [content[:2]], 2, b""
    while content[at : at + 1] == b"\xff" and content[at + 1 : at + 2] != b"\xda":
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
        if content[at + 1] == _APP1 and content[at + 4 : at + 8] == b"Exif":
            exif = exif or content[at + 4 : end]
        else:
            kept.append(content[at:end])
        at = end
    image = Image.open(io.BytesIO(b"".join([*kept, content[at:]])), formats=["JPEG"])
    image.info["exif"] = exif
    return image


def _doubtful(image: Image.Image, layout: Outline) -> bool:
    """Whether data may be missing before the end marker, so that `_reads_on` must find out.

    The image ends in one colour, as filled gaps do, or is progressive, where gaps leave no such
    trace.
    """
    width, height = image.size
    last = np.asarray(image.crop((max(0, width - 8), height - 1, width, height)), np.int16)
    plain = bool(np.ptp(last, axis=(0, 1)).max() <= 2) or height % 16 == 1
    return plain or layout.progressive


def _reads_on(content: bytes, image: Image.Image, layout: Outline) -> bool:
    """Whether a decoder needs data beyond their end: other bytes there change the image."""
    if image.mode not in ("RGB", "L", "CMYK"):
        return False
    restarts = _RESTART.findall(content, layout.begin, layout.end)
    after = _OTHERS + b"\xff" + bytes([0xD0 + len(restarts) % 8]) + _OTHERS
    changed = content[: layout.end] + after + content[layout.end :]
    try:
        with Image.open(io.BytesIO(changed), formats=["JPEG"]) as again:
            return not np.array_equal(np.asarray(again), np.asarray(image))
    except Exception:  # Pillow's decoders raise errors of many kinds
        return True


def _without_padding(content: bytes) -> bytes:
    """A file that lacks its end marker, without the zeros that pad it.

    The data themselves end in a zero only after a byte FF: their last byte is padded with ones.
    """
    bare = content.rstrip(b"\0")
    if bare.endswith(b"\xff") and len(content) > len(bare):
        return content[: len(bare) + 1]
    return bare.removesuffix(b"\xff")  # half of the end marker
