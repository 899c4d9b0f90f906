"""Wrong answers to exercise 25."""

from tests.learn.wrong import Wrong

STRIDES = "return (C * H * W, H * W, W, 1)"
ARRAY = "return file.reshape(N, H, W, C).transpose(0, 3, 1, 2)"

WRONG = (
    Wrong(
        "bytes instead of numbers",
        STRIDES,
        "return (8 * C * H * W, 8 * H * W, 8 * W, 8)",
        "strides of one image",
    ),
    Wrong("height for width", STRIDES, "return (C * H * W, H * W, H, 1)", "strides of one image"),
    Wrong(
        "strides of the file", STRIDES, "return (C * H * W, 1, C * W, C)", "strides of one image"
    ),
    Wrong("one channel forgotten", STRIDES, "return (H * W, H * W, W, 1)", "strides"),
    Wrong(
        "a channel counts as a row", STRIDES, "return (C * H * W, W, W, 1)", "strides of one image"
    ),
    Wrong(
        "counted from 1",
        "pixel, c = divmod(position, C)",
        "pixel, c = divmod(position + 1, C)",
        "place in one channel",
    ),
    Wrong(
        "columns before rows",
        "row, w = divmod(pixel, W)\n    n, h = divmod(row, H)",
        "row, h = divmod(pixel, H)\n    n, w = divmod(row, W)",
        "place in one channel",
    ),
    Wrong(
        "the order (N, C, H, W)",
        "pixel, c = divmod(position, C)\n    row, w = divmod(pixel, W)\n    n, h = divmod(row, H)",
        "row, w = divmod(position, W)\n    row, h = divmod(row, H)\n    n, c = divmod(row, C)",
        "place in one image",
    ),
    Wrong(
        "an array instead of four int",
        "return (n, c, h, w)",
        "return np.array([n, c, h, w])",
        "place in one channel",
    ),
    Wrong(
        "all in the first image", "n, h = divmod(row, H)", "n, h = 0, row % H", "place in a batch"
    ),
    Wrong("reshape only", ARRAY, "return file.reshape(N, C, H, W)", "array"),
    Wrong(
        "rows and columns swapped",
        ARRAY,
        "return file.reshape(N, H, W, C).transpose(0, 3, 2, 1).reshape(shape)",
        "array",
    ),
    Wrong("not transposed", ARRAY, "return file.reshape(N, H, W, C)", "array"),
    Wrong(
        "a whole number for each pixel",
        ARRAY,
        "x = np.zeros(shape, int)\n    x[:] = file.reshape(N, H, W, C).transpose(0, 3, 1, 2)\n"
        "    return x",
        "array",
    ),
    Wrong(
        "strides as floats",
        STRIDES,
        "return (C * H * W / 1, H * W / 1, W / 1, 1 / 1)",
        "strides of one image",
    ),
)
