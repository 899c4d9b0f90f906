"""Many small images in rows, as one PNG with clear gaps: it looks right on light and dark pages."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from tinyalex.runs.film import HostArray


def sheet(tiles: HostArray, columns: int, groups: int = 1) -> bytes:
    """Lay images out row by row; a PNG file.

    Parameters
    ----------
    tiles : uint8 (n, H, W, C)
        C is 1 or 3.
    columns : int
    groups : int
        Equal parts of the tiles, one above the other, with a wider gap between them.
    """
    n, H, W, C = tiles.shape
    zoom = max(1, 16 // min(H, W))  # so that a gap can be thinner than a pixel of a filter
    tiles = tiles.repeat(zoom, axis=1).repeat(zoom, axis=2)
    H, W = H * zoom, W * zoom
    gap = max(2, min(H, W) // 20)
    rows = -(-(n // groups) // columns)
    height, wide = rows * (H + gap), 3 * gap
    picture = np.zeros(
        (groups * height + (groups - 1) * wide, columns * (W + gap), C + 1), np.uint8
    )
    for i, tile in enumerate(tiles):
        group, place = divmod(i, n // groups)
        top = group * (height + wide) + place // columns * (H + gap)
        left = place % columns * (W + gap)
        picture[top : top + H, left : left + W, :C] = tile
        picture[top : top + H, left : left + W, C] = 255
    stream = io.BytesIO()
    Image.fromarray(picture[:-gap, :-gap]).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def filters_sheet(filters: HostArray, groups: int = 1) -> bytes:
    """Filters (F, C, KH, KW), each scaled to its own range, as in the paper's figure 3."""
    whole = np.nan_to_num(np.asarray(filters, np.float64))
    tiles = np.round(255 * stretch(whole)).astype(np.uint8)
    return sheet(tiles, columns_of(len(tiles), len(tiles) // groups), groups)


def stretch(weight: HostArray) -> HostArray:
    """Scale each filter to 0..1, (F, C, KH, KW) to (F, KH, KW, C); a constant one becomes 0.5."""
    low = weight.min(axis=(1, 2, 3), keepdims=True)
    span = weight.max(axis=(1, 2, 3), keepdims=True) - low
    scaled: HostArray = np.where(span > 0, (weight - low) / np.where(span > 0, span, 1), 0.5)
    return scaled.transpose(0, 2, 3, 1)


def columns_of(count: int, per_group: int) -> int:
    """Number of columns that fills every row and is nearest to figure 3's 16 by 6."""
    divisors = [n for n in range(1, min(per_group, 16) + 1) if per_group % n == 0]
    return min(divisors, key=lambda n: abs(np.log(n * n / count / (16 / 6))))


def as_uri(png: bytes) -> str:
    """A PNG file as a data URI, to embed in a page."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
