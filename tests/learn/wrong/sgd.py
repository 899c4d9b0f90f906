"""Wrong answers to exercise 16."""

from tests.learn.wrong import Wrong

V = "v_new = momentum * v - lr * (weight_decay * w + g)"
RETURN = "return w + v_new, v_new"

WRONG = (
    Wrong("mean gradient for all weights", "w + g)", "w + g.mean(axis=0))", "from rest"),
    Wrong("writes into w", RETURN, "w += v_new\n    return w, v_new", "shape"),
    Wrong("wrong sign", V, "v_new = momentum * v + lr * (weight_decay * w + g)", "from rest"),
    Wrong(
        "learning rate outside the velocity",
        f"{V}\n    {RETURN}",
        "v_new = momentum * v + (weight_decay * w + g)\n    return w - lr * v_new, v_new",
        "from rest",
    ),
    Wrong("adds the old velocity", RETURN, "return w + v, v_new", "from rest"),
    Wrong("returns v first", RETURN, "return v_new, w + v_new", "from rest"),
    Wrong("no momentum", "momentum * v - lr", "v - lr", "momentum"),
    Wrong(
        "multiplies g by 1 - momentum",
        "weight_decay * w + g)",
        "weight_decay * w + (1 - momentum) * g)",
        "from rest",
    ),
    Wrong(
        "Nesterov's step",
        RETURN,
        "return w + momentum * v_new - lr * (weight_decay * w + g), v_new",
        "from rest",
    ),
    Wrong(
        "decay not multiplied by the learning rate",
        V,
        "v_new = momentum * v - lr * g - weight_decay * w",
        "weight decay",
    ),
    Wrong(
        "decay with the wrong sign", "weight_decay * w + g", "g - weight_decay * w", "weight decay"
    ),
    Wrong(
        "decay outside the velocity",
        f"{V}\n    {RETURN}",
        "v_new = momentum * v - lr * g\n    return w - lr * weight_decay * w + v_new, v_new",
        "weight decay",
    ),
    Wrong(
        "decay after the momentum step",
        "weight_decay * w + g",
        "weight_decay * (w + momentum * v) + g",
        "all together",
    ),
)
