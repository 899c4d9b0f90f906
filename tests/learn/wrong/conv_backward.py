"""Wrong answers to exercise 04."""

from tests.learn.wrong import Wrong

WRONG = (
    Wrong(
        "does not cut off the border",
        "dx = dpadded[:, :, padding : padding + H, padding : padding + W]",
        "dx = dpadded",
        "shapes",
    ),
    Wrong(
        "writes zeros into dy",
        "    dbias = dy.sum(axis=(0, 2, 3))",
        "    dbias = dy.sum(axis=(0, 2, 3))\n    dy *= 0",
        "shapes",
    ),
    Wrong(
        "mean over the batch in dbias",
        "dy.sum(axis=(0, 2, 3))",
        "dy.mean(axis=0).sum(axis=(1, 2))",
        "bias gradient",
    ),
    Wrong(
        "dbias always zero",
        "dy.sum(axis=(0, 2, 3))",
        "0 * dy[0, :, 0, 0]",
        "bias gradient",
    ),
    Wrong(
        "dweight of the last image only",
        '"nfij,ncij->fc", dy, seen',
        '"fij,cij->fc", dy[-1], seen[-1]',
        "all ones",
    ),
    Wrong(
        "dweight always zero",
        "dweight[:, :, p, q] = np.einsum(",
        "dweight[:, :, p, q] = 0 * np.einsum(",
        "all ones",
    ),
    Wrong(
        "absolute values",
        '"nfij,ncij->fc", dy, seen',
        '"nfij,ncij->fc", np.abs(dy), seen',
        "linearity",
    ),
    Wrong(
        "dweight of the flipped filter",
        "dweight[:, :, p, q] = ",
        "dweight[:, :, KH - 1 - p, KW - 1 - q] = ",
        "weight gradient",
    ),
    Wrong(
        "stride 1 along the columns",
        "seen = padded[:, :, rows, columns]",
        "seen = padded[:, :, rows, q : q + OW]",
        "weight gradient",
    ),
    Wrong(
        "dx always zero",
        'np.einsum("nfij,fc->ncij", dy, weight[:, :, p, q])',
        "0.0",
        "input gradient",
    ),
    Wrong(
        "overwrites where patches overlap",
        "dpadded[:, :, rows, columns] += ",
        "dpadded[:, :, rows, columns] = ",
        "input gradient",
    ),
    Wrong(
        "dx summed over the batch",
        '"nfij,fc->ncij", dy, weight[:, :, p, q]',
        '"nfij,fc->cij", dy, weight[:, :, p, q]',
        "input gradient",
    ),
    Wrong(
        "dx with the flipped filter",
        "dy, weight[:, :, p, q]",
        "dy, weight[:, :, KH - 1 - p, KW - 1 - q]",
        "input gradient",
    ),
    Wrong(
        "right only for padding of at most 1",
        "dx = dpadded[:, :, padding : padding + H, padding : padding + W]",
        "first = min(padding, 1)\n    dx = dpadded[:, :, first : first + H, first : first + W]",
        "adjoint",
    ),
    Wrong(
        "weight gradient rounded to float32",
        "return dx, dweight, dbias",
        "return dx, dweight.astype(np.float32).astype(np.float64), dbias",
        "weight gradient",
    ),
)
