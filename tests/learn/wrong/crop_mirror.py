"""Wrong answers to exercise 13."""

from tests.learn.wrong import Wrong

WINDOW = "window = images[n, tops[n] : tops[n] + CH, lefts[n] : lefts[n] + CW]"
MIRROR = "y[n] = window[:, ::-1] if mirrors[n] else window"

WRONG = (
    Wrong("square crops only", "CH, CW = crop", "CH = CW = crop[0]", "shape"),
    Wrong(
        "float64 instead of uint8",
        "np.empty((N, CH, CW, C), images.dtype)",
        "np.empty((N, CH, CW, C))",
        "shape",
    ),
    Wrong("upside down", "window[:, ::-1]", "window[::-1]", "flipped image"),
    Wrong("reverses the channels too", "window[:, ::-1]", "window[:, ::-1, ::-1]", "flipped image"),
    Wrong(
        "flips the image in place",
        MIRROR,
        "if mirrors[n]:\n            window[:] = window[:, ::-1].copy()\n        y[n] = window",
        "shape",
    ),
    Wrong(
        "top and left swapped",
        WINDOW,
        "window = images[n, lefts[n] : lefts[n] + CH, tops[n] : tops[n] + CW]",
        "one crop",
    ),
    Wrong(
        "always crops the centre",
        WINDOW,
        "t, s = (images.shape[1] - CH) // 2, (images.shape[2] - CW) // 2\n"
        "        window = images[n, t : t + CH, s : s + CW]",
        "one crop",
    ),
    Wrong(
        "same position for all images",
        WINDOW,
        "window = images[n, tops[0] : tops[0] + CH, lefts[0] : lefts[0] + CW]",
        "batch",
    ),
    Wrong(
        "flips first, then crops",
        WINDOW,
        "image = images[n][:, ::-1] if mirrors[n] else images[n]\n"
        "        y[n] = image[tops[n] : tops[n] + CH, lefts[n] : lefts[n] + CW]\n"
        "        continue",
        "crop and flip",
    ),
    Wrong("flips all images or none", "if mirrors[n] else", "if mirrors[0] else", "crop and flip"),
)
