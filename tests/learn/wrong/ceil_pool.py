"""Wrong answers to exercise 09."""

from tests.learn.wrong import Wrong

SIZE = "out = -(-(size - kernel_size) // stride) + 1  # -(-a // b) rounds up"

WRONG = (
    Wrong(
        "always one window more", SIZE, "out = (size - kernel_size) // stride + 2", "sizes that fit"
    ),
    Wrong("divides size by stride", SIZE, "out = -(-size // stride)", "sizes that fit"),
    Wrong("hard-coded to the example", SIZE, "out = -(-(size - 2) // 2) + 1", "sizes that fit"),
    Wrong(
        "rounds down", SIZE, "out = (size - kernel_size) // stride + 1", "sizes with a remainder"
    ),
    Wrong(
        "rounds to the nearest integer",
        SIZE,
        "out = round((size - kernel_size) / stride) + 1",
        "sizes with a remainder",
    ),
    Wrong(
        "a window may begin outside",
        "    if (out - 1) * stride >= size:\n        out -= 1\n",
        "",
        "windows begin inside",
    ),
    Wrong("off by one at the edge", ">= size", "> size", "windows begin inside"),
    Wrong(
        "right only for square images",
        "OW = ceil_output_size(W",
        "OW = ceil_output_size(H",
        "shape",
    ),
    Wrong(
        "pools whole windows only",
        "OH = ceil_output_size(H, kernel_size, stride)",
        "OH = (H - kernel_size) // stride + 1",
        "shape",
    ),
    Wrong(
        "zeros past the edge",
        "    y = np.zeros((N, C, OH, OW))\n",
        "    y = np.zeros((N, C, OH, OW))\n"
        "    x = np.pad(x, ((0, 0), (0, 0), (0, kernel_size), (0, kernel_size)))\n",
        "all minus ones",
    ),
    Wrong(
        "only the first image",
        "y[:, :, i, j] = window.max(axis=(2, 3))",
        "y[0, :, i, j] = window[0].max(axis=(1, 2))",
        "all minus ones",
    ),
    Wrong(
        "the last window is moved back inside",
        "top, left = i * stride, j * stride",
        "top, left = i * stride, min(j * stride, W - kernel_size)",
        "against the definition",
    ),
    Wrong("mean instead of maximum", "window.max(", "window.mean(", "against the definition"),
    Wrong(
        "begins with -999",
        "window.max(axis=(2, 3))",
        "np.maximum(window.max(axis=(2, 3)), -999)",
        "against the definition",
    ),
    Wrong("a size that is a float", "    return out\n", "    return out * 1.0\n", "sizes that fit"),
)
