"""Wrong answers to exercise 22."""

from tests.learn.wrong import Wrong

ADD = "dx[n, c, top + first // width, left + first % width] += dy[:, :, i, j]"
FIRST = "first = window.reshape(N, C, -1).argmax(axis=2)  # in each channel of each image"
CORNER = "top, left = i * stride, j * stride"
WINDOW = "window = x[:, :, top : top + kernel_size, left : left + kernel_size]  # clipped"
EQUAL = "equal = window == window.max(axis=(2, 3), keepdims=True)\n            "
INSIDE = "dx[:, :, top : top + kernel_size, left : left + kernel_size]"

WRONG = (
    Wrong("dx has the shape of dy", "dx = np.zeros_like(x)", "return dy.copy()", "shape"),
    Wrong(
        "dx is a whole number",
        "dx = np.zeros_like(x)",
        "dx = np.zeros(x.shape, dtype=int)",
        "shape",
    ),
    Wrong("dx always zero", ADD, ADD.replace("dy[", "0 * dy["), "one window"),
    Wrong("only the first image", ADD, ADD.replace("[n, c,", "[:1, c,"), "one window"),
    Wrong("dy goes to the smallest", "argmax(", "argmin(", "one window"),
    Wrong(
        "row and column swapped",
        ADD,
        "dx[n, c, top + first % width, left + first // width] += dy[:, :, i, j]",
        "one window",
    ),
    Wrong(
        "one argmax for all channels",
        FIRST,
        "first = window.sum(axis=(0, 1)).argmax()",
        "one window",
    ),
    Wrong(
        "keeps the larger gradient",
        ADD,
        "at = n, c, top + first // width, left + first % width\n"
        "            new = dy[:, :, i, j]\n"
        "            dx[at] = np.where(abs(new) > abs(dx[at]), new, dx[at])",
        "linearity",
    ),
    Wrong("overwrites where windows overlap", "+= dy", "= dy", "nothing is lost"),
    Wrong(
        "leaves out the clipped windows",
        CORNER,
        CORNER + "\n            if max(top - x.shape[2], left - x.shape[3]) + kernel_size > 0:\n"
        "                continue",
        "clipped windows",
    ),
    Wrong(
        "divides by the kernel size in a clipped window",
        "width = window.shape[3]",
        "width = kernel_size",
        "clipped windows",
    ),
    Wrong(
        "pads with zeros",
        WINDOW,
        "padded = np.pad(x, ((0, 0), (0, 0), (0, kernel_size), (0, kernel_size)))\n"
        "            window = padded[:, :, top : top + kernel_size, left : left + kernel_size]",
        "clipped windows",
    ),
    Wrong(
        "moves the last window back into the image",
        CORNER,
        CORNER + "\n            top, left = min(top, x.shape[2] - kernel_size), "
        "min(left, x.shape[3] - kernel_size)",
        "clipped windows",
    ),
    Wrong(
        "every maximum gets all of dy",
        ADD,
        EQUAL + INSIDE + " += equal * dy[:, :, i, j][:, :, None, None]",
        "ties",
    ),
    Wrong(
        "the last maximum gets dy",
        FIRST,
        "first = window[0, 0].size - 1 - window.reshape(N, C, -1)[:, :, ::-1].argmax(axis=2)",
        "ties",
    ),
    Wrong(
        "the search begins with -1000",
        "window.reshape(N, C, -1)",
        "np.maximum(window, -1000).reshape(N, C, -1)",
        "clipped windows",
    ),
)
