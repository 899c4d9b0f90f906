"""Wrong answers to exercise 02."""

from tests.learn.wrong.wrong import Wrong

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
        "transposed: a row for each window",
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
        "kernel of one pixel",
    ),
    Wrong(
        "steps of one from column to column",
        "columns = slice(q, q + stride * OW, stride)",
        "columns = slice(q, q + OW)",
        "kernel of one pixel",
    ),
    Wrong(
        "windows column by column",
        "return cols.reshape(",
        "return cols.swapaxes(4, 5).reshape(",
        "kernel of one pixel",
    ),
    Wrong(
        "kernel axes swapped",
        "return cols.reshape(",
        "return cols.swapaxes(2, 3).reshape(",
        "kernel of the whole image",
    ),
    Wrong(
        "channels last in the column",
        "return cols.reshape(",
        "return np.moveaxis(cols, 1, 3).reshape(",
        "kernel of the whole image",
    ),
    Wrong(
        "windows begin at the far end",
        "rows = slice(p, p + stride * OH, stride)",
        "first = H + 2 * padding - KH - stride * (OH - 1)\n"
        "            rows = slice(first + p, first + p + stride * OH, stride)",
        "kernel of one pixel",
    ),
    Wrong(
        "windows and kernel not transposed",
        "return cols.reshape(",
        "return cols.transpose(0, 1, 4, 5, 2, 3).reshape(",
        "against the definition",
    ),
    Wrong(
        "all zeros at the right and below",
        "padded[:, :, padding : padding + H, padding : padding + W] = x",
        "padded[:, :, :H, :W] = x",
        "padding",
    ),
    Wrong(
        "the frame is not zero",
        "padded = np.zeros(",
        "padded = np.ones(",
        "padding",
    ),
)
