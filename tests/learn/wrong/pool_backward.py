"""Wrong answers to exercise 08."""

from tests.learn.wrong import Wrong

ADD = "dx[n, c, top + p, left + q] += dy[n, c, i, j]"
FIND = "p, q = divmod(np.argmax(window), kernel_size)  # the first maximum"
EQUAL = "largest = window == window.max()\n                    "

WRONG = (
    Wrong("dx has the shape of dy", "dx = np.zeros_like(x)", "return dy.copy()", "shape"),
    Wrong(
        "writes into x",
        "dx = np.zeros_like(x)",
        "dx = x\n    dx[:] = 0",
        "shape",
    ),
    Wrong("dx always zero", ADD, "dx[n, c, top + p, left + q] += 0", "one window"),
    Wrong("only the first image", "for n in range(N):", "for n in range(1):", "one window"),
    Wrong(
        "row and column swapped",
        FIND,
        "q, p = divmod(np.argmax(window), kernel_size)",
        "one window",
    ),
    Wrong(
        "divides dy over the window, as for a mean",
        ADD,
        "dx[n, c, top : top + kernel_size, left : left + kernel_size] += (\n"
        "                        dy[n, c, i, j] / kernel_size**2\n"
        "                    )",
        "one window",
    ),
    Wrong("dy goes to the smallest", "np.argmax(", "np.argmin(", "one window"),
    Wrong("multiplies by the largest number", ADD, ADD + " * window.max()", "one window"),
    Wrong(
        "keeps the larger gradient",
        ADD,
        "old = dx[n, c, top + p, left + q]\n"
        "                    dx[n, c, top + p, left + q] = max(old, dy[n, c, i, j], key=abs)",
        "linearity",
    ),
    Wrong("overwrites where windows overlap", "+= dy", "= dy", "nothing is lost"),
    Wrong(
        "ignores the stride",
        "top, left = i * stride, j * stride",
        "top, left = min(i * kernel_size, x.shape[2] - kernel_size), j * stride",
        "gradient",
    ),
    Wrong(
        "searches the whole channel",
        "window = x[n, c, top : top + kernel_size, left : left + kernel_size]",
        "window = x[n, c]\n                    top, left, kernel_size = 0, 0, x.shape[3]",
        "gradient",
    ),
    Wrong(
        "every maximum gets all of dy",
        FIND,
        EQUAL + "p, q = np.nonzero(largest)",
        "ties",
    ),
    Wrong(
        "maxima share dy",
        FIND + "\n                    " + ADD,
        EQUAL + "p, q = np.nonzero(largest)\n"
        "                    dx[n, c, top + p, left + q] += dy[n, c, i, j] / len(p)",
        "ties",
    ),
    Wrong(
        "the last maximum gets dy",
        FIND,
        "last = kernel_size**2 - 1 - np.argmax(window[::-1, ::-1])\n"
        "                    p, q = divmod(last, kernel_size)",
        "ties",
    ),
    Wrong(
        "the first maximum, column by column",
        FIND,
        "q, p = divmod(np.argmax(window.T), kernel_size)",
        "ties",
    ),
    Wrong(
        "the search begins with 0",
        "np.argmax(window)",
        "np.argmax(np.maximum(window, 0))",
        "one window",
    ),
)
