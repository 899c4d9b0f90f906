"""Wrong answers to exercise 04."""

from tests.learn.wrong.wrong import Wrong

WRONG = (
    Wrong(
        "the frame stays on",
        "dx = dpadded[:, :, padding : padding + H, padding : padding + W]",
        "dx = dpadded",
        "shapes",
    ),
    Wrong(
        "clears its input",
        "    dbias = dy.sum(axis=(0, 2, 3))",
        "    dbias = dy.sum(axis=(0, 2, 3))\n    dy *= 0",
        "shapes",
    ),
    Wrong(
        "mean over the batch in dbias",
        "dy.sum(axis=(0, 2, 3))",
        "dy.mean(axis=0).sum(axis=(1, 2))",
        "slope of the bias",
    ),
    Wrong(
        "always zero by the bias",
        "dy.sum(axis=(0, 2, 3))",
        "0 * dy[0, :, 0, 0]",
        "slope of the bias",
    ),
    Wrong(
        "no sum over the batch in dweight",
        '"nfij,ncij->fc", dy, seen',
        '"fij,cij->fc", dy[-1], seen[-1]',
        "all ones",
    ),
    Wrong(
        "always zero by the weights",
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
        "the pixels of the turned filter",
        "dweight[:, :, p, q] = ",
        "dweight[:, :, KH - 1 - p, KW - 1 - q] = ",
        "slopes of the weights",
    ),
    Wrong(
        "steps of one from column to column",
        "seen = padded[:, :, rows, columns]",
        "seen = padded[:, :, rows, q : q + OW]",
        "slopes of the weights",
    ),
    Wrong(
        "always zero by the pixels",
        'np.einsum("nfij,fc->ncij", dy, weight[:, :, p, q])',
        "0.0",
        "slopes of the pixels",
    ),
    Wrong(
        "overwrites where windows overlap",
        "dpadded[:, :, rows, columns] += ",
        "dpadded[:, :, rows, columns] = ",
        "slopes of the pixels",
    ),
    Wrong(
        "adds up over the batch in dx",
        '"nfij,fc->ncij", dy, weight[:, :, p, q]',
        '"nfij,fc->cij", dy, weight[:, :, p, q]',
        "slopes of the pixels",
    ),
    Wrong(
        "the turned filter in dx",
        "dy, weight[:, :, p, q]",
        "dy, weight[:, :, KH - 1 - p, KW - 1 - q]",
        "slopes of the pixels",
    ),
    Wrong(
        "right only for a frame of at most 1",
        "dx = dpadded[:, :, padding : padding + H, padding : padding + W]",
        "first = min(padding, 1)\n    dx = dpadded[:, :, first : first + H, first : first + W]",
        "adjoint",
    ),
)
