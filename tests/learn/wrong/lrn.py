"""Wrong answers to exercise 10."""

from tests.learn.wrong import Wrong

WINDOW = "first, end = max(0, i - size // 2), min(C, i + size // 2 + 1)"
ENERGY = "energy[:, i] = square[:, first:end].sum(axis=1)"
RETURN = "return x / (k + alpha * energy) ** beta"

WRONG = (
    Wrong(
        "writes into x",
        RETURN,
        "x /= (k + alpha * energy) ** beta\n    return x",
        "shape",
    ),
    Wrong("returns one channel", RETURN, "return x[:, 0] / (k + alpha) ** beta", "shape"),
    Wrong(
        "multiplies instead of dividing",
        RETURN,
        "return x * (k + alpha * energy) ** beta",
        "alpha zero",
    ),
    Wrong(
        "power of the energy only", RETURN, "return x / (k + alpha * energy**beta)", "alpha zero"
    ),
    Wrong("no k", RETURN, "return x / (1 + alpha * energy) ** beta", "alpha zero"),
    Wrong(
        "alpha divided by size",
        RETURN,
        "return x / (k + alpha / size * energy) ** beta",
        "one channel",
    ),
    Wrong("not squared", "square = x**2", "square = np.abs(x)", "one channel"),
    Wrong(
        "sums over the batch",
        ENERGY,
        "energy[:, i] = square[:, first:end].sum(axis=(0, 1))",
        "one channel",
    ),
    Wrong(
        "sums over the pixels",
        ENERGY,
        "energy[:, i] = square[:, first:end].sum(axis=(1, 2, 3))[:, None, None]",
        "one channel",
    ),
    Wrong("one channel too few", WINDOW, WINDOW[:-5] + ")", "one channel"),
    Wrong(
        "one channel too many",
        WINDOW,
        "first, end = max(0, i - size // 2 - 1), min(C, i + size // 2 + 1)",
        "all ones",
    ),
    Wrong("not clipped below", WINDOW, "first, end = i - size // 2, i + size // 2 + 1", "all ones"),
    Wrong(
        "wraps around",
        ENERGY,
        "energy[:, i] = sum(\n"
        "            square[:, (i + d) % C] for d in range(-(size // 2), size // 2 + 1)\n"
        "        )",
        "one channel",
    ),
    Wrong(
        "earlier channels only",
        WINDOW,
        "first, end = max(0, i - size + 1), i + 1",
        "all ones",
    ),
    Wrong(
        "the window at the edge is moved inside",
        WINDOW,
        "first = min(max(0, i - size // 2), max(0, C - size))\n        end = first + size",
        "all ones",
    ),
    Wrong(
        "products instead of squares",
        ENERGY,
        "energy[:, i] = np.abs(x[:, i : i + 1] * x[:, first:end]).sum(axis=1)",
        "against the definition",
    ),
)
