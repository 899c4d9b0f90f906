"""One image file to one record: decode, turn upright, make RGB, resize, encode."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from tinyalex.data import jpeg
from tinyalex.data.decode import decoded, open_image, square
from tinyalex.data.orientation import transpose_of
from tinyalex.errors import ConfigError, DataError, unknown

# Pillow's filters. They read every pixel when they make an image smaller (no aliasing).
FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
}
RESIZES = ("shorter", "warp", "keep")
SUBSAMPLING = "4:2:0"  # chroma at half the size, as in most of ImageNet's own files
MOST_SIDE = 4096  # pixels


@dataclass(frozen=True)
class Form:
    """How an image becomes a record.

    Attributes
    ----------
    kind : str
        ``"raw"`` (uint8 pixels) or ``"jpeg"``.
    resize : str
        ``"shorter"``: scale the shorter side to ``size`` and crop the centre (paper, section 2);
        ``"warp"``: scale both sides to ``size`` (Caffe); ``"keep"``: keep the size, for JPEG only.
    size : int
        Side in pixels, 1 to 4096.
    filter : str
        Resampling filter, one of `FILTERS`.
    quality : int
        JPEG quality, 1 to 100.
    icc : str
        Colour profiles: ``"ignore"`` keeps the pixels as they are in the file, ``"srgb"`` converts
        them to sRGB.

    Raises
    ------
    ConfigError
        A value is not allowed.
    """

    kind: str = "raw"
    resize: str = "shorter"
    size: int = 256
    filter: str = "bilinear"
    quality: int = 90
    icc: str = "ignore"

    def __post_init__(self) -> None:
        for what, value, known in (
            ("format", self.kind, ("raw", "jpeg")),
            ("resize", self.resize, RESIZES),
            ("filter", self.filter, FILTERS),
            ("icc", self.icc, ("ignore", "srgb")),
        ):
            if value not in known:
                raise unknown(what, value, known)
        if self.resize == "keep" and self.kind != "jpeg":
            raise ConfigError("images of different sizes cannot be raw", "--format jpeg --keep")
        if not 1 <= self.size <= MOST_SIDE:
            raise ConfigError(f"size must be from 1 to {MOST_SIDE} (got {self.size})", "256")
        if not 1 <= self.quality <= 100:
            raise ConfigError(f"quality must be from 1 to 100 (got {self.quality})", "90")

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(H, W, 3), or None if sizes differ."""
        return None if self.resize == "keep" else (self.size, self.size, 3)

    def options(self) -> dict[str, Any]:
        """Everything that changes the records' bytes, by the names of the command's options."""
        options: dict[str, Any] = {"format": self.kind, "resize": self.resize, "icc": self.icc}
        if self.resize != "keep":
            options |= {"size": self.size, "filter": self.filter}
        if self.kind == "jpeg":
            options |= {"quality": self.quality, "subsampling": SUBSAMPLING}
        return options

    def make(self, content: bytes) -> tuple[bytes, np.ndarray]:
        """Make a record from an image file's bytes.

        Returns
        -------
        payload : bytes
            uint8 pixels (H, W, 3) row by row, or a JPEG file.
        pixels : uint8 (H, W, 3)
            What decoding the record gives.

        Raises
        ------
        DataError
            The bytes are no image, too large, or damaged. The message is the reason alone.
        """
        where = "picture"
        try:
            with open_image(content, where) as image:
                unchanged = self._can_stay(image)
                rgb = decoded(image, "RGB", where, _to_srgb if self.icc == "srgb" else None)
        except DataError as error:
            raise DataError(error.message.removeprefix(f"{where}: "), error.hint) from error
        if unchanged:
            return jpeg.with_end(content), np.asarray(rgb)
        if self.resize == "shorter":
            rgb = square(rgb, self.size, FILTERS[self.filter])
        elif self.resize == "warp" and rgb.size != (self.size, self.size):
            rgb = rgb.resize((self.size, self.size), FILTERS[self.filter])
        if self.kind == "raw":
            pixels = np.asarray(rgb)
            return pixels.tobytes(), pixels
        return _jpeg(rgb, self.quality)

    def _can_stay(self, image: Image.Image) -> bool:
        """Whether a JPEG file is a right record as it is, byte for byte."""
        if self.resize != "keep" or image.format != "JPEG" or image.mode not in ("RGB", "L"):
            return False
        if self.icc == "srgb" and "icc_profile" in image.info:
            return False
        return transpose_of(image) is None


def _jpeg(image: Image.Image, quality: int) -> tuple[bytes, np.ndarray]:
    image.info = {}  # no EXIF data and no profile of the source
    stream = io.BytesIO()
    try:
        image.save(stream, "JPEG", quality=quality, subsampling=SUBSAMPLING)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be a JPEG file ({error})") from error
    payload = stream.getvalue()
    with Image.open(io.BytesIO(payload), formats=["JPEG"]) as decoded_again:
        return payload, np.asarray(decoded_again)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Convert to sRGB by the image's profile, unless it is damaged or does not fit."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return image if converted is None else converted
