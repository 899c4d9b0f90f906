"""Wrong answers to exercise 21."""

from tests.learn.wrong import Wrong

SHARES = "shares = coefficients / coefficients.sum()"
SUM = "return (shares[:, None, None] * probabilities).sum(axis=0)"
HITS = "hits = np.clip((k - better) / equal, 0, 1)"

WRONG = (
    Wrong(
        "averages over the classes, too",
        SUM,
        "return (shares[:, None, None] * probabilities).sum(axis=(0, 2))",
        "shape",
    ),
    Wrong(
        "does not divide by the sum of the coefficients",
        SHARES,
        "shares = coefficients",
        "equal networks",
    ),
    Wrong(
        "divides by the number of networks",
        SHARES,
        "shares = coefficients / len(coefficients)",
        "equal networks",
    ),
    Wrong(
        "product of the probabilities",
        SUM,
        "return np.prod(probabilities ** shares[:, None, None], axis=0)",
        "plain mean",
    ),
    Wrong("maximum over the networks", SUM, "return probabilities.max(axis=0)", "plain mean"),
    Wrong("the first network only", SUM, "return probabilities[0]", "plain mean"),
    Wrong(
        "coefficients are ignored",
        SHARES,
        "shares = np.ones_like(coefficients) / len(coefficients)",
        "weighted mean",
    ),
    Wrong("fraction of correct images", "float(1 - hits.mean())", "float(hits.mean())", "top 1"),
    Wrong(
        "count instead of fraction", "float(1 - hits.mean())", "float((1 - hits).sum())", "top 1"
    ),
    Wrong("always top 1", HITS, "hits = np.clip((1 - better) / equal, 0, 1)", "top k"),
    Wrong("k + 1 classes", HITS, "hits = np.clip((k + (k > 1) - better) / equal, 0, 1)", "top k"),
    Wrong("a hit counts 1 / t", HITS, "hits = (better < k) / equal", "all classes"),
    Wrong("a tie counts as correct", HITS, "hits = better < k", "ties"),
    Wrong("a tie counts as wrong", HITS, "hits = better + equal <= k", "ties"),
    Wrong(
        "in a tie the first class wins",
        HITS,
        "order = np.argsort(-probabilities, axis=1, kind='stable')\n"
        "    hits = (order[:, :k] == labels[:, None]).any(axis=1)",
        "ties",
    ),
    Wrong(
        "coefficients cut off to integers",
        "coefficients / coefficients.sum()",
        "coefficients // 1 / coefficients.sum()",
        "equal networks",
    ),
    Wrong(
        "a coefficient of 0 counts as none",
        "if coefficients is None:",
        "if coefficients is None or not coefficients.all():",
        "weighted mean",
    ),
    Wrong(
        "tiny probabilities are ties",
        "(probabilities == right)",
        "np.isclose(probabilities, right)",
        "top 1",
    ),
)
