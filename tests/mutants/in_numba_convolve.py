"""Bugs in the Numba backend's convolutions.

Their tests run with the compiler switched off: then a kernel is plain Python, which on arrays as
small as these takes less time than to compile it for a single bug.
"""

from tests.mutants.mutant import COMPILED, Mutant, in_python

KERNELS = "tinyalex/backends/numba/kernels.py"
COLUMNS = "tinyalex/backends/numba/conv/im2col.py"
CONVOLVE = "tinyalex/backends/numba/conv/dispatch.py"
TILES = "tinyalex/backends/numba/conv/winograd.py"
TILE_LOOPS = "tinyalex/backends/numba/conv/winograd_loops.py"
DIRECT_WAY = "tinyalex/backends/numba/conv/direct.py"
DIRECT_LOOPS = "tinyalex/backends/numba/conv/direct_loops.py"
TILE_BLOCKS = "tinyalex/backends/numba/conv/winograd_blocks.py"
VECTOR = "tinyalex/backends/numba/vector.py"
FILTER_BLOCKS = "tinyalex/backends/numba/conv/direct_blocks.py"
MATRICES = "tinyalex/backends/numba/conv/winograd_matrices.py"

OF_KERNELS = "tests/backends/test_numba_kernels.py"
OF_CONVOLVE = "tests/backends/test_numba_convolve.py"
OF_THREADS = "tests/backends/test_numba_threads.py"
OF_WORKERS = "tests/backends/test_workers.py"
OF_WINOGRAD = "tests/backends/test_winograd.py"

DIRECT = f"{OF_CONVOLVE}::test_im2col_with_unequal_sizes"
TILED = f"{OF_CONVOLVE}::test_alexnets_layers_by_winograd"
FEW_TILES = f"{OF_CONVOLVE}::test_winograd_on_chunks_of_the_batch"
BLOCKS = f"{OF_CONVOLVE}::test_direct_convolution_with_unequal_sizes"
PARTLY = f"{OF_CONVOLVE}::test_blocks_of_taps_with_an_incomplete_last_block"
SAME_SET = f"{OF_CONVOLVE}::test_direct_convolution_of_feature_maps_that_share_a_cache_set"
OF_BLOCKS = "tests/backends/test_numba_blocks.py"

CONVOLVE_MUTANTS = (
    in_python(
        "numba im2col: the left padding starts a pixel late",
        KERNELS,
        "skipped = (pw - s + step - 1) // step",
        "skipped = (pw - s + step) // step",
        f"{OF_KERNELS}::test_columns",
    ),
    in_python(
        "numba im2col: rows of 8 pixels forget the filter's column",
        KERNELS,
        "out[r * 8 + i] = row[start + i]",
        "out[r * 8 + i] = row[i]",
        f"{OF_KERNELS}::test_columns_of_rows_of_every_width",
    ),
    in_python(
        "numba im2col: an earlier image's pixels stay in the padding",
        KERNELS,
        "    phases[:] = 0\n",
        "",
        f"{OF_CONVOLVE}::test_memory_that_was_used_before_leaves_no_trace",
    ),
    in_python(
        "numba im2col: added back without the stride",
        KERNELS,
        "target[i * sw] += row",
        "target[i] += row",
        DIRECT,
    ),
    in_python(
        "numba im2col: no row of ones, so no bias gradient",
        KERNELS,
        "cols[n, g, -1] = 1",
        "cols[n, g, -1] = 0",
        DIRECT,
    ),
    in_python(
        "numba im2col: dx is added to what was in its memory",
        COLUMNS,
        "        dx[images] = 0\n",
        "",
        DIRECT,
    ),
    in_python(
        "numba im2col: only a block's last rows count for the weights",
        COLUMNS,
        "dw += np.matmul(maps[n, :, :, pixels], cols.mT).sum(axis=0)",
        "dw[:] = np.matmul(maps[n, :, :, pixels], cols.mT).sum(axis=0)",
        DIRECT,
    ),
    in_python(
        "numba im2col: a band of rows lacks its last row",
        COLUMNS,
        "fill(buffer, n, OH * band // bands, OH * (band + 1) // bands)",
        "fill(buffer, n, OH * band // bands, OH * (band + 1) // bands - 1)",
        DIRECT,
    ),
    Mutant(
        "numba workers: one buffer for numbers of any width",
        "tinyalex/backends/numba/workers.py",
        "key := (name, np.dtype(dtype))",
        "key := (name, np.dtype(np.float32))",
        (f"{OF_WORKERS}::test_scratch_is_the_same_memory_by_name_and_type_until_more_is_wanted",),
    ),
    # These two compile: BLAS rounds differently only for arrays too large for plain Python.
    Mutant(
        "numba im2col: the bands of rows depend on the threads",
        "tinyalex/backends/numba/workers.py",
        "return min(rows, max(1, _BANDS // max(1, n)))",
        "return min(rows, max(1, self.threads // max(1, n)))",
        (f"{OF_THREADS}::test_a_layer_by_im2col",),
        COMPILED,
    ),
    Mutant(
        "winograd: the images of a product depend on the threads",
        TILES,
        "chunk = min(_images(workers, grid, q, C + F), max(1, -(-len(x) // PARTS)))",
        "chunk = min(_images(workers, grid, q, C + F), max(1, -(-len(x) // workers.threads)))",
        (f"{OF_THREADS}::test_a_layer_by_the_algorithm_that_is_chosen_for_it",),
        COMPILED,
    ),
    in_python(
        "numba convolution: the filters are not flipped for dx",
        CONVOLVE,
        "filters[..., ::-1, ::-1].swapaxes(1, 2)",
        "filters.swapaxes(1, 2)",
        DIRECT,
    ),
    in_python(
        "numba convolution: padding's height and width swapped for dx",
        CONVOLVE,
        "around = (KH - 1 - padding[0], KW - 1 - padding[1])",
        "around = (KH - 1 - padding[1], KW - 1 - padding[0])",
        DIRECT,
    ),
    in_python(
        "numba convolution: Winograd for filters with a stride",
        CONVOLVE,
        "and stride == (1, 1)\n",
        "and stride[0] == 1\n",
        f"{OF_CONVOLVE}::test_winograd_is_used_where_it_pays_and_direct_convolution_elsewhere",
    ),
    in_python(
        "direct: a tap's row is forgotten in its place",
        DIRECT_WAY,
        "c * height * self.row + kh * self.row + across",
        "c * height * self.row + kh + across",
        BLOCKS,
    ),
    in_python(
        "direct: taps of a stride lie in the first phase",
        DIRECT_WAY,
        "across = kw % stride[1] * width + kw // stride[1]",
        "across = kw // stride[1]",
        BLOCKS,
    ),
    in_python(
        "direct: the filters are not flipped for dx",
        DIRECT_WAY,
        "geometry.taps[:, ::-1, ::-1]",
        "geometry.taps[:, :, :]",
        BLOCKS,
    ),
    in_python(
        "direct: taps beyond the last one count as filters",
        DIRECT_WAY,
        "by_filter = dw[:, :, :K]",
        "by_filter = dw[:, :, rows - K : rows]",
        PARTLY,
    ),
    in_python(
        "direct: the last block of a row starts where it should end",
        DIRECT_LOOPS,
        "ow = min(column, OW - columns)",
        "ow = max(0, min(column, OW - columns - 1))",
        BLOCKS,
    ),
    in_python(
        "direct: every group reads the first group's channels",
        DIRECT_LOOPS,
        "pixel = g * group + oh * sh * pitch",
        "pixel = oh * sh * pitch",
        BLOCKS,
    ),
    in_python(
        "direct: a panel that is not full goes to y all the same",
        DIRECT_LOOPS,
        "through_room = first + width > F or OH",
        "through_room = OH",
        BLOCKS,
        SAME_SET,
    ),
    in_python(
        "direct: only whole vectors of filters are transposed",
        DIRECT_LOOPS,
        "for i in range(whole, rows):",
        "for i in range(whole, whole):",
        BLOCKS,
    ),
    Mutant(
        "vector instructions: the transpose leaves out its last swap",
        VECTOR,
        "while half < size:",
        "while 2 * half < size:",
        (f"{OF_BLOCKS}::test_transposing_and_copying",),
        COMPILED,
    ),
    Mutant(
        "vector instructions: products of the first vector of filters only",
        VECTOR,
        "row = [self.load(self.plus(row_at, v * LANES)) for v in range(width)]",
        "row = [self.load(row_at) for v in range(width)]",
        (f"{OF_BLOCKS}::test_filters",),
        COMPILED,
    ),
    Mutant(
        "vector instructions: rows that share their odd part are added",
        VECTOR,
        "self.b.fsub(x, y) if sign",
        "self.b.fadd(x, y) if sign",
        (f"{OF_BLOCKS}::test_input_transform_of_a_tile",),
        COMPILED,
    ),
    Mutant(
        "vector instructions: a block forgets where the rows of pixels start",
        FILTER_BLOCKS,
        "builder.mul(values[5], code.integer(r))",
        "builder.mul(values[5], code.integer(0))",
        (f"{OF_BLOCKS}::test_filters",),
        COMPILED,
    ),
    Mutant(
        "vector instructions: sums of taps start at nothing",
        FILTER_BLOCKS,
        "before = [[code.load(address) for address in row] for row in to]",
        "before = [[code.splat(0.0) for address in row] for row in to]",
        (f"{OF_BLOCKS}::test_taps",),
        COMPILED,
    ),
    in_python(
        "winograd: only the first chunk of images counts for the weights",
        TILES,
        "                    du[g] += du_chunk\n",
        "                    pass\n",
        TILED,
        FEW_TILES,
    ),
    in_python(
        "winograd: groups share the first group's filters",
        TILES,
        "np.matmul(tiles.all, u[g], out=products.all)",
        "np.matmul(tiles.all, u[0], out=products.all)",
        TILED,
    ),
    in_python(
        "winograd: the filters are not flipped for dx",
        TILES,
        "_filter_matrix(r)[:, ::-1]",
        "_filter_matrix(r)",
        TILED,
    ),
    in_python(
        "winograd: the bias is left out",
        TILE_BLOCKS,
        "= result + bias[bias_at : bias_at + LANES]",
        "= result",
        TILED,
    ),
    Mutant(
        "winograd: the bias is left out of the instructions",
        TILE_BLOCKS,
        "builder.fadd(vector, start)",
        "vector",
        (f"{OF_BLOCKS}::test_output_transform_of_a_tile",),
        COMPILED,
    ),
    in_python(
        "winograd: padding's height and width swapped",
        TILE_LOOPS,
        "(source, at, H, W, lanes, ph, pw, room, padded, HP, WP)",
        "(source, at, H, W, lanes, pw, ph, room, padded, HP, WP)",
        FEW_TILES,
    ),
    in_python(
        "winograd: the last channels are those of a full block",
        TILE_LOOPS,
        "lanes = min(LANES, count - block * LANES)\n            at =",
        "lanes = LANES\n            at =",
        TILED,
        FEW_TILES,
    ),
    in_python(
        "winograd: the last rows are copied where there are none",
        TILE_LOOPS,
        "rows = min(M, OH - th * M)",
        "rows = M",
        TILED,
        FEW_TILES,
    ),
    in_python(
        "matrices: the filters are not divided by the points' differences",
        MATRICES,
        "scale *= p - q",
        "scale *= 1",
        f"{OF_WINOGRAD}::test_the_matrices_are_a_convolution",
    ),
    in_python(
        "matrices: nine points",
        MATRICES,
        "if n > len(_POINTS) + 1:",
        "if n > len(_POINTS) + 2:",
        f"{OF_WINOGRAD}::test_more_than_8_points_are_refused",
    ),
)
