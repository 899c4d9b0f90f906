"""Wrong answers to exercise 19."""

from tests.learn.wrong import Wrong

LOOP = "for number in range(cuda.grid(1), cols.size, cuda.gridsize(1)):"
INSIDE = "if h >= 0 and h < H and w >= 0 and w < W:"

WRONG = (
    Wrong(
        "not a kernel",
        "@cuda.jit\ndef im2col_kernel(",
        "class Launch:\n"
        "    def __getitem__(self, _):\n"
        "        return lambda x, cols, *rest: cols.fill(0)\n\n"
        "    def __call__(self, x, cols, KH, KW, stride, padding):\n"
        "        raise TypeError\n\n\n"
        "im2col_kernel = Launch()\n\n\n"
        "def not_used(",
        "a kernel",
    ),
    Wrong(
        "thread number within the block",
        LOOP,
        "for number in range(cuda.threadIdx.x, cols.size, cuda.gridsize(1)):",
        "every number",
    ),
    Wrong("the first image only", "n = number // (patches * rows)", "n = 0", "every number"),
    Wrong(
        "patch read column by column",
        "q = row % KW\n        p = row // KW % KH",
        "p = row % KH\n        q = row // KH % KW",
        "against the definition",
    ),
    Wrong(
        "patches ordered column by column",
        "h = patch // OW * stride + p - padding\n        w = patch % OW * stride + q - padding",
        "OH = patches // OW\n"
        "        h = patch % OH * stride + p - padding\n"
        "        w = patch // OH * stride + q - padding",
        "against the definition",
    ),
    Wrong(
        "stride 1 along the columns",
        "w = patch % OW * stride + q",
        "w = patch % OW + q",
        "stride and padding",
    ),
    Wrong(
        "a negative index counts from the end", INSIDE, "if h < H and w < W:", "stride and padding"
    ),
    Wrong(
        "nothing is written outside the image",
        "        else:\n            cols[n, row, patch] = 0\n",
        "",
        "stride and padding",
    ),
    Wrong("no guard", LOOP, "for number in (cuda.grid(1),):", "too many threads"),
    Wrong(
        "guard off by one",
        LOOP,
        "for number in range(cuda.grid(1), cols.size + 1, cuda.gridsize(1)):",
        "a kernel",
    ),
    Wrong(
        "one number per thread",
        LOOP,
        "for number in range(cuda.grid(1), min(cols.size, cuda.grid(1) + 1)):",
        "too few threads",
    ),
    Wrong(
        "steps by a block, not by the grid",
        LOOP,
        "for number in range(cuda.grid(1), min(cols.size, cuda.grid(1) + 2 * cuda.blockDim.x),"
        " cuda.blockDim.x):",
        "too few threads",
    ),
)
