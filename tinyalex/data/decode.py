"""From an image file to pixels: any format and mode that Pillow reads, made square."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from tinyalex.data import jpeg, png
from tinyalex.data.file_access import read_all, refusal
from tinyalex.data.file_types import FIRST_BYTES, formats, looks_like
from tinyalex.data.orientation import transpose_of
from tinyalex.errors import DataError

# Pillow's own default limit: a quarter of a gigabyte at 24 bits per pixel.
MOST_PIXELS = 89_478_485

RESAVE = "remove the file, or open it in an image editor and save it again"
OTHER_FILE = "an image in its place, such as .jpg or .png; or move the file elsewhere"

_BITS, _PHOTOMETRIC = 258, 262  # TIFF tags
_WHITE_IS_ZERO = 0
# Forms of grey that Pillow decodes but does not list: byte order, photometric interpretation,
# unsigned, fill order, bits, extra samples; then the mode, and the layout of the pixels.
for _form, _modes in {
    (b"MM", _WHITE_IS_ZERO, (1,), 1, (16,), ()): ("I;16B", "I;16B"),
    (b"II", _WHITE_IS_ZERO, (1,), 1, (12,), ()): ("I;16", "I;12"),
}.items():
    TiffImagePlugin.OPEN_INFO.setdefault(_form, _modes)


def check_header(path: Path) -> None:
    """Read a file's header, without decoding the pixels.

    Raises
    ------
    DataError
        The file is empty, cannot be read, is not an image in one of `file_types.formats`, or has
        more than `MOST_PIXELS` pixels.
    """
    with open_image(path, str(path)):
        pass


def read_image(path: Path, size: int, channels: int) -> np.ndarray:
    """Decode a file; of a file with several images, the first one.

    Parameters
    ----------
    path : Path
    size : int
        Pixels: the shorter side is scaled to this and the centre cut out (paper, section 2).
    channels : 3 for RGB, 1 for grey

    Returns
    -------
    uint8 (size, size, channels)

    Raises
    ------
    DataError
        As in `check_header`, or the pixels are cut off or damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (640, 480), "red").save(f"{folder}/red.png")
    ...     pixels = read_image(Path(folder, "red.png"), size=256, channels=3)
    >>> pixels.shape, pixels[0, 0].tolist()
    ((256, 256, 3), [255, 0, 0])
    """
    with open_image(path, str(path)) as image:
        grey_or_rgb = decoded(image, "RGB" if channels == 3 else "L", str(path))
    pixels = np.asarray(square(grey_or_rgb, size))
    return pixels.reshape(size, size, channels)


def open_image(source: Path | bytes, where: str) -> Image.Image:
    """Open an image by its header, without decoding the pixels.

    Parameters
    ----------
    source : Path, or a file's bytes
    where : str
        The image's name, for messages.

    Raises
    ------
    DataError
        As `check_header`.
    file_access.AccessError
        The operating system does not let the file be read.
    """
    try:
        if (len(source) if isinstance(source, bytes) else source.stat().st_size) == 0:
            raise DataError("the file is empty (0 bytes)")
        image = _open(source)
    except DataError as error:
        raise DataError(f"{where}: {error.message}", RESAVE) from error
    except FileNotFoundError as error:
        raise DataError(f"{where}: no such file", "check the path") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(f"{where}: absurdly large ({error})", RESAVE) from error
    except UnidentifiedImageError as error:  # its text has an object's address in it
        with _stream(source) as file:
            kind = looks_like(file.read(FIRST_BYTES))
        if kind:
            raise DataError(f"{where}: not a readable image but {kind}", OTHER_FILE) from error
        known = ", ".join(formats())
        raise DataError(f"{where}: not a readable image (none of {known})", RESAVE) from error
    except Exception as error:
        refused = refusal(error, where)
        raise refused or DataError(f"{where}: not a readable image ({error})", RESAVE) from error
    width, height = image.size
    if width * height > MOST_PIXELS:
        image.close()
        raise DataError(
            f"{where}: absurdly large, {width} x {height} pixels (at most {MOST_PIXELS:,})",
            "scale the image down",
        )
    return image


def _stream(source: Path | bytes) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _open(source: Path | bytes) -> Image.Image:
    """Open with Pillow; if it refuses the texts or the EXIF block, without these."""
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        return Image.open(file, formats=formats())
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, FileNotFoundError):
        raise
    except Exception:
        with _stream(source) as again:
            head = again.read(len(png.MAGIC))
            if head.startswith(png.MAGIC):
                return png.open_without_texts(read_all(again))
            if head.startswith(jpeg.MAGIC):
                return jpeg.open_without_exif(read_all(again))
        raise


def decoded(
    image: Image.Image,
    mode: str,
    where: str,
    before: Callable[[Image.Image], Image.Image] | None = None,
) -> Image.Image:
    """Decode an open image, rotate or flip it as its EXIF data say, and convert its mode.

    Parameters
    ----------
    image : Image, not decoded yet
    mode : ``"RGB"`` or ``"L"``
    where : str
        The image's name, for messages.
    before : callable, optional
        Applied to the decoded image first.

    Raises
    ------
    DataError
        The pixels are cut off or damaged.
    """
    # Pillow's decoders raise errors of many kinds on damaged bytes.
    try:
        image = _loaded(image)
        transpose = transpose_of(image)
        image = _to_mode(image if before is None else before(image), mode)
        return image if transpose is None else image.transpose(transpose)
    except DataError as error:
        raise DataError(f"{where}: the image is damaged ({error.message})", RESAVE) from error
    except Exception as error:
        refused = refusal(error, where)
        raise refused or DataError(f"{where}: the image is damaged ({error})", RESAVE) from error


def _loaded(image: Image.Image) -> Image.Image:
    """Decode with Pillow; JPEG and PNG with the checks and corrections that it lacks."""
    if image.format in ("JPEG", "MPO"):
        return jpeg.load(image)
    if image.format == "PNG":
        return png.load(image)
    image.load()
    return image


def _to_mode(image: Image.Image, mode: str) -> Image.Image:
    """Convert to RGB or L: transparent pixels become white, grey of more bits gets 8."""
    if image.mode == "F" or image.mode.startswith("I"):
        image = eight_bits(image)
    if image.has_transparency_data:
        rgba = image.convert("LA" if image.mode == "La" else image.mode).convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(white, rgba)
    if image.mode not in ("RGB", "L"):
        image = image.convert("RGB")  # LAB and HSV have no direct way to grey
    return image if image.mode == mode else image.convert(mode)


def square(
    image: Image.Image, size: int, filter: Image.Resampling = Image.Resampling.BILINEAR
) -> Image.Image:
    """Scale the shorter side to ``size`` and keep the centre.

    The centre is cut out in the same step: otherwise an image of 1 x 50,000 pixels would first
    grow to ``size`` x 50,000 * ``size``.
    """
    return image if image.size == (size, size) else ImageOps.fit(image, (size, size), filter)


def eight_bits(image: Image.Image) -> Image.Image:
    """Convert grey of 16 bits (I;16, I) or of floats (F) to 8 bits (L).

    Images with a pixel above 255 have 16 bits, as PNG and PGM files do. The range of floats is 0
    to 1 if none is larger, otherwise 0 to 255. Pixels of a transparent colour become white. In a
    TIFF file 0 may be white.

    Raises
    ------
    ValueError
        A float is not finite.
    """
    values = np.asarray(image)
    clear = image.info.get("transparency")
    transparent = values == clear if isinstance(clear, int) else None
    tags = getattr(image, "tag_v2", {})
    negative = tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    if image.mode == "F":
        if not np.isfinite(values).all():
            raise ValueError("a pixel is not a finite number")
        values = np.rint(values * 255 if values.max() <= 1 else values)
    elif image.mode.startswith("I;16") or values.max() > 255:
        twelve = tags.get(_BITS) == (12,)
        values = values.clip(0, 65535) >> (4 if twelve else 8)
    grey = values.clip(0, 255).astype(np.uint8)
    if negative:
        grey = 255 - grey
    if transparent is not None:
        grey[transparent] = 255
    return Image.fromarray(grey)
