"""What a file is: by its name, or by its first bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath

from PIL import Image, features

# Formats that Pillow decodes by itself: no PostScript, no PDF, no outside program. Pillow opens
# files with several JPEG images (MPO) as JPEG first.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".bmp", ".dib", ".gif"}
_SUFFIXES |= {".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"}
# Formats that not every Pillow reads: AVIF since 11.3 or by a plug-in, HEIF by a plug-in only.
_MORE = {"AVIF": {".avif", ".avifs"}, "HEIF": {".heic", ".heif", ".hif"}}

# Left by macOS, Windows and network drives; names that begin with a dot are hidden anyway.
_SYSTEM = {"$recycle.bin", "@eadir", "__macosx", "desktop.ini", "ehthumbs.db", "icon\r"}
_SYSTEM |= {"lost+found", "system volume information", "thumbs.db"}
_SHOWN = 8  # suffixes that a message names

FIRST_BYTES = 1024
# Where the signature begins, the signature, and what people call such a file.
_SIGNATURES = (
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (4, b"ftypheic", "a HEIC image"),
    (4, b"ftypmif1", "a HEIF image"),
    (4, b"ftypavif", "an AVIF image"),
    (4, b"ftyp", "a video"),
    (0, b"\x1a\x45\xdf\xa3", "a video"),
    (0, b"\x93NUMPY", "a NumPy array"),
)
_NOT_IN_TEXT = bytes(set(range(32)) - set(b"\t\n\f\r\x1b"))


def formats() -> tuple[str, ...]:
    """Pillow's names of the formats that can be read on this machine."""
    return (*FORMATS, *(name for name in _MORE if _is_readable(name)))


def suffixes() -> set[str]:
    """Suffixes of the image files that can be read on this machine, in lower case."""
    return _SUFFIXES.union(*(_MORE[name] for name in _MORE if _is_readable(name)))


def _is_readable(name: str) -> bool:
    """Whether Pillow itself, or a registered plug-in, reads a format."""
    own = name.lower()
    return name in Image.OPEN or (own in features.modules and bool(features.check_module(own)))


def is_hidden(name: str) -> bool:
    """Whether a name begins with a dot, as that of macOS's ``._`` files does."""
    return name.startswith(".")


def is_of_system(name: str) -> bool:
    """Whether a name is that of a file or folder left by an operating system."""
    return name.casefold() in _SYSTEM


def is_junk(path: str) -> bool:
    """Whether any part of an archive member's path is hidden or left by an operating system."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return any(is_hidden(part) or is_of_system(part) for part in parts)


def say_kinds(paths: Iterable[PurePath]) -> str:
    """Count files by suffix: ``3 files of kinds that are not read: .gz 2, .txt 1``; "" for none."""
    counts = Counter(path.suffix.lower() or "without a suffix" for path in paths)
    total = counts.total()
    if not total:
        return ""
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{kind} {count:,}" for kind, count in common[:_SHOWN])
    more = ", ..." if len(common) > _SHOWN else ""
    files = "files of kinds that are not read" if total > 1 else "file of a kind that is not read"
    return f"{total:,} {files}: {named}{more}"


def looks_like(head: bytes) -> str:
    """Name a file that is not an image by its first bytes; "" if they are unknown.

    Parameters
    ----------
    head : bytes
        The first `FIRST_BYTES` of the file, or all of it.

    Examples
    --------
    >>> looks_like(b"milk\\nbread\\n"), looks_like(b"%PDF-1.7"), looks_like(bytes(8))
    ('a text file', 'a PDF document', '')
    """
    for start, signature, name in _SIGNATURES:
        if head.startswith(signature, start):
            return name
    begin = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if begin.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if b"<svg" in begin:
        return "an SVG drawing"
    return "a text file" if _is_text(head) else ""


def _is_text(head: bytes) -> bool:
    if not head or head.translate(None, _NOT_IN_TEXT) != head:
        return False
    for cut in range(4):  # the last character may be cut off
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return len(head) > cut
    return False
