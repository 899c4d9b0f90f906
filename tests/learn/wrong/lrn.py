"""Wrong answers to exercise 10."""

from tests.learn.wrong.wrong import Wrong

SUM = "s = k + alpha * squares[:, first : last + 1].sum(axis=1)"

WRONG = (
    Wrong("gives the first image only", "    return y", "    return y[:1]", "shape"),
    Wrong(
        "k is multiplied by alpha, too",
        SUM,
        SUM.replace("k + alpha * ", "alpha * (k + ") + ")",
        "alpha zero",
    ),  # fmt: skip
    Wrong("no power", "x[:, i] / s**beta", "x[:, i] / s", "alpha zero"),
    Wrong("alpha is divided by size", SUM, SUM.replace("alpha *", "alpha / size *"), "all ones"),
    Wrong("the last channel of the window is missing", "last + 1", "last", "all ones"),
    Wrong(
        "a window at the edge is filled up",
        "first = max(0, i - size // 2)",
        "first = max(0, min(i - size // 2, C - size))",
        "all ones",
    ),
    Wrong("adds numbers, not squares", "squares = x**2", "squares = x", "odd"),
    Wrong(
        "gives sizes without signs", "y[:, i] = x[:, i] /", "y[:, i] = abs(x[:, i]) /", "alpha zero"
    ),
    Wrong(
        "neighbours along the rows",
        SUM,
        "f = np.clip(np.arange(-(size // 2), size // 2 + 1) + i, 0, C - 1)\n"
        "        s = k + alpha * squares[:, np.unique(f)][..., ::-1].sum(axis=1)",
        "against the definition",
    ),
    Wrong(
        "in place on the squares, so that later channels see changed ones",
        "y[:, i] = x[:, i] / s**beta",
        "y[:, i] = x[:, i] / s**beta\n        squares[:, i] = y[:, i] ** 2",
        "all ones",
    ),
    Wrong(
        "the images of a batch share their energy",
        SUM,
        "s = k + alpha * squares[:, first : last + 1].sum(axis=1).mean(axis=0)",
        "against the definition",
    ),
    Wrong(
        "an even window reaches further up",
        "first = max(0, i - size // 2)\n        last = min(C - 1, i + (size - 1) // 2)",
        "first = max(0, i - (size - 1) // 2)\n        last = min(C - 1, i + size // 2)",
        "even windows",
    ),
)
