"""Wrong answers to exercise 03."""

from tests.learn.wrong import Wrong

WRONG = (
    Wrong(
        "cuts off the border with -padding, wrong for padding 0",
        "return padded[:, :, padding : padding + H, padding : padding + W]",
        "return padded[:, :, padding:-padding, padding:-padding]",
        "shape",
    ),
    Wrong(
        "does not cut off the border",
        "return padded[:, :, padding : padding + H, padding : padding + W]",
        "return padded",
        "shape",
    ),
    Wrong(
        "writes zeros into cols",
        "    return padded[",
        "    cols[:] = 0\n    return padded[",
        "shape",
    ),
    Wrong(
        "cuts the border off at the wrong corner",
        "return padded[:, :, padding : padding + H, padding : padding + W]",
        "return padded[:, :, :H, :W]",
        "one number",
    ),
    Wrong(
        "kernel axes swapped",
        "windows = cols.reshape(N, C, KH, KW, OH, OW)",
        "windows = cols.reshape(N, C, KW, KH, OH, OW).swapaxes(2, 3)",
        "one number",
    ),
    Wrong(
        "patches ordered column by column",
        "windows = cols.reshape(N, C, KH, KW, OH, OW)",
        "windows = cols.reshape(N, C, KH, KW, OW, OH).swapaxes(4, 5)",
        "one number",
    ),
    Wrong(
        "sums over the batch",
        "+= windows[:, :, p, q]",
        "+= windows[:, :, p, q].sum(axis=0)",
        "one number",
    ),
    Wrong("overwrites where patches overlap", "+= windows[", "= windows[", "one number"),
    Wrong(
        "maximum where patches overlap",
        "padded[:, :, rows, columns] += windows[:, :, p, q]",
        "seen = padded[:, :, rows, columns]\n"
        "            padded[:, :, rows, columns] = np.maximum(seen, windows[:, :, p, q])",
        "all ones",
    ),
    Wrong(
        "absolute values", "+= windows[:, :, p, q]", "+= np.abs(windows[:, :, p, q])", "linearity"
    ),
)
