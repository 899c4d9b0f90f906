"""Wrong answers to exercise 20."""

from tests.learn.wrong import Wrong

CORNERS = "corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]"
E = "e = np.exp(logits - logits.max(axis=2, keepdims=True))"
MEAN = "return p.mean(axis=1)"

WRONG = (
    Wrong("five crops only", "np.stack(crops + flipped)", "np.stack(crops)", "shape"),
    Wrong("height and width swapped", "CH, CW = crop", "CW, CH = crop", "shape"),
    Wrong(
        "float64 instead of uint8",
        "np.stack(crops + flipped)",
        "np.stack(crops + flipped) / 1.0",
        "shape",
    ),
    Wrong(
        "one pixel too far inside",
        "bottom, right = H - CH, W - CW",
        "bottom, right = max(0, H - CH - 1), max(0, W - CW - 1)",
        "corners and centre",
    ),
    Wrong(
        "top right and bottom left swapped",
        CORNERS,
        "corners = [(0, 0), (bottom, 0), (0, right), (bottom, right), (bottom // 2, right // 2)]",
        "corners and centre",
    ),
    Wrong(
        "the centre rounded up",
        "(bottom // 2, right // 2)",
        "((bottom + 1) // 2, (right + 1) // 2)",
        "corners and centre",
    ),
    Wrong(
        "a corner twice instead of the centre",
        "(bottom // 2, right // 2)",
        "(0, 0)",
        "corners and centre",
    ),
    Wrong("upside down", "window[:, ::-1]", "window[::-1]", "flips"),
    Wrong("flips in reverse order", "for window in crops]", "for window in crops[::-1]]", "flips"),
    Wrong("mean over the images", MEAN, "return p.mean(axis=0)", "shape of the average"),
    Wrong("sum over the crops", MEAN, "return p.sum(axis=1)", "equal crops"),
    Wrong(
        "softmax over the crops",
        "p = e / e.sum(axis=2, keepdims=True)",
        "p = e / e.sum(axis=1, keepdims=True)",
        "equal crops",
    ),
    Wrong("no softmax", MEAN, "return logits.mean(axis=1)", "equal crops"),
    Wrong(
        "mean of the logits",
        E,
        "logits = logits.mean(axis=1, keepdims=True)\n"
        "    e = np.exp(logits - logits.max(axis=2, keepdims=True))",
        "probabilities, not logits",
    ),
    Wrong("first crop only", MEAN, "return p[:, 0]", "probabilities, not logits"),
    Wrong("subtracts nothing", E, "e = np.exp(logits)", "huge logits"),
    Wrong(
        "subtracts the largest of all crops", E, "e = np.exp(logits - logits.max())", "huge logits"
    ),
)
