"""All bytes of a picture's file, where its header alone is not enough."""

from __future__ import annotations

from typing import IO

from PIL import Image

from tinyalex.errors import DataError

LARGEST_FILE = 1 << 30  # bytes


def content_of(image: Image.Image) -> bytes:
    """All bytes of an open picture that is not decoded yet; raises DataError if they are many."""
    file = getattr(image, "fp", None)
    if file is None:
        raise DataError("the file is closed")
    return read_all(file)


def read_all(file: IO[bytes]) -> bytes:
    """All bytes of an open file; raises DataError if they are many."""
    size = file.seek(0, 2)
    if size > LARGEST_FILE:
        raise DataError(f"a file of {size:,} bytes (at most {LARGEST_FILE:,})")
    file.seek(0)
    return file.read(size)
