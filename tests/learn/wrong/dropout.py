"""Wrong answers to exercise 12."""

from tests.learn.wrong import Wrong

PAPER = "return np.where(keep, x, 0.0) if training else x * (1 - p)"
INVERTED = "return np.where(keep, x / (1 - p), 0.0) if training else x.copy()"

WRONG = (
    Wrong("removes dropped numbers", PAPER, "return x[keep] if training else x * (1 - p)", "shape"),
    Wrong("confuses p and 1 - p", "else x * (1 - p)", "else x * p", "nothing dropped"),
    Wrong(
        "drops where keep is True",
        "np.where(keep, x, 0.0)",
        "np.where(keep, 0.0, x)",
        "nothing dropped",
    ),
    Wrong(
        "both conventions at once",
        "np.where(keep, x, 0.0)",
        "np.where(keep, x / (1 - p), 0.0)",
        "paper, training",
    ),
    Wrong(
        "writes into x",
        PAPER,
        "if training:\n        x[~keep] = 0.0\n        return x\n    return x * (1 - p)",
        "shape",
    ),
    Wrong(
        "drops at test time",
        "if training else x * (1 - p)",
        "if training else np.where(keep, x * (1 - p), 0.0)",
        "paper, test time",
    ),
    Wrong(
        "right only for p = 0.5",
        "else x * (1 - p)",
        "else (x * 0.5 if p else x)",
        "paper, test time",
    ),
    Wrong(
        "multiplies where it should divide",
        "np.where(keep, x / (1 - p), 0.0)",
        "np.where(keep, x * (1 - p), 0.0)",
        "inverted, training",
    ),
    Wrong(
        "does not scale at all",
        "np.where(keep, x / (1 - p), 0.0)",
        "np.where(keep, x, 0.0)",
        "inverted, training",
    ),
    Wrong(
        "scales by the fraction that was kept",
        "np.where(keep, x / (1 - p), 0.0)",
        "np.where(keep, x / max(keep.mean(), 1e-9), 0.0)",
        "inverted, training",
    ),
    Wrong(
        "scales twice",
        INVERTED,
        "return np.where(keep, x / (1 - p), 0.0) if training else x * (1 - p)",
        "inverted, test time",
    ),
)
