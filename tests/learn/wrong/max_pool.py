"""Wrong answers to exercise 07."""

from tests.learn.wrong.wrong import Wrong

STEP = "y = np.maximum(y, x[:, :, rows, columns])"

WRONG = (
    Wrong(
        "one window is missing", "OH = (H - KH) // stride + 1", "OH = (H - KH) // stride", "shape"
    ),
    Wrong(
        "right only for square images",
        "OW = (W - KW) // stride + 1",
        "OW = (H - KW) // stride + 1",
        "shape",
    ),
    Wrong(
        "right only for square kernels",
        "OW = (W - KW) // stride + 1",
        "OW = (W - KH) // stride + 1",
        "shape",
    ),
    Wrong("ceil mode", "OH = (H - KH) // stride + 1", "OH = -(-(H - KH) // stride) + 1", "shape"),
    Wrong(
        "windows one apart",
        "rows = slice(p, p + stride * OH, stride)",
        "rows = slice(p, p + OH)",
        "kernel of one pixel",
    ),
    Wrong(
        "every image is the first",
        STEP,
        "y = np.maximum(y, x[:1, :, rows, columns])",
        "kernel of one pixel",
    ),
    Wrong(
        "the last row of a window is left out",
        "for p in range(KH):",
        "for p in range(max(1, KH - 1)):",
        "side by side",
    ),  # fmt: skip
    Wrong(
        "the largest of all channels",
        "    return y",
        "    return np.broadcast_to(y.max(axis=1, keepdims=True), y.shape).copy()",
        "kernel of one pixel",
    ),  # fmt: skip
    Wrong("the smallest", STEP, "y = np.minimum(abs(y), x[:, :, rows, columns])", "side by side"),
    Wrong(
        "the average",
        "    return y",
        "    s = np.lib.stride_tricks.sliding_window_view"
        "(x, kernel_size, (2, 3))\n    return s[:, :, ::stride, ::stride].mean(axis=(4, 5))",
        "side by side",
    ),  # fmt: skip
    Wrong(
        "windows as far apart as they are large",
        "columns = slice(q, q + stride * OW, stride)",
        "columns = np.minimum(np.arange(OW) * KW + q, W - 1)",
        "kernel of one pixel",
    ),
    Wrong(
        "steps of the kernel's height",
        "rows = slice(p, p + stride * OH, stride)",
        "rows = np.minimum(np.arange(OH) * (stride if KH == 1 else KH) + p, H - 1)",
        "against the definition",
    ),
    Wrong("begins with zero", "-np.inf", "0.0", "negative numbers"),
)
