"""Wrong answers to exercise 11."""

from tests.learn.wrong import Wrong

WRONG = (
    Wrong(
        "the power has the wrong sign",
        "dy * s**-beta - 2",
        "dy * s**beta - 2",
        "alpha zero",
    ),
    Wrong(
        "treats s as a constant",
        "return dy * s**-beta - 2 * alpha * beta * x * seen_by",
        "return dy * s**-beta",
        "one channel",
    ),
    Wrong("the 2 of the square is missing", "2 * alpha * beta", "alpha * beta", "one channel"),
    Wrong("alpha is divided by size", "s = k + alpha *", "s = k + alpha / size *", "one channel"),
    Wrong(
        "sums over all channels",
        "seen_by = window_sum(through_s, above, below)",
        "seen_by = through_s.sum(axis=1, keepdims=True)",
        "neighbours only",
    ),
    Wrong(
        "sums over rows",
        "seen_by = window_sum(through_s, above, below)",
        "seen_by = window_sum(through_s.swapaxes(1, 2), above, below).swapaxes(1, 2)",
        "one channel",
    ),
    Wrong(
        "a channel changes only its own output",
        "seen_by = window_sum(through_s, above, below)",
        "seen_by = through_s",
        "gradient",
    ),
    Wrong(
        "own x instead of the neighbours' x",
        "return dy * s**-beta - 2 * alpha * beta * x * seen_by",
        "t = window_sum(through_s / np.where(x, x, 1), above, below)\n"
        "    return dy * s**-beta - 2 * alpha * beta * x * x * t",
        "gradient",
    ),
    Wrong(
        "the window is not reversed",
        "seen_by = window_sum(through_s, above, below)",
        "seen_by = window_sum(through_s, below, above)",
        "even windows",
    ),
)
