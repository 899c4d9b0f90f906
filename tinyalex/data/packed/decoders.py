"""Decode JPEG files in memory: by libjpeg-turbo, by Pillow, or by nvImageCodec on a GPU."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import simplejpeg
from PIL import Image

from tinyalex.data.decode import MOST_PIXELS
from tinyalex.data.jpeg import check_scans
from tinyalex.errors import ConfigError, unknown

# JPEG files, uint8 (n,) each -> uint8 (H, W, 3) each, in order; each result may be overwritten by
# the next one. A damaged file raises an error in its place.
Decoder = Callable[[Sequence[np.ndarray]], Iterator[np.ndarray]]

NAMES = ("turbo", "pillow", "nvimgcodec")


def get_decoder(name: str) -> Decoder:
    """Give the decoder ``"turbo"``, ``"pillow"`` or ``"nvimgcodec"``.

    Raises
    ------
    ConfigError
        The name is unknown, or the decoder is not installed.
    """
    if name == "turbo":
        return turbo
    if name == "pillow":
        return pillow
    if name == "nvimgcodec":
        return NvImageCodec()
    raise unknown("JPEG decoder", name, NAMES)


def turbo(payloads: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Decode files one by one with libjpeg-turbo, called directly.

    Notes
    -----
    Pillow contains the same library, so the pixels are identical. Here it takes half the time
    and releases Python's lock throughout, so that threads decode as fast as processes. A file is
    always decoded completely, even for a crop. CMYK and what libjpeg-turbo refuses (rare colour
    subsampling, damage) go to Pillow, which decodes it or says what is wrong.
    """
    room = np.empty(0, np.uint8)  # reused: fresh memory costs a tenth of the time
    for payload in payloads:
        check_scans(payload)
        try:
            height, width, colours, _ = simplejpeg.decode_jpeg_header(payload)
            if colours in ("CMYK", "YCCK"):
                raise ValueError("libjpeg-turbo converts it to RGB with another rounding")
            _check_size(width, height)
            if room.size < height * width * 3:
                room = np.empty(height * width * 3, np.uint8)
            pixels = simplejpeg.decode_jpeg(payload, "RGB", buffer=room)
        except ValueError:
            (pixels,) = pillow([payload])
        yield pixels


def pillow(payloads: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Decode files one by one; Pillow releases Python's lock most of the time."""
    for payload in payloads:
        check_scans(payload)
        with Image.open(io.BytesIO(payload.tobytes()), formats=("JPEG",)) as image:
            _check_size(image.width, image.height)
            rgb = image if image.mode == "RGB" else image.convert("RGB")
            pixels = np.frombuffer(rgb.tobytes(), np.uint8)
            yield pixels.reshape(rgb.height, rgb.width, 3)


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise ValueError(f"absurdly large, {width} x {height} pixels")


class NvImageCodec:
    """NVIDIA's decoder: decodes the given files together, on the GPU.

    The pixels are copied to the host, where they are cropped; they differ from Pillow's by
    rounding. On an H200, given 32 images at a time, it decoded two thirds as many images per
    second as libjpeg-turbo in eight threads (docs/results/gpu.md): it is for machines whose cores
    are busy.

    Raises
    ------
    ConfigError
        nvImageCodec is not installed, or finds no GPU.
    """

    def __init__(self) -> None:
        try:
            from nvidia import nvimgcodec

            self._decoder: Any = nvimgcodec.Decoder()
        except Exception as error:  # a missing driver raises errors of other types
            raise ConfigError(
                f"JPEG decoder nvimgcodec: cannot be used here ({error})",
                'pip install "nvidia-nvimgcodec-cu12[all]" (or -cu13) with the GPU backend, '
                "or --jpeg-decoder turbo",
            ) from error
        self._lock = threading.Lock()

    def __call__(self, payloads: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        """Decode; see `Decoder`."""
        for payload in payloads:
            check_scans(payload)
        with self._lock:
            images = self._decoder.decode([payload.tobytes() for payload in payloads])
        for image in images:
            if image is None:
                raise ValueError("nvImageCodec cannot decode it")
            yield np.asarray(image.cpu())
