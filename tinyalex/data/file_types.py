"""What a file is: by its name, or by its first bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath

from PIL import Image, features

# Formats that Pillow decodes by itself: no PostScript, no PDF, no outside program. Files with
# several JPEG pictures (MPO) are found by way of JPEG.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES = {
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".mpo",
    ".png",
    ".webp",
    ".bmp",
    ".dib",
    ".gif",
    ".tif",
    ".tiff",
    ".ppm",
    ".pgm",
    ".pbm",
    ".pnm",
}
# Formats that not every Pillow reads: AVIF since 11.3 or by a plug-in, HEIF by a plug-in only.
_MORE = {"AVIF": {".avif", ".avifs"}, "HEIF": {".heic", ".heif", ".hif"}}

# Of macOS, Windows and network drives; names that begin with a dot are left out anyway.
_SYSTEM = {
    "$recycle.bin",
    "@eadir",
    "__macosx",
    "desktop.ini",
    "ehthumbs.db",
    "icon\r",
    "lost+found",
    "system volume information",
    "thumbs.db",
}
_SHOWN = 8  # kinds that a sentence names


def formats() -> tuple[str, ...]:
    """Pillow's names of the formats that are read here and now."""
    return (*FORMATS, *(name for name in _MORE if _is_there(name)))


def suffixes() -> set[str]:
    """Ends of the names of pictures that are read here and now, in lower case."""
    return SUFFIXES.union(*(_MORE[name] for name in _MORE if _is_there(name)))


def _is_there(name: str) -> bool:
    """Whether Pillow itself, or a plug-in that has registered itself, reads a format."""
    own = name.lower()
    return name in Image.OPEN or (own in features.modules and bool(features.check_module(own)))


def is_hidden(name: str) -> bool:
    """Whether a name is one that people do not see: it begins with a dot, as ``._`` files do."""
    return name.startswith(".")


def is_of_system(name: str) -> bool:
    """Whether an operating system left a file or a folder of that name."""
    return name.casefold() in _SYSTEM


def is_junk(path: str) -> bool:
    """Whether a part of a member's path in an archive is hidden or of a system."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return any(is_hidden(part) or is_of_system(part) for part in parts)


def say_kinds(paths: Iterable[PurePath]) -> str:
    """``36 files of kinds that are not read: .avif 12, .heic 12, .jp2 12``; "" for none."""
    counts = Counter(path.suffix.lower() or "without a suffix" for path in paths)
    total = sum(counts.values())
    if not total:
        return ""
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{kind} {count:,}" for kind, count in common[:_SHOWN])
    more = ", ..." if len(common) > _SHOWN else ""
    of_kinds = "of kinds that are not read" if total > 1 else "of a kind that is not read"
    return f"{total:,} file{'s' if total > 1 else ''} {of_kinds}: {named}{more}"


FIRST_BYTES = 1024

# Where a mark begins, the mark, and what people call such a file.
_MARKS = (
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (4, b"ftypheic", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIF picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "a video"),
    (0, b"\x1a\x45\xdf\xa3", "a video"),
    (0, b"\x93NUMPY", "a NumPy array"),
)
_PAGES = (b"<!doctype html", b"<html")
_ODD = bytes(set(range(32)) - set(b"\t\n\f\r\x1b"))


def looks_like(head: bytes) -> str:
    """Name a file of another kind by its first bytes; "" if nothing is known of them.

    Parameters
    ----------
    head : bytes
        The first `FIRST_BYTES` of the file, or all of it.

    Examples
    --------
    >>> looks_like(b"milk\\nbread\\n"), looks_like(b"%PDF-1.7"), looks_like(bytes(8))
    ('a text file', 'a PDF document', '')
    """
    for start, mark, name in _MARKS:
        if head[start:].startswith(mark):
            return name
    begin = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if begin.startswith(_PAGES):
        return "a web page"
    if b"<svg" in begin:
        return "an SVG drawing"
    return "a text file" if _is_text(head) else ""


def _is_text(head: bytes) -> bool:
    if not head or head.translate(None, _ODD) != head:
        return False
    for cut in range(4):  # the last letter may be cut off
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return len(head) > cut
    return False
