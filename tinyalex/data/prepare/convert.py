"""A picture's way into a packed data set: decoded, turned, made RGB and square, encoded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from tinyalex.data import jpeg
from tinyalex.data.decode import decoded, open_image, square
from tinyalex.data.orientation import turn_of
from tinyalex.errors import ConfigError, DataError, unknown

# Pillow's filters; when they make a picture smaller they look at every pixel (no aliasing).
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
    """What becomes of a picture.

    Attributes
    ----------
    kind : ``"raw"`` (uint8 pixels) or ``"jpeg"``
    resize : str
        ``"shorter"``: the shorter side is scaled to ``size`` and the centre cut out (paper,
        section 2); ``"warp"``: both sides are scaled to ``size`` (Caffe); ``"keep"``: nothing,
        for JPEG only.
    size : int
        Side in pixels.
    filter : str
        One of `FILTERS`.
    quality : int
        Of JPEG, 1 to 100.
    icc : str
        ``"ignore"`` takes the numbers as they are, whatever profile a file has; ``"srgb"``
        converts them by the profile.

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
            raise ConfigError("pictures of different sizes cannot be raw", "--format jpeg --keep")
        if not 1 <= self.size <= MOST_SIDE:
            raise ConfigError(f"size must be from 1 to {MOST_SIDE} (got {self.size})", "256")
        if not 1 <= self.quality <= 100:
            raise ConfigError(f"quality must be from 1 to 100 (got {self.quality})", "90")

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(H, W, 3), or None where sizes differ."""
        return None if self.resize == "keep" else (self.size, self.size, 3)

    def options(self) -> dict[str, Any]:
        """What decides the bytes, by the names of the command's options."""
        options: dict[str, Any] = {"format": self.kind, "resize": self.resize, "icc": self.icc}
        if self.resize != "keep":
            options |= {"size": self.size, "filter": self.filter}
        if self.kind == "jpeg":
            options |= {"quality": self.quality, "subsampling": SUBSAMPLING}
        return options

    def make(self, content: bytes) -> tuple[bytes, np.ndarray]:
        """Make a record of a picture file.

        Returns
        -------
        payload : bytes
            uint8 pixels row by row, or a JPEG file.
        pixels : uint8 (H, W, 3)
            What a reader of the record will see.

        Raises
        ------
        DataError
            It is no picture, too large, or damaged. The message is the reason alone.
        """
        where = "picture"
        try:
            with open_image(content, where) as image:
                as_it_is = self._can_stay(image)
                rgb = decoded(image, "RGB", where, _to_srgb if self.icc == "srgb" else None)
        except DataError as error:
            raise DataError(error.message.removeprefix(f"{where}: "), error.hint) from error
        if as_it_is:
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
        """Whether a JPEG file can be kept byte for byte: a reader sees the right pixels."""
        if self.resize != "keep" or image.format != "JPEG" or image.mode not in ("RGB", "L"):
            return False
        if self.icc == "srgb" and "icc_profile" in image.info:
            return False
        return turn_of(image) is None


def _jpeg(image: Image.Image, quality: int) -> tuple[bytes, np.ndarray]:
    # Nothing of the source's own comes along: no EXIF data, no profile.
    image.info = {}
    stream = io.BytesIO()
    try:
        image.save(stream, "JPEG", quality=quality, subsampling=SUBSAMPLING)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be a JPEG file ({error})") from error
    payload = stream.getvalue()
    with Image.open(io.BytesIO(payload), formats=["JPEG"]) as again:
        return payload, np.asarray(again)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Convert to sRGB by the picture's profile; one that is damaged or does not fit is none."""
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
