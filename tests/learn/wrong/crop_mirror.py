"""Wrong answers to exercise 13."""

from tests.learn.wrong.wrong import Wrong

WINDOW = "window = images[n, tops[n] : tops[n] + CH, lefts[n] : lefts[n] + CW]"
MIRROR = "y[n] = window[:, ::-1] if mirrors[n] else window"

WRONG = (
    Wrong("square windows only", "CH, CW = crop", "CH = CW = crop[0]", "shape"),
    Wrong(
        "not bytes any more",
        "np.empty((N, CH, CW, C), images.dtype)",
        "np.empty((N, CH, CW, C))",
        "shape",
    ),
    Wrong("upside down", "window[:, ::-1]", "window[::-1]", "mirrored image"),
    Wrong(
        "turns the colours round too", "window[:, ::-1]", "window[:, ::-1, ::-1]", "mirrored image"
    ),
    Wrong(
        "mirrors the image in place",
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
        "always the centre",
        WINDOW,
        "t, s = (images.shape[1] - CH) // 2, (images.shape[2] - CW) // 2\n"
        "        window = images[n, t : t + CH, s : s + CW]",
        "one crop",
    ),
    Wrong(
        "one place for all",
        WINDOW,
        "window = images[n, tops[0] : tops[0] + CH, lefts[0] : lefts[0] + CW]",
        "batch",
    ),
    Wrong(
        "mirrors first, then cuts",
        WINDOW,
        "image = images[n][:, ::-1] if mirrors[n] else images[n]\n"
        "        y[n] = image[tops[n] : tops[n] + CH, lefts[n] : lefts[n] + CW]\n"
        "        continue",
        "crop and mirror",
    ),
    Wrong("all mirrored or none", "if mirrors[n] else", "if mirrors[0] else", "crop and mirror"),
)
