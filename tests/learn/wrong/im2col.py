"""Wrong answers to exercise 02."""

from tests.learn.wrong import Wrong

WRONG = (
    Wrong(
        "right only for square kernels",
        "OW = (W + 2 * padding - KW) // stride + 1",
        "OW = (W + 2 * padding - KH) // stride + 1",
        "shape",
    ),
    Wrong(
        "right only for square images",
        "OW = (W + 2 * padding - KW) // stride + 1",
        "OW = (H + 2 * padding - KW) // stride + 1",
        "shape",
    ),
    Wrong(
        "transposed: one row per patch",
        "return cols.reshape(N, C * KH * KW, OH * OW)",
        "return cols.reshape(N, C * KH * KW, OH * OW).swapaxes(1, 2)",
        "shape",
    ),
    Wrong(
        "the last column of the kernel is left out",
        "for q in range(KW):",
        "for q in range(KW - 1):",
        "all ones",
    ),
    Wrong(
        "only the first image",
        "cols[:, :, p, q] = padded[:, :, rows, columns]",
        "cols[0, :, p, q] = padded[0, :, rows, columns]",
        "all ones",
    ),
    Wrong(
        "every image is the first one",
        "cols[:, :, p, q] = padded[:, :, rows, columns]",
        "cols[:, :, p, q] = padded[:1, :, rows, columns]",
        "1 x 1 kernel",
    ),
    Wrong(
        "stride 1 along the columns",
        "columns = slice(q, q + stride * OW, stride)",
        "columns = slice(q, q + OW)",
        "1 x 1 kernel",
    ),
    Wrong(
        "patches ordered column by column",
        "return cols.reshape(",
        "return cols.swapaxes(4, 5).reshape(",
        "1 x 1 kernel",
    ),
    Wrong(
        "kernel axes swapped",
        "return cols.reshape(",
        "return cols.swapaxes(2, 3).reshape(",
        "one patch",
    ),
    Wrong(
        "channels last",
        "return cols.reshape(",
        "return np.moveaxis(cols, 1, 3).reshape(",
        "one patch",
    ),
    Wrong(
        "patches start at the other end",
        "rows = slice(p, p + stride * OH, stride)",
        "first = H + 2 * padding - KH - stride * (OH - 1)\n"
        "            rows = slice(first + p, first + p + stride * OH, stride)",
        "1 x 1 kernel",
    ),
    Wrong(
        "patches before kernel positions",
        "return cols.reshape(",
        "return cols.transpose(0, 1, 4, 5, 2, 3).reshape(",
        "against the definition",
    ),
    Wrong(
        "pads only at the right and at the bottom",
        "padded[:, :, padding : padding + H, padding : padding + W] = x",
        "padded[:, :, :H, :W] = x",
        "padding",
    ),
    Wrong(
        "padding is not zero",
        "padded = np.zeros(",
        "padded = np.ones(",
        "padding",
    ),
)
