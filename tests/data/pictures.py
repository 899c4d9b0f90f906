"""Small artificial images, splits and files for the tests of this folder."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tinyalex.data import Split
from tinyalex.data.dataset import array_split

Host = np.ndarray[Any, Any]


def noise(shape: tuple[int, ...], seed: int = 0) -> Host:
    """Random pixels, uint8."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def numbered(N: int, H: int = 4, W: int = 5, C: int = 1) -> Split:
    """Images and labels that equal their index."""
    images = np.broadcast_to(np.arange(N, dtype=np.uint8)[:, None, None, None], (N, H, W, C))
    return array_split(np.ascontiguousarray(images), np.arange(N), max(N, 1), "numbered")


def random_split(N: int, H: int, W: int, C: int, seed: int = 0) -> Split:
    """Random pixels, labels alternating 0 and 1."""
    return array_split(noise((N, H, W, C), seed), np.arange(N) % 2, 2, "random")


def encode(image: Image.Image | Host, format: str = "PNG", **options: Any) -> bytes:
    """The bytes of an image file."""
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def write(path: Path, content: bytes | None = None) -> Path:
    """Write a file, by default a small image, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(noise((6, 8, 3))) if content is None else content)
    return path


def class_folders(root: Path, counts: dict[str, int], suffix: str = ".png") -> Path:
    """One folder of small images per class."""
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            write(root / name / f"{i}{suffix}", encode(noise((6, 8, 3), seed=i)))
    return root


def stacked(batches: Iterable[tuple[Host, Host]]) -> tuple[Host, Host]:
    """All images and labels of an epoch on the NumPy backend."""
    xs, labels = zip(*batches, strict=True)
    return np.concatenate(xs), np.concatenate(labels)
