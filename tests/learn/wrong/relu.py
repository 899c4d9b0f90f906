"""Wrong answers to exercise 06."""

from tests.learn.wrong.wrong import Wrong

FORWARD = "return np.where(x > 0, x, 0)"
BACKWARD = "return np.where(x > 0, dy, 0)"

WRONG = (
    Wrong("in place on the input", FORWARD, "x[x < 0] = 0\n    return x", "shape"),
    Wrong("drops the negative numbers", FORWARD, "return x[x > 0]", "shape"),
    Wrong("forgets to return", FORWARD, "np.where(x > 0, x, 0)", "shape"),
    Wrong("hard-coded to the example", FORWARD, "return np.clip(x, 0, 3)", "positive numbers"),
    Wrong("step in place of ramp", FORWARD, "return 1.0 * (x > 0)", "positive numbers"),
    Wrong("absolute values", FORWARD, "return np.abs(x)", "negative numbers"),
    Wrong("leaks", FORWARD, "return np.maximum(x, 0.01 * x)", "negative numbers"),
    Wrong(
        "one negative number stops all",
        FORWARD,
        "return x * (x.min() >= 0)",
        "against the definition",
    ),
    Wrong(
        "changes dy in place",
        BACKWARD,
        "dy[x <= 0] = 0\n    return dy",
        "shape of the slopes",
    ),
    Wrong("the sign of dy decides", BACKWARD, "return np.where(dy > 0, dy, 0)", "gradient"),
    Wrong("always zero", BACKWARD, "return np.zeros_like(dy)", "gradient"),
    Wrong("all slopes pass", BACKWARD, "return dy.copy()", "gradient"),
    Wrong("times x", BACKWARD, "return dy * np.maximum(x, 0)", "gradient"),
    Wrong("passes at the kink", BACKWARD, "return np.where(x >= 0, dy, 0)", "kink"),
    Wrong("half at the kink", BACKWARD, "return dy * (1 + np.sign(x)) / 2", "kink"),
)
