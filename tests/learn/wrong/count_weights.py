"""Wrong answers to exercise 26."""

from tests.learn.wrong import Wrong

SIZES = "return (F, (H + 2 * padding - K) // stride + 1, (W + 2 * padding - K) // stride + 1)"
CONV = "return F * (C // groups) * K * K + F"
LINEAR = "return layer[1] * C * H * W + layer[1]"
WORK = "multiply_adds += without_biases * after[1] * after[2]"

WRONG = (
    Wrong(
        "one window too few",
        SIZES,
        "return (F, (H + 2 * padding - K) // stride, (W + 2 * padding - K) // stride)",
        "shape of a plain convolution",
    ),
    Wrong(
        "channels last",
        SIZES,
        "return ((H + 2 * padding - K) // stride + 1, (W + 2 * padding - K) // stride + 1, F)",
        "shape of a plain convolution",
    ),
    Wrong(
        "height and width swapped",
        SIZES,
        "return (F, (W + 2 * padding - K) // stride + 1, (H + 2 * padding - K) // stride + 1)",
        "shape of a plain convolution",
    ),
    Wrong(
        "padding at one end only",
        SIZES,
        "return (F, (H + padding - K) // stride + 1, (W + padding - K) // stride + 1)",
        "shape of a convolution",
    ),
    Wrong(
        "rounded up",
        SIZES,
        "return (F, -(-(H + 2 * padding - K) // stride) + 1, "
        "-(-(W + 2 * padding - K) // stride) + 1)",
        "shape of a convolution",
    ),
    Wrong(
        "adds 1 before it divides",
        SIZES,
        "return (F, (H + 2 * padding - K + 1) // stride, (W + 2 * padding - K + 1) // stride)",
        "shape of a convolution",
    ),
    Wrong(
        "floats",
        SIZES,
        "return (F, int((H + 2 * padding - K) / stride + 1.5), "
        "int((W + 2 * padding - K) / stride + 1.5))",
        "shape of a convolution",
    ),
    Wrong(
        "a pooling adds up the channels",
        "F, K, stride, padding = C, layer[1], layer[2], 0",
        "F, K, stride, padding = 1, layer[1], layer[2], 0",
        "shape of a pooling",
    ),
    Wrong(
        "pooling windows never overlap",
        "F, K, stride, padding = C, layer[1], layer[2], 0",
        "F, K, stride, padding = C, layer[1], layer[1], 0",
        "shape of a pooling",
    ),
    Wrong(
        "a linear layer has one number",
        "return (layer[1], 1, 1)",
        "return (1, 1, layer[1])",
        "shape of a linear layer",
    ),
    Wrong("no biases", CONV, "return F * (C // groups) * K * K", "parameters of a convolution"),
    Wrong(
        "a bias per weight",
        CONV,
        "return F * ((C // groups) * K * K + C)",
        "parameters of a convolution",
    ),
    Wrong("groups forgotten", CONV, "return F * C * K * K + F", "parameters of a convolution"),
    Wrong(
        "one filter per channel",
        CONV,
        "return (C // groups) * K * K + F",
        "parameters of a convolution",
    ),
    Wrong(
        "a linear layer sees the channels only",
        LINEAR,
        "return layer[1] * C + layer[1]",
        "parameters of a linear layer",
    ),
    Wrong(
        "one bias for all outputs",
        LINEAR,
        "return layer[1] * C * H * W + 1",
        "parameters of a linear layer",
    ),
    Wrong(
        "a pooling has weights",
        "        return 0",
        "        return C * layer[1] ** 2",
        "parameters of a pooling",
    ),
    Wrong("once per image", WORK, "multiply_adds += without_biases", "totals"),
    Wrong(
        "once per pixel of the input",
        WORK,
        "multiply_adds += without_biases * shape[1] * shape[2]",
        "totals",
    ),
    Wrong(
        "biases multiply",
        WORK,
        "multiply_adds += parameters(layer, shape) * after[1] * after[2]",
        "totals",
    ),
    Wrong("every layer sees the image", "shape = after", "pass", "totals"),
    Wrong(
        "divides with /", CONV, "return F * (C / groups) * K * K + F", "parameters of a convolution"
    ),
    Wrong(
        "sizes as floats",
        SIZES,
        "return (F, float((H + 2 * padding - K) // stride + 1), "
        "float((W + 2 * padding - K) // stride + 1))",
        "shape of a plain convolution",
    ),
)
