"""Convolution on a GPU: rows of windows, and one product per output row.

A window of KH x KW pixels is KH rows of KW pixels, and windows above each other share rows. So
rows are written, not windows: (G, Hp, C/G, KW, n, OW), Hp the padded height. For output row oh, the
rows oh*sh to oh*sh + KH-1 are already the im2col matrix of its windows in all images, (K, n*OW)
with K = KH * C/G * KW. This takes 1/KH of the memory that `im2col` writes, and cuBLAS multiplies
all output rows in one call.

    forward   z[oh] = w @ columns[oh]                       (F/G, n*OW)
    dw        sum over oh of columns[oh] @ dy[oh].T         (K, F/G)
    dx        stride 1: dy convolved with the flipped filters;
              else col2im(w.T @ dy)

The batch is cut into slices of bounded workspace. Sums have a fixed order: the same bytes every
time.

With bfloat16 arrays the rows and z are bfloat16 too, and the sums for dw float32. So z is rounded
before its bias is added and after, which saves half of its memory traffic.
"""

from __future__ import annotations

from tinyalex.backends.base import Array, Pair, is_bfloat16
from tinyalex.backends.cuda import im2col as kernels
from tinyalex.backends.cuda.arrays import CudaArrays
from tinyalex.backends.cuda.launch import launch, scalar, threads_for, wide
from tinyalex.functional import out_hw

ALIGN = 16  # bytes that tensor cores read at a time
SUM_SHARES = 16


def forward(
    backend: CudaArrays,
    x: Array,
    w: Array,
    b: Array,
    stride: Pair,
    padding: Pair,
    groups: int,
    relu: bool = False,
) -> Array:
    """Convolve (N, C, H, W) with (F, C/G, KH, KW), then a ReLU if asked: (N, F, OH, OW)."""
    x, w, b = map(backend.flat, (x, w, b))
    F, per_group, KH, KW = w.shape
    y = backend.empty((len(x), F, *out_hw(x.shape, (KH, KW), stride, padding)), w.dtype)
    # (G, F/G, K), K in the order of the rows: KH, C/G, KW
    w = w.reshape(groups, F // groups, per_group, KH, KW).transpose(0, 1, 3, 2, 4)
    w = filters_for_product(backend, w.reshape(groups, F // groups, -1))
    correlate(backend, x, w, (KH, KW), b, stride, padding, y, relu)
    return y


def backward(
    backend: CudaArrays,
    dy: Array,
    x: Array,
    w: Array,
    stride: Pair,
    padding: Pair,
    groups: int,
    needs_dx: bool,
) -> tuple[Array | None, Array, Array]:
    """Gradients of `forward`: dx (None unless needed), dw and db."""
    dy, x, w = map(backend.flat, (dy, x, w))
    dw = weight_gradient(backend, dy, x, w.shape, stride, padding, groups)
    db = bias_gradient(backend, dy)
    if not needs_dx:
        return None, dw, db
    dx = backend.empty(x.shape, w.dtype)
    F, per_group, KH, KW = w.shape
    around = (KH - 1 - padding[0], KW - 1 - padding[1])
    if stride == (1, 1) and min(around) >= 0:
        # (G, C/G, K), K in the order of dy's rows: KH, F/G, KW, flipped
        w = w.reshape(groups, F // groups, per_group, KH, KW)[..., ::-1, ::-1]
        w = backend.flat(w.transpose(0, 2, 3, 1, 4).reshape(groups, per_group, -1))
        correlate(backend, dy, w, (KH, KW), None, stride, around, dx)
    else:
        scatter(backend, dy, w, stride, padding, groups, dx)
    return dx, dw, db


def filters_for_product(backend: CudaArrays, w: Array) -> Array:
    """Lay (G, F/G, K) out for cuBLAS: rows, or columns if rows of an odd length end unaligned."""
    if is_bfloat16(w.dtype) and w.shape[2] * w.itemsize % ALIGN:
        return backend.flat(w.swapaxes(1, 2)).swapaxes(1, 2)
    return backend.flat(w)


def batch_slices(backend: CudaArrays, n: int, numbers_per_image: int, itemsize: int) -> list[slice]:
    """Cut a batch into slices of even size, aligned since OW is often odd; their workspace fits."""
    count = max(1, -(-n // max(1, backend.workspace // max(1, numbers_per_image * itemsize))))
    step, align = max(1, -(-n // count)), max(1, ALIGN // itemsize)
    if step > align:
        step = -(-step // align) * align
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]


def correlate(
    backend: CudaArrays,
    x: Array,
    w: Array,
    kernel: Pair,
    b: Array | None,
    stride: Pair,
    padding: Pair,
    y: Array,
    relu: bool = False,
) -> None:
    """Correlate ``x`` with filters ``w`` (G, F/G, K); write ``y`` (N, F, OH, OW)."""
    G, per_group, _ = w.shape
    F, OH, OW = y.shape[1:]
    image = x.shape[1] * (x.shape[2] + 2 * padding[0]) * kernel[1] * OW + F * OH * OW
    threads = threads_for(OH * OW)
    for images in batch_slices(backend, len(x), image, w.itemsize):
        n = images.stop - images.start
        columns = im2col_rows(backend, x[images], G, kernel, stride, padding, (OH, OW))
        z = backend.empty((G, OH, per_group, n * OW), w.dtype)
        for g in range(G):
            backend.matmul_into(backend.xp.broadcast_to(w[g], (OH, *w.shape[1:])), columns[g], z[g])
        grid = (n, -(-(OH * OW) // threads), F)
        sizes = n, F, per_group, OH, OW, int(b is not None), int(relu)
        launch(kernels.write_images, grid, threads, z, w if b is None else b, y[images], *sizes)


def im2col_rows(
    backend: CudaArrays,
    x: Array,
    groups: int,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    out_hw: Pair,
) -> Array:
    """Write the rows of ``x``; return a view: each output row's im2col matrix, (G, OH, K, n*OW)."""
    n, C, H, W = x.shape
    OH, OW = out_hw
    Hp, per_group = H + 2 * padding[0], C // groups
    rows = backend.empty((groups, Hp, per_group * kernel[1], n * OW), x.dtype)
    threads = threads_for(n * OW)
    grid = (-(-(n * OW) // threads), Hp, -(-C // kernels.CHANNELS))
    sizes = n, C, H, W, per_group, Hp, kernel[1], stride[1], *padding, OW
    launch(kernels.write_rows, grid, threads, x, rows, *sizes)
    group_step, row_step, k_step, step = rows.strides
    return backend.xp.lib.stride_tricks.as_strided(
        rows,
        (groups, OH, kernel[0] * per_group * kernel[1], n * OW),
        (group_step, stride[0] * row_step, k_step, step),
    )


def weight_gradient(
    backend: CudaArrays,
    dy: Array,
    x: Array,
    w_shape: tuple[int, ...],
    stride: Pair,
    padding: Pair,
    groups: int,
) -> Array:
    """Return ``dw`` (F, C/G, KH, KW): one sum per output row, added in order."""
    F, per_group, KH, KW = w_shape
    OH, OW = dy.shape[2:]
    shape = (groups, OH, KH * per_group * KW, F // groups)
    make = backend.empty if len(x) else backend.xp.zeros
    sums = make(shape, wide(x.dtype))
    image = x.shape[1] * (x.shape[2] + 2 * padding[0]) * KW * OW + F * OH * OW
    for images in batch_slices(backend, len(x), image, x.itemsize):
        columns = im2col_rows(backend, x[images], groups, (KH, KW), stride, padding, (OH, OW))
        dy_rows = im2col_rows(backend, dy[images], groups, (1, 1), (1, 1), (0, 0), (OH, OW))
        for g in range(groups):
            dy_T = dy_rows[g].swapaxes(1, 2)
            backend.matmul_into(columns[g], dy_T, sums[g], add=images.start > 0)
    dw = sums.sum(axis=1).reshape(groups, KH, per_group, KW, F // groups)
    return backend.flat(dw.transpose(0, 4, 2, 1, 3)).reshape(w_shape)


def bias_gradient(backend: CudaArrays, dy: Array) -> Array:
    """Return ``db`` (F,)."""
    N, F, OH, OW = dy.shape
    share = max(1, -(-N // SUM_SHARES))
    shares = max(1, -(-N // share))
    sums = backend.empty((F, shares), wide(dy.dtype))
    sizes = N, F, OH * OW, share, scalar(0, dy)
    launch(kernels.sum_maps, (F, shares), kernels.SUM_THREADS, dy, sums, *sizes)
    return sums.sum(axis=1)


def scatter(
    backend: CudaArrays, dy: Array, w: Array, stride: Pair, padding: Pair, groups: int, dx: Array
) -> None:
    """Write ``dx`` by col2im: columns are added back into their windows; any stride.

    The columns of bfloat16 arrays are float32: what is added is rounded once, at the end.
    """
    N, F, OH, OW = dy.shape
    _, per_group, KH, KW = w.shape
    K, P = per_group * KH * KW, OH * OW
    w = w.reshape(groups, F // groups, K).swapaxes(1, 2)
    dtype = wide(dy.dtype)
    for images in batch_slices(backend, N, groups * K * P, dtype.itemsize):
        n = images.stop - images.start
        cols = backend.empty((groups, n, K, P), dtype)
        maps = dy[images].reshape(n, groups, F // groups, P)
        for g in range(groups):
            filters = backend.xp.broadcast_to(w[g], (n, *w.shape[1:]))
            backend.matmul_into(filters, maps[:, g], cols[g])
            col2im(
                cols[g], dx[images], g * per_group, per_group, (KH, KW), stride, padding, (OH, OW)
            )


def col2im(
    cols: Array,
    dx: Array,
    first: int,
    channels: int,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    out_hw: Pair,
) -> None:
    """Write ``dx`` of ``channels`` channels, starting at ``first``: col2im of (n, K, P)."""
    n, C, H, W = dx.shape
    P = out_hw[0] * out_hw[1]
    threads = threads_for(H * W)
    grid = (n, -(-(H * W) // threads), channels)
    sizes = C, H, W, *kernel, *stride, *padding, *out_hw
    steps = channels * kernel[0] * kernel[1] * P, P
    launch(kernels.col2im, grid, threads, cols, dx, first, *sizes, *steps)
