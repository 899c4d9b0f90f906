"""Wrong answers to exercise 23."""

from tests.learn.wrong import Wrong

ADD = "dpadded[:, c, rows, columns] += dseen.transpose(0, 3, 1, 2)"
DSEEN = "dseen = np.tensordot(dy[:, f], weight[f, :, p, q], (1, 0))"
DWEIGHT = "np.tensordot(dy[:, f], seen, ([0, 2, 3], [0, 2, 3]))"
SEEN = "seen = padded[:, c, rows, columns]"
RETURN = "return dx, dweight, dy.sum(axis=(0, 2, 3))"
CUT = "dx = dpadded[:, :, padding : padding + H, padding : padding + W]"
PAD = "padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))"

WRONG = (
    Wrong("dx keeps the border", CUT, "dx = dpadded", "shapes"),
    Wrong(
        "a negative index cuts the border", CUT, CUT.replace("padding + H", "-padding"), "shapes"
    ),
    Wrong("dbias of one group only", RETURN, RETURN.replace("3))", "3))[:filters]"), "shapes"),
    Wrong(
        "dweight is a whole number",
        "dweight = np.zeros_like(weight)",
        "dweight = np.zeros(weight.shape, dtype=int)",
        "shapes",
    ),
    Wrong("mean over the images", RETURN, RETURN.replace("))", ")) / N"), "bias gradient"),
    Wrong("dx always zero", ADD, ADD.replace("dseen", "0 * dseen"), "one group"),
    Wrong("overwrites", ADD, ADD.replace("+=", "="), "one group"),
    Wrong(
        "ignores the stride",
        "rows = slice(p, p + stride * OH, stride)",
        "rows = slice(p, p + OH)",
        "one group",
    ),
    Wrong(
        "pads only at the right and at the bottom",
        PAD,
        "padded = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))",
        "one group",
    ),
    Wrong(
        "the absolute gradient",
        DSEEN,
        DSEEN + "\n                dseen = dseen if groups == 1 else abs(dseen)",
        "linearity",
    ),
    Wrong(
        "channels interleaved",
        "c = slice(g * channels, (g + 1) * channels)",
        "c = slice(g, None, groups)",
        "separate groups",
    ),
    Wrong(
        "all groups add to group 0",
        ADD,
        ADD.replace("[:, c,", "[:, :channels,"),
        "separate groups",
    ),
    Wrong(
        "groups in reverse order",
        ADD,
        "r = groups - 1 - g\n"
        "                c = slice(r * channels, (r + 1) * channels)\n                " + ADD,
        "separate groups",
    ),
    Wrong(
        "dweight from the pixels of group 0",
        SEEN,
        "seen = padded[:, :channels, rows, columns]",
        "weight gradient",
    ),
    Wrong(
        "one group's weights for all",
        DSEEN,
        DSEEN.replace("weight[f,", "weight[:filters,"),
        "against the definition",
    ),
    Wrong(
        "dweight divided by the number of groups",
        DWEIGHT,
        DWEIGHT + " / groups",
        "weight gradient",
    ),
)
