"""Wrong answers to exercise 05."""

from tests.learn.wrong import Wrong

WRONG = (
    Wrong("right only for square weights", "x @ weight.T", "x @ weight", "shape"),
    Wrong(
        "writes into x",
        "    return y",
        "    x -= 1\n    return y",
        "shape",
    ),
    Wrong("mean instead of sum", "x @ weight.T +", "x @ weight.T / x.shape[1] +", "all ones"),
    Wrong("no bias", "x @ weight.T + bias", "x @ weight.T + 0 * bias", "only the bias"),
    Wrong("bias of the first output only", "+ bias", "+ bias[0]", "only the bias"),
    Wrong(
        "applies a ReLU",
        "x @ weight.T + bias",
        "np.maximum(x @ weight.T, 0) + bias",
        "against the definition",
    ),
    Wrong("dweight transposed", "dy.T @ x", "x.T @ dy", "gradient shapes"),
    Wrong("dbias not summed", "dy.sum(axis=0)", "dy", "gradient shapes"),
    Wrong("dbias is a mean", "dy.sum(axis=0)", "dy.mean(axis=0)", "bias gradient"),
    Wrong("dbias of the first example", "dy.sum(axis=0)", "dy[0].copy()", "bias gradient"),
    Wrong("dweight is a mean", "dy.T @ x", "dy.T @ x / len(x)", "weight gradient"),
    Wrong(
        "dweight of the last example",
        "dweight = dy.T @ x",
        "for n in range(len(x)):\n        dweight = np.outer(dy[n], x[n])",
        "weight gradient",
    ),
    Wrong("dx always zero", "dx = dy @ weight", "dx = np.zeros_like(x)", "input gradient"),
    Wrong(
        "dx summed over the batch",
        "dx = dy @ weight",
        "dx = 0 * x + (dy @ weight).sum(axis=0)",
        "input gradient",
    ),
    Wrong(
        "weight gradient rounded to float32",
        "dy.T @ x",
        "(dy.T @ x).astype(np.float32).astype(np.float64)",
        "weight gradient",
    ),
)
