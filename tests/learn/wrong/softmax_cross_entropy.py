"""Wrong answers to exercise 15."""

from tests.learn.wrong import Wrong

Z = "z = logits - logits.max(axis=1, keepdims=True)  # the largest is 0: exp cannot overflow"
LOSS = "loss = (np.log(total[:, 0]) - z[right]).mean()"
RETURN = "return float(loss), dlogits / N"

WRONG = (
    Wrong(
        "sum over the batch",
        LOSS,
        "loss = (np.log(total[:, 0]) - z[right]).sum()",
        "equal logits",
    ),
    Wrong(
        "softmax over the batch",
        "total = e.sum(axis=1, keepdims=True)",
        "total = e.sum(axis=0, keepdims=True)",
        "equal logits",
    ),
    Wrong(
        "writes into the logits",
        Z,
        "z = logits\n    z -= logits.max(axis=1, keepdims=True)",
        "shape",
    ),
    Wrong(
        "averages over the classes, too",
        LOSS,
        "loss = (np.log(total) - z)[right].mean() / logits.shape[1]",
        "equal logits",
    ),
    Wrong(
        "first label for all images",
        LOSS,
        "loss = (np.log(total[:, 0]) - z[:, labels[0]]).mean()",
        "loss",
    ),
    Wrong(
        "base-2 logarithm",
        LOSS,
        "loss = (np.log2(total[:, 0]) - z[right]).mean()",
        "equal logits",
    ),
    Wrong("subtracts nothing", Z, "z = logits", "huge logits"),
    Wrong("subtracts the largest of the batch", Z, "z = logits - logits.max()", "huge logits"),
    Wrong(
        "takes the logarithm of p = 0",
        LOSS,
        "loss = -np.log((e / total)[right]).mean()",
        "huge logits",
    ),
    Wrong(
        "adds a tiny number to p",
        LOSS,
        "loss = -np.log((e / total)[right] + 1e-300).mean()",
        "huge logits",
    ),
    Wrong(
        "subtracts 1 from every class", "dlogits[right] -= 1", "dlogits -= 1", "rows sum to zero"
    ),
    Wrong("returns p as the gradient", "dlogits[right] -= 1", "pass", "rows sum to zero"),
    Wrong("gradient of the sum", RETURN, "return float(loss), dlogits", "gradient"),
    Wrong("gradient always zero", RETURN, "return float(loss), dlogits * 0", "gradient"),
    Wrong(
        "one image only",
        RETURN,
        "return float(loss), dlogits / N * (np.arange(N) == 0)[:, None]",
        "gradient",
    ),
    Wrong(
        "stable in the loss only",
        "dlogits = e / total",
        "dlogits = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)",
        "gradient, huge logits",
    ),
)
