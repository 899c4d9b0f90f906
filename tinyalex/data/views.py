"""Where images are cropped: at the centre, or in the ten or nine views of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tinyalex.backends import Array, Backend
from tinyalex.errors import ConfigError

Pair = tuple[int, int]


def crop_size(crop: int | None, image_hw: Pair) -> Pair:
    """Height and width of a crop; None means the whole image.

    Raises
    ------
    ConfigError
        The crop is below 1 or larger than the image.
    """
    if crop is None:
        return image_hw
    if not 1 <= crop <= min(image_hw):
        raise ConfigError(
            f"crop {crop} does not fit images of {image_hw[0]} x {image_hw[1]}",
            f"a crop of at most {min(image_hw)}, or larger images",
        )
    return crop, crop


def centre_corner(image_hw: Pair, crop: Pair) -> Pair:
    """Top and left of the centre crop."""
    return (image_hw[0] - crop[0]) // 2, (image_hw[1] - crop[1]) // 2


def five_corners(image_hw: Pair, crop: Pair) -> list[Pair]:
    """Top and left of the four corner crops and the centre crop."""
    bottom, right = image_hw[0] - crop[0], image_hw[1] - crop[1]
    return [(0, 0), (0, right), centre_corner(image_hw, crop), (bottom, 0), (bottom, right)]


def nine_corners(image_hw: Pair, crop: Pair) -> list[Pair]:
    """Top and left of crops in three rows and three columns; the middle one is the centre crop."""
    bottom, right = image_hw[0] - crop[0], image_hw[1] - crop[1]
    middle, centre = centre_corner(image_hw, crop)
    return [(top, left) for top in (0, middle, bottom) for left in (0, centre, right)]


def ten_views(
    images: np.ndarray, backend: Backend, crop: Pair, mean: Array | None, scale: float | Array
) -> Iterator[Array]:
    """Yield the four corners and the centre, then the same five flipped, one at a time.

    Parameters
    ----------
    images : uint8 (N, H, W, C)
    crop : (CH, CW)
    mean : float32 (C, 1, 1) or (C, CH, CW) on the backend, or None
    scale : float, or float32 (C,) on the backend

    Yields
    ------
    float32 (N, C, CH, CW)

    Notes
    -----
    Paper, section 4.1. If the crop is the whole image, there is no room for corners: then each
    side is extended by a fourteenth (at least one pixel) by reflection. The paper's corners are
    16 pixels from the centre crop of 224, which is a fourteenth.

    Examples
    --------
    >>> from tinyalex import backends
    >>> image = np.arange(9, dtype=np.uint8).reshape(1, 3, 3, 1)  # rows 0 1 2, 3 4 5, 6 7 8
    >>> views = list(ten_views(image, backends.get("numpy"), (1, 1), mean=None, scale=1.0))
    >>> [int(view[0, 0, 0, 0]) for view in views]  # corners and centre, then flipped
    [0, 2, 4, 6, 8, 0, 2, 4, 6, 8]
    """
    return _cut(images, backend, crop, mean, scale, five_corners, (False, True))


def nine_views(
    images: np.ndarray, backend: Backend, crop: Pair, mean: Array | None, scale: float | Array
) -> Iterator[Array]:
    """Yield the corners, the middles of the edges and the centre, not flipped, one at a time.

    Parameters, yields and notes are those of `ten_views`. cuda-convnet's published errors of
    nets trained on crops use these views. Source: cuda-convnet, convdata.py,
    CroppedCIFARDataProvider, ``multiview_test``.

    Examples
    --------
    >>> from tinyalex import backends
    >>> image = np.arange(9, dtype=np.uint8).reshape(1, 3, 3, 1)  # rows 0 1 2, 3 4 5, 6 7 8
    >>> views = list(nine_views(image, backends.get("numpy"), (1, 1), mean=None, scale=1.0))
    >>> [int(view[0, 0, 0, 0]) for view in views]
    [0, 1, 2, 3, 4, 5, 6, 7, 8]
    """
    return _cut(images, backend, crop, mean, scale, nine_corners, (False,))


def _cut(
    images: np.ndarray,
    backend: Backend,
    crop: Pair,
    mean: Array | None,
    scale: float | Array,
    corners_of: Callable[[Pair, Pair], list[Pair]],
    mirrored: Sequence[bool],
) -> Iterator[Array]:
    N, H, W, _ = images.shape
    if crop == (H, W):
        rows, columns = max(1, round(H / 14)), max(1, round(W / 14))
        # NumPy reflects without the edge pixel, so an image may be too small for it.
        mode = "reflect" if rows < H and columns < W else "edge"
        images = np.pad(  # type: ignore[call-overload]
            images, ((0, 0), (rows, rows), (columns, columns), (0, 0)), mode=mode
        )
    on_backend = backend.asarray(images)
    corners = corners_of((images.shape[1], images.shape[2]), crop)
    for mirror in mirrored:
        mirrors = backend.asarray(np.full(N, mirror))
        for top, left in corners:
            tops, lefts = (backend.asarray(np.full(N, at)) for at in (top, left))
            yield backend.augment(on_backend, tops, lefts, mirrors, crop, mean, None, scale)
