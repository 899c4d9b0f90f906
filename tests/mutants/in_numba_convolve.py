"""Bugs in the Numba backend's convolutions.

Their tests run with the compiler switched off: then a kernel is plain Python, which on arrays as
small as these takes less time than to compile it for a single bug.
"""

from tests.mutants.mutant import COMPILED, Mutant, in_python

KERNELS = "tinyalex/backends/numba_kernels.py"
COLUMNS = "tinyalex/backends/numba_columns.py"
CONVOLVE = "tinyalex/backends/numba_convolve.py"
TILES = "tinyalex/backends/numba_tiles.py"
TILE_LOOPS = "tinyalex/backends/numba_winograd.py"
TRANSFORMS = "tinyalex/backends/numba_transforms.py"
MATRICES = "tinyalex/backends/winograd.py"

OF_KERNELS = "tests/backends/test_numba_kernels.py"
OF_CONVOLVE = "tests/backends/test_numba_convolve.py"
OF_THREADS = "tests/backends/test_numba_threads.py"
OF_WINOGRAD = "tests/backends/test_winograd.py"

DIRECT = f"{OF_CONVOLVE}::test_columns_where_everything_is_unequal"
TILED = f"{OF_CONVOLVE}::test_alexnets_layers_by_tiles"
FEW_TILES = f"{OF_CONVOLVE}::test_tiles_of_a_few_images_at_a_time"
TRANSFORM = f"{OF_WINOGRAD}::test_a_transform_is_its_matrix_on_every_lane"

CONVOLVE_MUTANTS = (
    in_python(
        "numba columns: the left padding starts a pixel late",
        KERNELS,
        "skipped = (pw - s + step - 1) // step",
        "skipped = (pw - s + step) // step",
        f"{OF_KERNELS}::test_columns",
    ),
    in_python(
        "numba columns: rows of 8 pixels forget the filter's column",
        KERNELS,
        "out[r * 8 + i] = row[start + i]",
        "out[r * 8 + i] = row[i]",
        f"{OF_KERNELS}::test_columns_of_rows_of_every_width",
    ),
    in_python(
        "numba columns: an earlier image's pixels stay in the padding",
        KERNELS,
        "    phases[:] = 0\n",
        "",
        f"{OF_CONVOLVE}::test_memory_that_was_used_before_leaves_no_trace",
    ),
    in_python(
        "numba columns: added back without the stride",
        KERNELS,
        "target[i * sw] += row",
        "target[i] += row",
        f"{OF_KERNELS}::test_columns",
    ),
    in_python(
        "numba columns: no ones below them, so no bias gradient",
        KERNELS,
        "cols[n, g, -1] = 1",
        "cols[n, g, -1] = 0",
        DIRECT,
    ),
    in_python(
        "numba direct convolution: dx is added to what was in its memory",
        COLUMNS,
        "        dx[images] = 0\n",
        "",
        DIRECT,
    ),
    in_python(
        "numba direct convolution: only a block's last rows count for the weights",
        COLUMNS,
        "dw += np.matmul(maps[n, :, :, pixels], cols.mT).sum(axis=0)",
        "dw[:] = np.matmul(maps[n, :, :, pixels], cols.mT).sum(axis=0)",
        DIRECT,
    ),
    in_python(
        "numba direct convolution: a band of rows lacks its last one",
        COLUMNS,
        "fill(columns, one, OH * band // bands, OH * (band + 1) // bands)",
        "fill(columns, one, OH * band // bands, OH * (band + 1) // bands - 1)",
        DIRECT,
    ),
    # These two compile: BLAS rounds differently only for arrays too large for plain Python.
    Mutant(
        "numba direct convolution: the bands of rows depend on the threads",
        "tinyalex/backends/numba.py",
        "return min(rows, max(1, _BANDS // max(1, n)))",
        "return min(rows, max(1, self.threads // max(1, n)))",
        (f"{OF_THREADS}::test_a_layer_as_it_is",),
        COMPILED,
    ),
    Mutant(
        "numba tiles: the images of a product depend on the threads",
        TILES,
        "few = max(1, min(TILES // (grid[0] * grid[1]), -(-len(x) // PARTS)))",
        "few = max(1, min(TILES // (grid[0] * grid[1]), -(-len(x) // backend.threads)))",
        (f"{OF_THREADS}::test_a_layer_as_it_is",),
        COMPILED,
    ),
    in_python(
        "numba convolution: the filters are not turned for dx",
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
        "numba convolution: tiles for filters with a stride",
        CONVOLVE,
        "and stride == (1, 1)\n",
        "and stride[0] == 1\n",
        f"{OF_CONVOLVE}::test_tiles_are_used_where_they_pay_and_nowhere_else",
    ),
    in_python(
        "tiles: only the first few images count for the weights",
        TILES,
        "                du += one\n",
        "                pass\n",
        TILED,
        FEW_TILES,
    ),
    in_python(
        "tiles: groups share the first one's filters",
        TILES,
        "np.matmul(tiles.group(g, C), u[g], out=products.group(g, F))",
        "np.matmul(tiles.group(g, C), u[0], out=products.group(g, F))",
        TILED,
    ),
    in_python(
        "tiles: the bias is left out",
        TILE_LOOPS,
        "line[ow] = row[ow, f] + bias[first + f]",
        "line[ow] = row[ow, f]",
        TILED,
    ),
    in_python(
        "tiles: padding's height and width swapped",
        TILE_LOOPS,
        "        blocks_of(x[i], ph, pw, padded)",
        "        blocks_of(x[i], pw, ph, padded)",
        FEW_TILES,
    ),
    in_python(
        "tiles: the last channels are those of a full block",
        TILE_LOOPS,
        "for first in range(0, F, LANES):\n            lanes = min(LANES, F - first)",
        "for first in range(0, F - F % LANES, LANES):\n            lanes = min(LANES, F - first)",
        TILED,
        FEW_TILES,
    ),
    in_python(
        "transforms: a row of the 6-point input has the wrong sign",
        TRANSFORMS,
        "even, odd = x4 - x2, _2 * (x3 - x1)",
        "even, odd = x4 - x2, _2 * (x1 - x3)",
        TRANSFORM,
    ),
    in_python(
        "transforms: the 8-point output forgets the point at infinity",
        TRANSFORMS,
        "_EIGHTH * difference3 + x7",
        "_EIGHTH * difference3",
        TRANSFORM,
    ),
    in_python(
        "transforms: the 8-point gradient halves where it should quarter",
        TRANSFORMS,
        "x0 + _QUARTER * x2, _HALF * x1 + _EIGHTH * x3",
        "x0 + _HALF * x2, _HALF * x1 + _EIGHTH * x3",
        TRANSFORM,
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
