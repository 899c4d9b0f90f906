"""Crops, horizontal flips and colour shifts (paper, section 4.1)."""

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array, Shape


def augment(
    images: Array,
    tops: Array,
    lefts: Array,
    mirrors: Array,
    crop: Shape,
    mean: Array | None,
    colour: Array | None,
    scale: float | Array,
) -> Array:
    """Crop, flip, subtract the mean and shift the colour: float32 (N, C, CH, CW).

    Parameters
    ----------
    images : uint8 (N, H, W, C)
    tops, lefts, mirrors : int (N,), bool (N,): the crop's corner, and whether it is flipped
    crop : the crop's height and width, CH and CW
    mean : float32 (C, 1, 1) or (C, CH, CW), or None
    colour : float32 (N, C), added to every pixel, in units of 0 to 255, or None
    scale : factor on the result: a number, or float32 (C,), one per channel

    Examples
    --------
    >>> images = np.arange(9, dtype=np.uint8).reshape(1, 3, 3, 1)  # rows 0 1 2, 3 4 5, 6 7 8
    >>> tops, lefts, mirrors = np.array([1]), np.array([0]), np.array([True])
    >>> augment(images, tops, lefts, mirrors, (2, 2), mean=None, colour=None, scale=1)[0, 0]
    array([[4., 3.],
           [7., 6.]], dtype=float32)
    """
    xp = array_namespace(images)
    (N, _, _, C), (CH, CW) = images.shape, crop
    x = xp.empty((N, C, CH, CW), dtype=xp.float32, device=images.device)
    for n in range(N):
        top, left = int(tops[n]), int(lefts[n])
        window = images[n, top : top + CH, left : left + CW, :]
        window = xp.flip(window, axis=1) if bool(mirrors[n]) else window
        x[n, ...] = xp.astype(xp.permute_dims(window, (2, 0, 1)), xp.float32)
    if mean is not None:
        x -= mean
    if colour is not None:
        x += colour[:, :, None, None]
    x *= scale if isinstance(scale, float | int) else scale[:, None, None]
    return x
