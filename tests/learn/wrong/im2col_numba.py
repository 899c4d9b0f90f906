"""Wrong answers to exercise 18."""

from tests.learn.wrong import Wrong

FILL = "    fill(x, cols, KH, KW, OW, stride, padding)\n"
INSIDE = "if 0 <= h < H and 0 <= w < W:"
ROW = "row = (c * KH + p) * KW + q"
DECORATOR = "@numba.njit\n"

WRONG = (
    Wrong(
        "height and width swapped",
        "OH = (H + 2 * padding - KH)",
        "OH = (W + 2 * padding - KW)",
        "shape",
    ),
    Wrong(
        "transposed",
        "    return cols\n",
        "    return cols.swapaxes(1, 2).copy()\n",
        "shape",
    ),
    Wrong("the first image only", "for n in range(N):", "for n in range(1):", "all ones"),
    Wrong(
        "channels last",
        ROW,
        "row = (p * KW + q) * C + c",
        "against the definition",
    ),
    Wrong(
        "patch read column by column",
        ROW,
        "row = (c * KW + q) * KH + p",
        "against the definition",
    ),
    Wrong(
        "patches ordered column by column",
        "h = patch // OW * stride + p - padding\n"
        "                        w = patch % OW * stride + q - padding",
        "OH = cols.shape[2] // OW\n"
        "                        h = patch % OH * stride + p - padding\n"
        "                        w = patch // OH * stride + q - padding",
        "against the definition",
    ),
    Wrong(
        "stride 1 along the columns", "w = patch % OW * stride + q", "w = patch % OW + q", "stride"
    ),
    Wrong(
        "wraps around at the edges",
        INSIDE,
        "h, w = h % H, w % W\n                        if h < H and w < W:",
        "padding",
    ),
    Wrong(
        "pads only at the right",
        "w = patch % OW * stride + q - padding",
        "w = patch % OW * stride + q",
        "padding",
    ),
    Wrong("not compiled", DECORATOR, "", "compiled"),
    Wrong(
        "compiled in object mode",
        DECORATOR,
        "@numba.jit(forceobj=True, looplift=False)\n",
        "compiled",
    ),
    Wrong(
        "one call per number",
        FILL,
        "    for n in range(N):\n"
        "        for row in range(cols.shape[1]):\n"
        "            c, p, q = row // (KH * KW), row // KW % KH, row % KW\n"
        "            for i in range(OH):\n"
        "                for j in range(OW):\n"
        "                    h, w = i * stride + p - padding, j * stride + q - padding\n"
        "                    inside = 0 <= h < H and 0 <= w < W\n"
        "                    cols[n, row, i * OW + j] = one(x, n, c, h, w) if inside else 0\n"
        "    return cols\n\n\n"
        "@numba.njit\n"
        "def one(x, n, c, h, w):\n"
        "    return x[n, c, h, w]\n\n\n"
        "def unused(cols):\n",
        "speed",
    ),
)
