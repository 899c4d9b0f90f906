"""Grey of more than 8 bits, brought to 8."""

from __future__ import annotations

import numpy as np
from PIL import Image, TiffImagePlugin

# TIFF's tags
_BITS, _PHOTOMETRIC = 258, 262
_WHITE_IS_ZERO = 0

# Forms of grey that Pillow decodes and does not list: byte order, photometric interpretation,
# unsigned, fill order, bits, extra samples; mode, and how the pixels lie in the file.
for _form, _modes in {
    (b"MM", _WHITE_IS_ZERO, (1,), 1, (16,), ()): ("I;16B", "I;16B"),
    (b"II", _WHITE_IS_ZERO, (1,), 1, (12,), ()): ("I;16", "I;12"),
}.items():
    TiffImagePlugin.OPEN_INFO.setdefault(_form, _modes)


def eight_bits(image: Image.Image) -> Image.Image:
    """Make 8-bit grey of 16-bit grey (I;16, I) or of floats (F).

    Whole numbers above 255 are taken as 16-bit, which is what PNG and PGM files hold. Floats
    count from 0 to 1 if none is larger, else from 0 to 255. Pixels of a transparent colour become
    white. In a TIFF file 0 may be white.

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
