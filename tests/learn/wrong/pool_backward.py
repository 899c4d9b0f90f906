"""Wrong answers to exercise 08."""

from tests.learn.wrong.wrong import Wrong

ADD = "dx[n, c, top + p, left + q] += dy[n, c, i, j]"
WINDOW = "window = x[n, c, top : top + KH, left : left + KW]"

WRONG = (
    Wrong("in the shape of dy", "    return dx", "    return dx[:, :, :OH, :OW]", "shape"),
    Wrong("always zero", ADD, "pass", "windows apart"),
    Wrong("every pixel of the window gets dy", ADD,
          "dx[n, c, top : top + KH, left : left + KW] += dy[n, c, i, j]", "windows apart"),
    Wrong("the place in the window, not in the image", ADD,
          "dx[n, c, p, q] += dy[n, c, i, j]", "windows apart"),
    Wrong("right only for square kernels", "divmod(window.argmax(), KW)",
          "(min(v, w - 1) for v, w in zip(divmod(window.argmax(), KH), (KH, KW), strict=True))",
          "windows apart"),
    Wrong("the smallest wins", "window.argmax()", "window.argmin()", "windows apart"),
    Wrong("divided by the size of the batch", ADD, ADD + " / N", "windows apart"),
    Wrong("only the first image", "for n in range(N):", "for n in range(1):", "windows apart"),
    Wrong("the last window wins", ADD, ADD.replace("+=", "="), "overlap of ones"),
    Wrong("the last of equals", "p, q = divmod(window.argmax(), KW)",
          "p, q = divmod(KH * KW - 1 - window[::-1, ::-1].argmax(), KW)", "ties"),
    Wrong("equals share", ADD,
          "tied = window == window.max()\n                    "
          "dx[n, c, top : top + KH, left : left + KW] += dy[n, c, i, j] * tied / tied.sum()", "ties"),
    Wrong("equals get it all, each", ADD,
          "tied = window == window.max()\n                    "
          "dx[n, c, top : top + KH, left : left + KW] += dy[n, c, i, j] * tied", "ties"),
    Wrong("works on the image itself", "dx = np.zeros_like(x)", "dx = x\n    dx -= x", "shape"),
)  # fmt: skip
