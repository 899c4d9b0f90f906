"""Bugs in the Numba backend's other kernels, in its memory and in its threads.

Their tests run with the compiler switched off: then a kernel is plain Python, which on arrays as
small as these takes less time than to compile it for a single bug.
"""

from tests.mutants.mutant import COMPILED, Mutant, in_python

BACKEND = "tinyalex/backends/numba/backend.py"
KERNELS = "tinyalex/backends/numba/kernels.py"
POOL = "tinyalex/backends/numba/pool/loops.py"
POOL_BLOCKS = "tinyalex/backends/numba/pool/blocks.py"
NORM = "tinyalex/backends/numba/lrn.py"
RECYCLE = "tinyalex/backends/numba/memory.py"
THREAD_POOL = "tinyalex/backends/numpy/thread_pool.py"

OF_KERNELS = "tests/backends/test_numba_kernels.py"
OF_RECYCLE = "tests/backends/test_recycle.py"
OF_THREAD_POOL = "tests/backends/test_thread_pool.py"

OF_BLOCKS = "tests/backends/test_numba_blocks.py"
A_NAN_WINS = f"{OF_KERNELS}::test_a_nan_wins_wherever_it_stands"
EDGE = f"{OF_KERNELS}::test_what_lies_beyond_the_edge_is_no_part_of_a_window"
MAX_POOL = f"{OF_KERNELS}::test_max_pooling"
AUGMENTATION = f"{OF_KERNELS}::test_augmentation"
NORMS = f"{OF_KERNELS}::test_response_normalisation"

_ROWS = (
    "        for oh in range(OH):\n"
    "            at, to = m * P + oh * OW, oh * sh * pitch\n"
    "            _call_max_back"
)

NUMBA_MUTANTS = (
    in_python(
        "numba max pooling: the last of equal numbers wins",
        POOL_BLOCKS,
        "better = (x[at] > best) | np.isnan(x[at])",
        "better = (x[at] >= best) | np.isnan(x[at])",
        MAX_POOL,
    ),
    in_python(
        "numba max pooling: a NaN is not noticed",
        POOL_BLOCKS,
        "better = (x[at] > best) | np.isnan(x[at])",
        "better = x[at] > best",
        A_NAN_WINS,
    ),
    Mutant(
        "numba max pooling: the instructions do not notice a NaN",
        POOL_BLOCKS,
        'b.or_(b.fcmp_ordered(">", v, best), b.fcmp_unordered("uno", v, v))',
        'b.fcmp_ordered(">", v, best)',
        (A_NAN_WINS,),
        COMPILED,
    ),
    Mutant(
        "numba pooling: the instructions lose what goes over the last lane",
        POOL_BLOCKS,
        "        if step < KW:\n            code.add_interleaved",
        "        if step < 0:\n            code.add_interleaved",
        (f"{OF_BLOCKS}::test_pooling",),
        COMPILED,
    ),
    in_python(
        "numba max pooling: a padded border could win",
        POOL,
        "flat[:] = -np.inf",
        "flat[:] = 0",
        EDGE,
    ),
    in_python(
        "numba max pooling: the last windows of a map are written beyond it",
        POOL,
        "return min(-(-OW // LANES), (P - first) // LANES)",
        "return -(-OW // LANES)",
        MAX_POOL,
    ),
    in_python(
        "numba max pooling: a map's gradient is added to the one before",
        POOL,
        "        flat[:] = 0\n" + _ROWS,
        _ROWS,
        MAX_POOL,
    ),
    in_python(
        "numba max pooling, window by window: overlapping windows overwrite a gradient",
        POOL,
        "dx[m, oh * sh + i, ow * sw + position - i * KW] += dy",
        "dx[m, oh * sh + i, ow * sw + position - i * KW] = dy",
        MAX_POOL,
    ),
    in_python(
        "numba average pooling: a clipped window is divided by the whole window",
        POOL,
        "np.clip(size - at * step, 1, k)",
        "np.clip(size + at * step, 1, k)",
        f"{OF_KERNELS}::test_average_pooling",
    ),
    in_python(
        "numba average pooling, window by window: divided by the whole window",
        POOL,
        "y[m, oh, ow] = total / x.dtype.type(height * width)",
        "y[m, oh, ow] = total / x.dtype.type(KH * KW)",
        EDGE,
    ),
    in_python(
        "numba LRN: a window of even size reaches ahead instead of back",
        NORM,
        "range(max(0, c - size // 2), min(C, c + (size - 1) // 2 + 1))",
        "range(max(0, c - (size - 1) // 2), min(C, c + size // 2 + 1))",
        NORMS,
    ),
    in_python(
        "numba LRN: square roots for every beta",
        NORM,
        "if beta == 0.75:",
        "if beta > 0.55:",
        NORMS,
    ),
    in_python(
        "numba same-map norm: the adjoint's window is not flipped",
        NORM,
        "before, after = (size - 1) // 2, size // 2",
        "before, after = size // 2, (size - 1) // 2",
        NORMS,
    ),
    in_python(
        "numba ReLU: a NaN becomes zero",
        KERNELS,
        "y[i] = zero if x[i] < zero else x[i]",
        "y[i] = x[i] if x[i] > zero else zero",
        f"{OF_KERNELS}::test_relu",
    ),
    in_python(
        "numba ReLU: never in place",
        BACKEND,
        "y = x if inplace else self.empty(x.shape, x.dtype)",
        "y = self.empty(x.shape, x.dtype)",
        f"{OF_KERNELS}::test_relu",
    ),
    in_python(
        "numba ReLU: backward always in place",
        BACKEND,
        "dx = dy if inplace else self.empty(dy.shape, dy.dtype)",
        "dx = dy",
        f"{OF_KERNELS}::test_relu_backward",
    ),
    in_python(
        "numba SGD: weight decay is not scaled by the learning rate",
        KERNELS,
        "lr * (weight_decay * w[i] + g[i])",
        "lr * g[i] - weight_decay * w[i]",
        f"{OF_KERNELS}::test_sgd_step",
    ),
    in_python(
        "numba SGD: a copy of weights that are not contiguous is updated",
        BACKEND,
        "if not (same and all(a.flags.c_contiguous for a in (w, g, v))):",
        "if not same:",
        f"{OF_KERNELS}::test_sgd_step",
    ),
    in_python(
        "numba loss: the largest logit is not subtracted",
        KERNELS,
        "largest = z[0]\n        for i in range(1, classes):",
        "largest = z[0]\n        for i in range(1, 1):",
        f"{OF_KERNELS}::test_cross_entropy",
    ),
    in_python(
        "numba loss: the gradient is not divided by the batch",
        KERNELS,
        "p[label] -= 1.0 / N",
        "p[label] -= 1.0",
        f"{OF_KERNELS}::test_cross_entropy",
    ),
    in_python(
        "numba augmentation: the first channel's scale for all",
        KERNELS,
        "shift, factor = colour[n, c], scale[c]",
        "shift, factor = colour[n, c], scale[0]",
        f"{OF_KERNELS}::test_augmentation",
    ),
    Mutant(
        "recycling: memory goes back while a view is alive",
        RECYCLE,
        "whole = np.asarray(_Lease(memory, hole, self._returned))",
        "_Lease(memory, hole, self._returned)\n        whole = memory",
        (f"{OF_RECYCLE}::test_memory_stays_out_until_its_last_view_is_gone",),
    ),
    Mutant(
        "recycling: sizes are rounded down to pages",
        RECYCLE,
        "size = -(-needed // _PAGE) * _PAGE",
        "size = needed // _PAGE * _PAGE",
        (
            f"{OF_RECYCLE}::test_a_size_is_rounded_up_to_pages",
            f"{OF_RECYCLE}::test_no_two_live_arrays_ever_share_memory",
        ),
    ),
    Mutant(
        "recycling: holes of different fields are joined",
        RECYCLE,
        "if joined and joined[-1][0] == field and sum",
        "if joined and sum",
        (f"{OF_RECYCLE}::test_holes_of_different_fields_stay_apart",),
    ),
    Mutant(
        "recycling: the rest of a hole is lost",
        RECYCLE,
        "self._holes[i : i + 1] = rest",
        "self._holes[i : i + 1] = []",
        (f"{OF_RECYCLE}::test_the_first_hole_that_is_large_enough_is_taken_and_its_rest_too",),
    ),
    Mutant(
        "thread pool: results are collected as they come",
        THREAD_POOL,
        "self.done[index] = result",
        "self.done[self.next] = result",
        (f"{OF_THREAD_POOL}::test_a_result_that_is_early_waits_for_its_turn",),
    ),
    Mutant(
        "thread pool: the other threads continue after an error",
        THREAD_POOL,
        "                self.todo.clear()\n",
        "",
        (f"{OF_THREAD_POOL}::test_an_error_ends_the_job_and_is_raised",),
    ),
    in_python(
        "numba augmentation: every row loses the first row's mean",
        KERNELS,
        "m = means[c] if mean.shape[1] == 1 else mean[c, h]",
        "m = mean[c, 0] if mean.shape[2] > 1 else means[c]",
        AUGMENTATION,
    ),
    in_python(
        "numba augmentation: blue is green",
        KERNELS,
        "blue[w] = np.float32(row[3 * w + 2])",
        "blue[w] = np.float32(row[3 * w + 1])",
        AUGMENTATION,
    ),
    in_python(
        "numba augmentation: a mirrored row begins with its first pixel",
        KERNELS,
        "plane[last - np.uint64(w)]",
        "plane[(last - np.uint64(w) + np.uint64(1)) % np.uint64(CW)]",
        AUGMENTATION,
    ),
    in_python(
        "numba augmentation: every crop is cut at the right edge",
        KERNELS,
        "first = ((n * H + tops[n] + h) * W + lefts[n]) * C",
        "first = ((n * H + tops[n] + h) * W + lefts[n] * 0 + W - CW) * C",
        AUGMENTATION,
    ),
    in_python(
        "numba threads: pieces are too small to be worth a thread",
        "tinyalex/backends/numba/workers.py",
        "_NUMBERS_PER_PIECE * len(x) //",
        "_NUMBERS_PER_PIECE //",
        "tests/backends/test_workers.py::test_arrays_are_shared_in_pieces_that_are_worth_a_thread",
    ),
)
