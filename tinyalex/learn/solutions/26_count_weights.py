"""Reference solution of exercise 26."""


def output_shape(layer: tuple, shape: tuple[int, int, int]) -> tuple[int, int, int]:
    C, H, W = shape
    if layer[0] == "linear":
        return (layer[1], 1, 1)
    if layer[0] == "pool":
        F, K, stride, padding = C, layer[1], layer[2], 0
    else:
        F, K, stride, padding = layer[1:5]
    return (F, (H + 2 * padding - K) // stride + 1, (W + 2 * padding - K) // stride + 1)


def parameters(layer: tuple, shape: tuple[int, int, int]) -> int:
    C, H, W = shape
    if layer[0] == "pool":
        return 0
    if layer[0] == "linear":
        return layer[1] * C * H * W + layer[1]
    F, K, stride, padding, groups = layer[1:]
    return F * (C // groups) * K * K + F


def totals(layers: tuple, shape: tuple[int, int, int]) -> tuple[int, int]:
    weights = multiply_adds = 0
    for layer in layers:
        after = output_shape(layer, shape)
        if layer[0] != "pool":
            weights += parameters(layer, shape)
            without_biases = parameters(layer, shape) - layer[1]
            multiply_adds += without_biases * after[1] * after[2]
        shape = after
    return weights, multiply_adds
