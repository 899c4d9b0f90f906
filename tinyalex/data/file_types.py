"""What a file is by its name: a picture, a file of another kind, or what a system leaves."""

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
