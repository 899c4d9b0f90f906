"""Numbers as pictures: feature maps side by side, and heat over an image."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from tinyalex.report.sheet import as_uri

Host = np.ndarray[Any, Any]

# The colours of explore's page: 0 is black, orange is positive, blue negative.
_POSITIVE = np.array([[20, 23, 28], [230, 119, 0], [255, 212, 128], [255, 250, 235]])
_NEGATIVE = np.array([[20, 23, 28], [28, 126, 214], [145, 207, 255], [236, 247, 255]])
_STOPS = np.linspace(0, 1, len(_POSITIVE))
SIDE = 224  # pixels of a picture in the page, at least
SHEET = 640  # pixels of a row of maps, at most


def coloured(values: Host) -> Host:
    """Colour numbers from -1 to 1: uint8 (..., 3)."""
    size = np.minimum(np.abs(values), 1)
    channels = [
        np.where(values < 0, np.interp(size, _STOPS, low), np.interp(size, _STOPS, high))
        for low, high in zip(_NEGATIVE.T, _POSITIVE.T, strict=True)
    ]
    rgb: Host = np.stack(channels, axis=-1).round().astype(np.uint8)
    return rgb


def sheet(maps: Host) -> str:
    """Feature maps (K, H, W), on one scale, side by side: a PNG as data URI."""
    K, H, W = maps.shape
    zoom, gap = max(1, (48 if W > 1 else 14) // W), 2 if W > 1 else 0
    rgb = coloured(maps / (np.abs(maps).max() or 1)).repeat(zoom, 1).repeat(zoom, 2)
    columns = min(K, max(1, SHEET // (W * zoom + gap)))
    rows = -(-K // columns)
    high, wide = H * zoom + gap, W * zoom + gap
    page = np.zeros((rows * high, columns * wide, 4), np.uint8)  # transparent between the maps
    for i, one in enumerate(rgb):
        top, left = i // columns * high, i % columns * wide
        page[top : top + H * zoom, left : left + W * zoom] = np.dstack(
            [one, np.full(one.shape[:2], 255, np.uint8)]
        )
    return _uri(page)


def picture(pixels: Host) -> str:
    """An image uint8 (H, W, C), enlarged by a whole factor where it is small."""
    zoom = max(1, -(-SIDE // pixels.shape[0]))
    rgb = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    return _uri(rgb.repeat(zoom, 0).repeat(zoom, 1))


def heat(values: Host) -> str:
    """Numbers (H, W), not negative, from black to white."""
    return picture(coloured(values / (values.max() or 1)))


def overlay(pixels: Host, values: Host) -> str:
    """Heat (h, w), not negative, enlarged to the image uint8 (H, W, C) and laid over it."""
    H, W, _ = pixels.shape
    small = Image.fromarray((values / (values.max() or 1)).astype(np.float32))
    share: Host = np.asarray(small.resize((W, H), Image.Resampling.BILINEAR))
    grey = np.broadcast_to(pixels.mean(axis=2, keepdims=True), (H, W, 3))
    blend = 0.75 * share[..., None]
    mixed = (1 - blend) * (0.8 * grey) + blend * coloured(0.6 * share)  # orange, not white
    return picture(mixed.round().astype(np.uint8))


def _uri(pixels: Host) -> str:
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "PNG")
    return as_uri(stream.getvalue())
