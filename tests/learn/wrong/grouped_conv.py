"""Wrong answers to exercise 17."""

from tests.learn.wrong import Wrong

INPUTS = "inputs = padded[:, g * channels : (g + 1) * channels]"
OUTPUTS = "outputs = slice(g * filters, (g + 1) * filters)"
PAD = "padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))"
RETURN = "return y + bias.reshape(1, F, 1, 1)"
DOT = 'np.einsum("ncpq,fcpq->nf", window, weight[outputs])'

WRONG = (
    Wrong(
        "outputs for one group only",
        RETURN,
        "return (y + bias.reshape(1, F, 1, 1))[:, :filters]",
        "shape",
    ),
    Wrong(
        "one output too few in each row",
        "OW = (W + 2 * padding - KW) // stride + 1",
        "OW = (W + 2 * padding - KW) // stride",
        "shape",
    ),
    Wrong(
        "divides by the number of groups",
        RETURN,
        "return y / groups + bias.reshape(1, F, 1, 1)",
        "all ones",
    ),
    Wrong("no bias", RETURN, "return y", "only the bias"),
    Wrong(
        "the first group's bias for all",
        RETURN,
        "return y + np.tile(bias[:filters], groups).reshape(1, F, 1, 1)",
        "only the bias",
    ),
    Wrong(
        "flips the filter",
        "window, weight[outputs])",
        "window, weight[outputs][:, :, ::-1, ::-1])",
        "one group",
    ),
    Wrong(
        "stride 1 along the columns",
        "top, left = i * stride, j * stride",
        "top, left = i * stride, j",
        "one group",
    ),
    Wrong(
        "kernel height and width swapped",
        DOT,
        'np.einsum("ncpq,fcpq->nf", window, '
        "weight[outputs].swapaxes(2, 3).reshape(filters, channels, KH, KW))",
        "one group",
    ),
    Wrong(
        "pads only at the right and at the bottom",
        PAD,
        "padded = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))",
        "padding",
    ),
    Wrong("channels interleaved", INPUTS, "inputs = padded[:, g::groups]", "separate groups"),
    Wrong("all groups see group 0", INPUTS, "inputs = padded[:, :channels]", "separate groups"),
    Wrong("filters interleaved", OUTPUTS, "outputs = slice(g, None, groups)", "separate groups"),
    Wrong(
        "groups in reverse order",
        INPUTS,
        "r = groups - 1 - g\n        inputs = padded[:, r * channels : (r + 1) * channels]",
        "separate groups",
    ),
    Wrong(
        "one group's weights for all",
        "window, weight[outputs])",
        "window, weight[:filters])",
        "against the definition",
    ),
)
