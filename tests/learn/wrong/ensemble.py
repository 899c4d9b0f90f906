"""Wrong answers to exercise 21."""

from tests.learn.wrong.wrong import Wrong

SHARES = "shares = coefficients / coefficients.sum()"
SUM = "return (shares[:, None, None] * probabilities).sum(axis=0)"
HITS = "hits = np.clip((k - better) / equal, 0, 1)"

WRONG = (
    Wrong(
        "the mean over the classes, too",
        SUM,
        "return (shares[:, None, None] * probabilities).sum(axis=(0, 2))",
        "shape",
    ),
    Wrong(
        "coefficients are not divided by their sum",
        SHARES,
        "shares = coefficients",
        "networks alike",
    ),
    Wrong(
        "divides by the number of networks",
        SHARES,
        "shares = coefficients / len(coefficients)",
        "networks alike",
    ),
    Wrong(
        "the product",
        SUM,
        "return np.prod(probabilities ** shares[:, None, None], axis=0)",
        "plain mean",
    ),
    Wrong("the best network wins", SUM, "return probabilities.max(axis=0)", "plain mean"),
    Wrong("the first network only", SUM, "return probabilities[0]", "plain mean"),
    Wrong(
        "coefficients are ignored",
        SHARES,
        "shares = np.ones_like(coefficients) / len(coefficients)",
        "weighted mean",
    ),
    Wrong("the share of the right ones", "float(1 - hits.mean())", "float(hits.mean())", "top 1"),
    Wrong(
        "a count instead of a share", "float(1 - hits.mean())", "float((1 - hits).sum())", "top 1"
    ),
    Wrong("always top 1", HITS, "hits = np.clip((1 - better) / equal, 0, 1)", "top k"),
    Wrong("one class more", HITS, "hits = np.clip((k + (k > 1) - better) / equal, 0, 1)", "top k"),
    Wrong("a hit counts at most 1 / t", HITS, "hits = (better < k) / equal", "all classes"),
    Wrong("a tie is right", HITS, "hits = better < k", "ties"),
    Wrong("a tie is wrong", HITS, "hits = better + equal <= k", "ties"),
    Wrong(
        "the first of equals is better",
        HITS,
        "order = np.argsort(-probabilities, axis=1, kind='stable')\n"
        "    hits = (order[:, :k] == labels[:, None]).any(axis=1)",
        "ties",
    ),
)
