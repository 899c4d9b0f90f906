"""Bugs in what the Numba backend chooses for each kind of processor."""

from tests.mutants.mutant import Mutant, in_python

CHOICES = "tinyalex/backends/numba/choices.py"
BACKEND = "tinyalex/backends/numba/backend.py"
CONVOLVE = "tinyalex/backends/numba/conv/dispatch.py"
TILES = "tinyalex/backends/numba/conv/winograd.py"

OF_CHOICES = "tests/backends/test_numba_choices.py"
ALGORITHM = f"{OF_CHOICES}::test_the_table_decides_which_algorithm_computes"
PLANES = (
    f"{OF_CHOICES}::"
    "test_the_table_decides_how_many_images_of_alexnets_third_layer_are_in_the_planes"
)

BLOCK_MUTANTS: tuple[Mutant, ...] = (
    in_python(
        "choices: every processor is one with AVX-512",
        BACKEND,
        "Workers(self.thread_pool, choices)",
        "Workers(self.thread_pool)",
        ALGORITHM,
        PLANES,
    ),
    in_python(
        "choices: the weight gradient has the tiles of y",
        CONVOLVE,
        "least = workers.choices.tiles_dw[kernel[1] > 3]",
        "least = workers.choices.tiles",
        ALGORITHM,
    ),
    in_python(
        "choices: 5x5 filters have the tiles of 3x3",
        CONVOLVE,
        "least = workers.choices.tiles_dw[kernel[1] > 3]",
        "least = workers.choices.tiles_dw[0]",
        ALGORITHM,
    ),
    in_python(
        "choices: dx has the tiles of the weight gradient",
        CONVOLVE,
        "if winograd_pays(dx.shape, w, stride, groups, workers.choices.tiles):",
        "if winograd_pays(dx.shape, w, stride, groups, workers.choices.tiles_dw[0]):",
        ALGORITHM,
    ),
    in_python(
        "choices: direct convolution with 4 numbers per vector too",
        CONVOLVE,
        "return workers.choices.direct and w.dtype == np.float32",
        "return w.dtype == np.float32",
        ALGORITHM,
    ),
    in_python(
        "choices: the planes are as large on every processor",
        TILES,
        "workers.choices.plane_bytes // bytes_of_one",
        "(1 << 24) // bytes_of_one",
        PLANES,
    ),
    in_python(
        "choices: AVX-512 has the planes of AVX2",
        CHOICES,
        '"AVX-512", True, 192, (192, 192), 1 << 24',
        '"AVX-512", True, 192, (192, 192), 1 << 25',
        PLANES,
    ),
)
