"""Wrong answers to exercise 06."""

from tests.learn.wrong import Wrong

FORWARD = "return np.where(x > 0, x, 0)"
BACKWARD = "return np.where(x > 0, dy, 0)"

WRONG = (
    Wrong("writes into x", FORWARD, "x[x < 0] = 0\n    return x", "shape"),
    Wrong("removes negative numbers", FORWARD, "return x[x > 0]", "shape"),
    Wrong("forgets to return", FORWARD, "np.where(x > 0, x, 0)", "shape"),
    Wrong("hard-coded to the example", FORWARD, "return np.clip(x, 0, 3)", "positive numbers"),
    Wrong("step function", FORWARD, "return 1.0 * (x > 0)", "positive numbers"),
    Wrong("absolute values", FORWARD, "return np.abs(x)", "negative numbers"),
    Wrong("leaky ReLU", FORWARD, "return np.maximum(x, 0.01 * x)", "negative numbers"),
    Wrong(
        "one negative number sets all to zero",
        FORWARD,
        "return x * (x.min() >= 0)",
        "against the definition",
    ),
    Wrong(
        "writes into dy",
        BACKWARD,
        "dy[x <= 0] = 0\n    return dy",
        "gradient shape",
    ),
    Wrong("the sign of dy decides", BACKWARD, "return np.where(dy > 0, dy, 0)", "gradient"),
    Wrong("dx always zero", BACKWARD, "return np.zeros_like(dy)", "gradient"),
    Wrong("all gradients pass", BACKWARD, "return dy.copy()", "gradient"),
    Wrong("multiplies by x", BACKWARD, "return dy * np.maximum(x, 0)", "gradient"),
    Wrong(
        "gradients pass from 0.001 on",
        BACKWARD,
        "return np.where(x > 1e-3, dy, 0)",
        "gradient",
    ),
    Wrong("passes at zero", BACKWARD, "return np.where(x >= 0, dy, 0)", "at zero"),
    Wrong("half passes at zero", BACKWARD, "return dy * (1 + np.sign(x)) / 2", "at zero"),
    Wrong(
        "small numbers count as 0",
        "np.where(x > 0, x, 0)",
        "np.where(x > 1e-3, x, 0)",
        "positive numbers",
    ),
    Wrong(
        "gradient rounded to float32",
        "np.where(x > 0, dy, 0)",
        "np.where(x > 0, dy, 0).astype(np.float32).astype(np.float64)",
        "gradient",
    ),
)
