"""JPEG files in memory to pixels: by Pillow, or by nvImageCodec on a GPU."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image

from tinyalex.data.decode import MOST_PIXELS
from tinyalex.errors import ConfigError, unknown

# JPEG files -> uint8 (H, W, 3) each, in order; what is damaged raises ValueError in its place.
Decoder = Callable[[Sequence[bytes]], Iterator[np.ndarray]]

NAMES = ("pillow", "nvimgcodec")


def get_decoder(name: str) -> Decoder:
    """Give a decoder by its name.

    Raises
    ------
    ConfigError
        There is no decoder of that name, or it is not installed.
    """
    if name == "pillow":
        return pillow
    if name == "nvimgcodec":
        return NvImageCodec()
    raise unknown("JPEG decoder", name, NAMES)


def pillow(payloads: Sequence[bytes]) -> Iterator[np.ndarray]:
    """Decode one file after the other; Pillow lets go of Python's lock meanwhile.

    Notes
    -----
    Pillow decodes a file whole: there is no way to ask it for a part. So a crop costs as much
    as the image.
    """
    for payload in payloads:
        with Image.open(io.BytesIO(payload), formats=("JPEG",)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"absurdly large, {image.width} x {image.height} pixels")
            rgb = image if image.mode == "RGB" else image.convert("RGB")
            pixels = np.frombuffer(rgb.tobytes(), np.uint8)
            yield pixels.reshape(rgb.height, rgb.width, 3)


class NvImageCodec:
    """NVIDIA's decoder: the files of a piece of a batch at once, on the GPU.

    The pixels come back to the host, where they are cut; they differ from Pillow's by rounding.
    Its speed was never measured by us.

    Raises
    ------
    ConfigError
        nvImageCodec is not installed, or finds no GPU.
    """

    def __init__(self) -> None:
        try:
            from nvidia import nvimgcodec

            self._decoder: Any = nvimgcodec.Decoder()
        except Exception as error:  # a missing driver raises errors of its own kinds
            raise ConfigError(
                f"JPEG decoder nvimgcodec: cannot be used here ({error})",
                'pip install "nvidia-nvimgcodec-cu12[all]" (or -cu13) beside the GPU backend, '
                "or --jpeg-decoder pillow",
            ) from error
        self._lock = threading.Lock()

    def __call__(self, payloads: Sequence[bytes]) -> Iterator[np.ndarray]:
        """Decode; see `Decoder`."""
        with self._lock:
            images = self._decoder.decode(list(payloads))
        for image in images:
            if image is None:
                raise ValueError("nvImageCodec cannot decode it")
            yield np.asarray(image.cpu())
