"""Wrong answers to exercise 24."""

from tests.learn.wrong import Wrong

Z = "z = x @ w.T + b"
LOSS = "loss = (np.log(total[:, 0]) - z[right]).mean()"
G = "g = g / N"
RETURN = "return w - lr * (g.T @ x), b - lr * g.sum(axis=0), float(loss)"

WRONG = (
    Wrong(
        "the gradient instead of the new weights",
        RETURN,
        "return g.T @ x, g.sum(axis=0), float(loss)",
        "learning rate 0",
    ),
    Wrong(
        "one loss per image",
        RETURN,
        "return w - lr * (g.T @ x), b - lr * g.sum(axis=0), np.log(total[:, 0]) - z[right]",
        "shape",
    ),
    Wrong(
        "one bias per image",
        RETURN,
        "return w - lr * (g.T @ x), b[labels] - lr * g.sum(axis=1), float(loss)",
        "shape",
    ),
    Wrong(
        "sum of the losses",
        LOSS,
        "loss = (np.log(total[:, 0]) - z[right]).sum()",
        "loss of a guesser",
    ),
    Wrong(
        "base-2 logarithm",
        LOSS,
        "loss = (np.log2(total[:, 0]) - z[right]).mean()",
        "loss of a guesser",
    ),
    Wrong(
        "softmax over the mini-batch",
        "total = np.exp(z).sum(axis=1, keepdims=True)",
        "total = np.exp(z).sum(axis=0, keepdims=True)",
        "loss of a guesser",
    ),
    Wrong("the bias is forgotten", Z, "z = x @ w.T", "loss"),
    Wrong(
        "the label of the first image for all",
        "right = (np.arange(N), labels)",
        "right = (np.arange(N), labels[0])",
        "loss",
    ),
    Wrong(
        "changes w itself",
        RETURN,
        "w -= lr * (g.T @ x)\n    return w, b - lr * g.sum(axis=0), float(loss)",
        "shape",
    ),
    Wrong(
        "a weight decay that nobody asked for",
        RETURN,
        "return 0.9995 * w - lr * (g.T @ x), b - lr * g.sum(axis=0), float(loss)",
        "learning rate 0",
    ),
    Wrong(
        "the wrong sign",
        RETURN,
        "return w + lr * (g.T @ x), b + lr * g.sum(axis=0), float(loss)",
        "one image",
    ),
    Wrong("1 is not subtracted", "g[right] -= 1", "pass", "one image"),
    Wrong(
        "the bias does not learn",
        RETURN,
        "return w - lr * (g.T @ x), b - 0 * b, float(loss)",
        "one image",
    ),
    Wrong("the sum instead of the mean", G, "g = g / 1", "mini-batch"),
    Wrong(
        "the first image only",
        RETURN,
        "return w - lr * (g[:1].T @ x[:1]), b - lr * g[0], float(loss)",
        "mini-batch",
    ),
    Wrong("exp overflows", "z = z - z.max(axis=1, keepdims=True)", "z = z - 0", "large pixels"),
    Wrong(
        "whole weights",
        RETURN,
        "new = np.zeros(w.shape, int)\n    new[:] = w - lr * (g.T @ x)\n"
        "    return new, b - lr * g.sum(axis=0), float(loss)",
        "shape",
    ),
)
