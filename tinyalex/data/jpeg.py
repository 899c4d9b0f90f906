"""JPEG files whose data end early: read where every pixel is there, else refused.

A file that is cut off has no end marker; one that was repaired, or whose hole was closed, has one
though data are missing. libjpeg fills what is missing with one colour and only warns, which
Pillow does not pass on. So whether the pixels are there is asked in two ways. Do the scans' headers
say that every coefficient came? And does the picture change if other bytes are put where its data
end? If it does, the decoder had to read on there.
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
EARLY = "its data end before the picture does"
# Each scan may cost as much as decoding the whole picture, and takes 22 bytes. Encoders write up to
# about ten; one for each coefficient of each colour would be 192. libjpeg-turbo's own fuzzers give
# a file up after 500.
MOST_SCANS = 500
_SCAN = b"\xff\xda"  # never among a scan's data
_END = b"\xff\xd9"
_APP1 = 0xE1
# A marker. Among a scan's data a byte FF is followed by 00, and the markers D0 to D7 belong there.
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_OTHERS = bytes(range(254, 0, -1)) * 4  # the decoder takes zeros: these begin with ones


@dataclass(frozen=True)
class Outline:
    """Where the first picture of a JPEG file ends.

    Attributes
    ----------
    begin, end : int
        Where the data of its last scan lie.
    marked : bool
        Whether an end marker follows.
    complete : bool
        Whether the headers of its scans promise every coefficient to its last bit.
    progressive : bool
    """

    begin: int
    end: int
    marked: bool
    complete: bool
    progressive: bool


def outline(content: bytes) -> Outline:
    """Go through a JPEG file from marker to marker, up to the end of its first picture."""
    scans = _Scans()
    at = begin = end = 2
    in_data = marked = False
    while (found := _MARKER.search(content, at)) is not None:
        at, code = found.end(), found[1][0]
        if in_data:
            end, in_data = found.start(), False
        if code == 0xD9:
            marked = True
            break
        if code in (0xD8, 0x01):  # they have no length
            continue
        length = int.from_bytes(content[at : at + 2])
        body = content[at + 2 : at + length]
        at += length
        if at > len(content):
            scans.missing.add((-1, 0))
            break
        if code in _FRAMES:
            scans.begin(body, code in _PROGRESSIVE)
        elif code == 0xDA:
            scans.add(body)
            begin, in_data = at, True
            if not scans.missing and (last := content.find(_END, at)) >= 0:
                at = last  # nothing of interest comes before it: quicker than the expression
    if in_data:
        end = len(_without_padding(content))
    return Outline(begin, end, marked, not scans.missing, scans.progressive)


def check_scans(content: bytes | np.ndarray) -> None:
    """Refuse a JPEG file that would take minutes to decode; to be called before it is decoded.

    Raises
    ------
    DataError
        It has more than `MOST_SCANS` scans.
    """
    found = bytes(content).count(_SCAN)
    if found > MOST_SCANS:
        raise DataError(f"it has {found:,} scans, at most {MOST_SCANS} are decoded")


def load(image: Image.Image) -> Image.Image:
    """Decode an open JPEG file whose pixels are all there, with an end marker or without.

    Raises
    ------
    DataError
        Data are missing, or it has absurdly many scans.
    OSError
        Of Pillow's: the file is damaged in another way.
    """
    content = content_of(image)
    check_scans(content)
    found = outline(content)
    if not found.marked:
        content = with_end(content, found)
        image = Image.open(io.BytesIO(content), formats=["JPEG"])
    image.load()
    if (_doubtful(image, found) or not found.marked) and _reads_on(content, image, found):
        raise DataError(EARLY)
    return image


def with_end(content: bytes, found: Outline | None = None) -> bytes:
    """The file with an end marker, where its first picture has none.

    Raises
    ------
    DataError
        Whole scans are missing.
    """
    found = found or outline(content)
    if found.marked:
        return content
    if not found.complete:
        raise DataError(EARLY)
    return content[: found.end] + _END


def ends_early(content: bytes, image: Image.Image) -> bool:
    """Whether data are missing before the end marker.

    Parameters
    ----------
    content : bytes
        The file, with an end marker.
    image : Image
        The same, decoded.

    Notes
    -----
    A second decoding is done only where there is a sign: a picture that ends in one colour, as all
    that is filled in has, or progressive data, where what is missing makes no such mark.
    """
    found = outline(content)
    return _doubtful(image, found) and _reads_on(content, image, found)


def open_without_exif(content: bytes) -> Image.Image:
    """Open a JPEG file whose EXIF block Pillow stumbles over; the block comes along unread."""
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


def _doubtful(image: Image.Image, found: Outline) -> bool:
    """Whether there is a sign that data are missing; see `ends_early`."""
    width, height = image.size
    last = np.asarray(image.crop((max(0, width - 8), height - 1, width, height)), np.int16)
    plain = bool(np.ptp(last, axis=(0, 1)).max() <= 2) or height % 16 == 1
    return plain or found.progressive


def _reads_on(content: bytes, image: Image.Image, found: Outline) -> bool:
    """Whether a decoder reads beyond the end of the data: other bytes there change the picture."""
    if image.mode not in ("RGB", "L", "CMYK"):
        return False
    restarts = _RESTART.findall(content, found.begin, found.end)
    after = _OTHERS + b"\xff" + bytes([0xD0 + len(restarts) % 8]) + _OTHERS
    changed = content[: found.end] + after + content[found.end :]
    try:
        with Image.open(io.BytesIO(changed), formats=["JPEG"]) as again:
            return not np.array_equal(np.asarray(again), np.asarray(image))
    except Exception:  # Pillow's decoders raise errors of many kinds
        return True


class _Scans:
    """What the headers of a picture's scans have promised so far."""

    def __init__(self) -> None:
        self.progressive = False
        self.missing: set[tuple[int, int]] = {(-1, 0)}  # component, coefficient; no frame yet

    def begin(self, frame: bytes, progressive: bool) -> None:
        """Read a frame header: precision, height, width, number of components, components."""
        self.progressive = progressive
        components = frame[6 : 6 + 3 * frame[5] : 3] if len(frame) > 5 else b""
        self.missing = {(c, k) for c in components for k in range(64)} or {(-1, 0)}

    def add(self, scan: bytes) -> None:
        """Read a scan header: components, first and last coefficient, last bit that is sent."""
        if len(scan) < 4 or len(scan) != 4 + 2 * scan[0]:
            return
        first, last, bits = scan[-3:] if self.progressive else (0, 63, 0)
        if bits & 15 == 0:
            components = scan[1:-3:2]
            self.missing -= {(c, k) for c in components for k in range(first, last + 1)}


def _without_padding(content: bytes) -> bytes:
    """A file that lacks its end marker, without the zeros that fill it up.

    Data can end in a zero of their own after a byte FF only: what fills their last byte are ones.
    """
    bare = content.rstrip(b"\0")
    if bare.endswith(b"\xff") and len(content) > len(bare):
        return content[: len(bare) + 1]
    return bare.removesuffix(b"\xff")  # half of the end marker
