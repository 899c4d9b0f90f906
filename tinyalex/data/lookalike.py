"""What a file is that somebody gave as a picture, by its first bytes."""

from __future__ import annotations

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
