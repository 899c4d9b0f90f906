"""Wrong answers to exercise 07."""

from tests.learn.wrong import Wrong

WRONG = (
    Wrong(
        "one output too few in each row",
        "OW = (W - kernel_size) // stride + 1",
        "OW = (W - kernel_size) // stride",
        "shape",
    ),
    Wrong(
        "right only for square images",
        "OW = (W - kernel_size) // stride + 1",
        "OW = (H - kernel_size) // stride + 1",
        "shape",
    ),
    Wrong(
        "a window at the edge is clipped, not dropped",
        "OH = (H - kernel_size) // stride + 1",
        "OH = -(-(H - kernel_size) // stride) + 1",
        "shape",
    ),
    Wrong("only the first row of windows", "range(OH)", "range(1)", "all ones"),
    Wrong(
        "only the first image",
        "y[:, :, i, j] = window.max(axis=(2, 3))",
        "y[0, :, i, j] = window[0].max(axis=(1, 2))",
        "all ones",
    ),
    Wrong("mean instead of maximum", "window.max(", "window.mean(", "one window"),
    Wrong(
        "maximum over the channels, too",
        "window.max(axis=(2, 3))",
        "window.max(axis=(1, 2, 3))[:, None]",
        "one window",
    ),
    Wrong("minimum instead of maximum", "window.max(", "window.min(", "one window"),
    Wrong(
        "starts with zero",
        "y[:, :, i, j] = window.max(axis=(2, 3))",
        "y[:, :, i, j] = np.maximum(y[:, :, i, j], window.max(axis=(2, 3)))",
        "negative numbers",
    ),
    Wrong("absolute values", "window.max(", "np.abs(window).max(", "negative numbers"),
    Wrong(
        "windows one pixel too wide",
        "left : left + kernel_size]",
        "left : left + kernel_size + 1]",
        "against the definition",
    ),
    Wrong(
        "ignores the stride",
        "top, left = i * stride, j * stride",
        "top, left = min(i * kernel_size, H - kernel_size), j * stride",
        "against the definition",
    ),
    Wrong(
        "begins with -1000",
        "window.max(axis=(2, 3))",
        "np.maximum(window.max(axis=(2, 3)), -1000)",
        "negative numbers",
    ),
    Wrong(
        "rounded to float16 on the way",
        "    return y\n",
        "    return y.astype(np.float16).astype(np.float64)\n",
        "negative numbers",
    ),
)
