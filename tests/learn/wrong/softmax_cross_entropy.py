"""Wrong answers to exercise 15."""

from tests.learn.wrong.wrong import Wrong

Z = "z = logits - logits.max(axis=1, keepdims=True)  # the largest is 0: exp cannot overflow"
LOSS = "loss = (np.log(total[:, 0]) - z[right]).mean()"
RETURN = "return float(loss), dlogits / N"

WRONG = (
    Wrong(
        "the sum over the batch",
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
        "the mean over the classes, too",
        LOSS,
        "loss = (np.log(total) - z)[right].mean() / logits.shape[1]",
        "equal logits",
    ),
    Wrong(
        "all take the first label",
        LOSS,
        "loss = (np.log(total[:, 0]) - z[:, labels[0]]).mean()",
        "loss",
    ),
    Wrong(
        "logarithm of base 2",
        LOSS,
        "loss = (np.log2(total[:, 0]) - z[right]).mean()",
        "equal logits",
    ),
    Wrong("nothing is subtracted", Z, "z = logits", "huge logits"),
    Wrong("the largest of the whole batch", Z, "z = logits - logits.max()", "huge logits"),
    Wrong(
        "the logarithm of a p of 0",
        LOSS,
        "loss = -np.log((e / total)[right]).mean()",
        "huge logits",
    ),
    Wrong(
        "a tiny number against log(0)",
        LOSS,
        "loss = -np.log((e / total)[right] + 1e-300).mean()",
        "huge logits",
    ),
    Wrong("takes 1 from every class", "dlogits[right] -= 1", "dlogits -= 1", "rows sum to zero"),
    Wrong("p is taken for the gradient", "dlogits[right] -= 1", "pass", "rows sum to zero"),
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
