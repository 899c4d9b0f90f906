"""Wrong answers to exercise 09."""

from tests.learn.wrong.wrong import Wrong

COUNT = "count = -(-(size - kernel_size) // stride) + 1"
BODY = "            y[:, :, i, j] = window.max(axis=(2, 3))"

WRONG = (
    Wrong("the first window is not counted", COUNT, COUNT[:-4], "windows that fit"),
    Wrong("floor mode", COUNT, "count = (size - kernel_size) // stride + 1", "count"),
    Wrong(
        "rounds to the nearest", COUNT, "count = round((size - kernel_size) / stride) + 1", "count"
    ),
    Wrong("a window may begin outside", "if (count - 1) * stride >= size:", "if False:", "count"),
    Wrong(
        "the rule is off by one",
        "(count - 1) * stride >= size",
        "count * stride >= size",
        "windows that fit",
    ),  # fmt: skip
    Wrong(
        "right only for square kernels",
        "OW = ceil_output_size(W, KW, stride)",
        "OW = ceil_output_size(W, KH, stride)",
        "shape",
    ),
    Wrong("height and width swapped", "    return y", "    return y.swapaxes(2, 3)", "shape"),
    Wrong(
        "windows side by side",
        "top, left = i * stride, j * stride",
        "top, left = i * KH, j * KW",
        "shape",
    ),  # fmt: skip
    Wrong(
        "the average", "window.max(axis=(2, 3))", "window.mean(axis=(2, 3))", "no clipped window"
    ),
    Wrong(
        "all channels share a maximum",
        BODY,
        BODY.replace("max(axis=(2, 3))", "max(axis=(1, 2, 3))[:, None]"),
        "no clipped window",
    ),  # fmt: skip
    Wrong(
        "clipped windows are moved inside",
        "top, left = i * stride, j * stride",
        "top, left = min(i * stride, H - KH), min(j * stride, W - KW)",
        "clipped windows",
    ),
    Wrong(
        "clipped windows stay empty",
        BODY,
        f"            if window.shape[2:] == (KH, KW):\n    {BODY}",
        "clipped windows",
    ),
    Wrong(
        "begins with zero",
        BODY,
        BODY.replace("window.max(", "np.maximum(window, 0).max("),
        "negative numbers",
    ),  # fmt: skip
)
