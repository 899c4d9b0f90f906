"""Wrong answers to exercise 01."""

from tests.learn.wrong import Wrong

WRONG = (
    Wrong(
        "one output too few in each row",
        "OW = (W + 2 * padding - KW) // stride + 1",
        "OW = (W + 2 * padding - KW) // stride",
        "shape",
    ),
    Wrong(
        "padding on one side only",
        "OH = (H + 2 * padding - KH) // stride + 1",
        "OH = (H + padding - KH) // stride + 1",
        "shape",
    ),
    Wrong(
        "returns lists",
        "return y",
        "return [[[list(row) for row in one] for one in image] for image in y]",
        "shape",
    ),
    Wrong("only the first image", "for n in range(N):", "for n in range(1):", "all ones"),
    Wrong(
        "only the first channel",
        "np.sum(window * weight[f])",
        "np.sum(window[0] * weight[f, 0])",
        "all ones",
    ),
    Wrong("mean instead of sum", "np.sum(window", "np.mean(window", "all ones"),
    Wrong(
        "bias added once per weight",
        "np.sum(window * weight[f]) + bias[f]",
        "np.sum(window * weight[f] + bias[f])",
        "only the bias",
    ),
    Wrong("bias of the first filter only", "+ bias[f]", "+ bias[0]", "only the bias"),
    Wrong(
        "absolute values",
        "np.sum(window * weight[f])",
        "np.sum(np.abs(window * weight[f]))",
        "linearity",
    ),
    Wrong(
        "flips the filter",
        "window * weight[f]",
        "window * weight[f, :, ::-1, ::-1]",
        "against the definition",
    ),
    Wrong(
        "stride 1 along the columns",
        "top, left = i * stride, j * stride",
        "top, left = i * stride, j",
        "against the definition",
    ),
    Wrong(
        "pads only at the right and at the bottom",
        "padded[:, :, padding : padding + H, padding : padding + W] = x",
        "padded[:, :, :H, :W] = x",
        "padding",
    ),
    Wrong(
        "rounded to float32 on the way",
        "    return y\n",
        "    return y.astype(np.float32).astype(np.float64)\n",
        "padding",
    ),
)
