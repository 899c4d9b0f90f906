"""Wrong answers to exercise 05."""

from tests.learn.wrong.wrong import Wrong

WRONG = (
    Wrong("right only for square weights", "x @ weight.T", "x @ weight", "shape"),
    Wrong(
        "in place on the input",
        "    return y",
        "    x -= 1\n    return y",
        "shape",
    ),
    Wrong("mean in place of sum", "x @ weight.T +", "x @ weight.T / x.shape[1] +", "all ones"),
    Wrong("no bias", "x @ weight.T + bias", "x @ weight.T + 0 * bias", "only the bias"),
    Wrong("bias of the first output only", "+ bias", "+ bias[0]", "only the bias"),
    Wrong(
        "a ReLU in the layer",
        "x @ weight.T + bias",
        "np.maximum(x @ weight.T, 0) + bias",
        "against the definition",
    ),
    Wrong("dweight transposed", "dy.T @ x", "x.T @ dy", "shapes of the slopes"),
    Wrong("dbias not summed", "dy.sum(axis=0)", "dy", "shapes of the slopes"),
    Wrong("dbias is a mean", "dy.sum(axis=0)", "dy.mean(axis=0)", "slope of the bias"),
    Wrong("dbias of the first example", "dy.sum(axis=0)", "dy[0].copy()", "slope of the bias"),
    Wrong("dweight is a mean", "dy.T @ x", "dy.T @ x / len(x)", "slopes of the weights"),
    Wrong(
        "dweight of the last example",
        "dweight = dy.T @ x",
        "for n in range(len(x)):\n        dweight = np.outer(dy[n], x[n])",
        "slopes of the weights",
    ),
    Wrong("dx always zero", "dx = dy @ weight", "dx = np.zeros_like(x)", "slopes of the inputs"),
    Wrong(
        "dx added up over the batch",
        "dx = dy @ weight",
        "dx = 0 * x + (dy @ weight).sum(axis=0)",
        "slopes of the inputs",
    ),
)
