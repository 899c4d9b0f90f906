"""Bugs in the GPU's mixed precision: bits, kernels, products, and who gets bfloat16 arrays."""

from tests.mutants.mutant import simulated

BACKEND = "tinyalex/backends/cuda/backend.py"
COLUMNS = "tinyalex/backends/cuda/im2col.py"
CONVOLVE = "tinyalex/backends/cuda/conv.py"
ELEMENTWISE = "tinyalex/backends/cuda/elementwise.py"
FLOATS = "tinyalex/backends/cuda/floats.py"
GEMM = "tinyalex/backends/cuda/products.py"
LINEAR = "tinyalex/backends/cuda/linear.py"
MIXED = "tinyalex/backends/bfloat16.py"

TESTS = "tests/backends/cuda_mixed.py"
HOST = "tests/backends/cuda_mixed_host.py"
NEAREST = f"{TESTS}::test_a_number_becomes_the_nearest_bfloat16"
BITS = f"{TESTS}::test_a_bfloat16_is_widened_and_narrowed_without_a_change"
CONNECTED = f"{TESTS}::test_a_fully_connected_layer"
DROPOUT = f"{TESTS}::test_dropout"
PRODUCT = f"{HOST}::test_cublas_gets_the_types_and_places_of_a_product"
WEIGHTS = f"{TESTS}::test_a_weights_gradient_is_not_rounded_to_bfloat16"

CUDA_BF16_MUTANTS = (
    simulated(
        "bf16 widened: the sign is lost",
        FLOATS,
        "return np.uint32(np.uint32(bits) << HALF).view(np.float32)",
        "return np.uint32((np.uint32(bits) & np.uint32(0x7FFF)) << HALF).view(np.float32)",
        BITS,
    ),
    simulated(
        "bf16 narrowed: ties go up",
        FLOATS,
        "half = np.uint32(np.uint32(0x7FFF) + (upper & np.uint32(1)))",
        "half = np.uint32(0x8000)",
        NEAREST,
    ),
    simulated(
        "bf16 narrowed: cut, not rounded",
        FLOATS,
        "return np.uint16(np.uint32(bits + half) >> HALF)",
        "return np.uint16(upper)",
        NEAREST,
    ),
    simulated(
        "bf16 narrowed: a NaN becomes infinite",
        FLOATS,
        "return np.uint16(upper | np.uint32(0x40))",
        "return np.uint16(0x7F80)",
        BITS,
    ),
    simulated(
        "bf16 loaded: bits are taken for a number",
        FLOATS,
        "return widened.fn(number) if isinstance(number, np.uint16) else number",
        "return number",
        f"{TESTS}::test_average_pooling",
    ),
    simulated(
        "bf16 converted: the last number is left out",
        ELEMENTWISE,
        "        if i < size:\n            store(y, i, load(x, i))\n",
        "        if i < size - 1:\n            store(y, i, load(x, i))\n",
        BITS,
    ),
    simulated(
        "bf16 linear: the bias of another column",
        ELEMENTWISE,
        "store(y, i, sums[i] + b[f])",
        "store(y, i, sums[i] + b[f - cuda.threadIdx.x])",
        CONNECTED,
    ),
    simulated(
        "bf16 dropout: a number drawn at p itself is dropped",
        ELEMENTWISE,
        "kept if draw[i] >= p",
        "kept if draw[i] > p",
        DROPOUT,
    ),
    simulated(
        "bf16 dropout backward: what is kept passes unscaled",
        ELEMENTWISE,
        "store(dx, i, load(dy, i) * mask[i])",
        "store(dx, i, load(dy, i) if mask[i] > np.float32(0) else np.float32(0))",
        DROPOUT,
    ),
    simulated(
        "bf16 dropout: always scaled, also as in the paper",
        BACKEND,
        "np.float32(1 - p if inverted else 1)",
        "np.float32(1 - p)",
        DROPOUT,
    ),
    simulated(
        "bf16 products: parts of a sum may be added in bfloat16",
        GEMM,
        "default = _WIDE_SUMS if mixed else cublas.CUBLAS_DEFAULT_MATH",
        "default = cublas.CUBLAS_DEFAULT_MATH",
        PRODUCT,
    ),
    simulated(
        "bf16 products: the type of the result is that of the factors",
        GEMM,
        "*(out.data.ptr, _TYPES[out.dtype.name], N, M * N)",
        "*(out.data.ptr, kind, N, M * N)",
        PRODUCT,
        CONNECTED,
    ),
    simulated(
        "bf16 products: float16 in place of bfloat16",
        GEMM,
        '"bfloat16": 14}',
        '"bfloat16": 2}',
        PRODUCT,
    ),
    simulated(
        "bf16 convolution: the weights' sums are bfloat16",
        CONVOLVE,
        "sums = make(shape, wide(x.dtype))",
        "sums = make(shape, x.dtype)",
        WEIGHTS,
    ),
    simulated(
        "bf16 convolution: columns of dx are rounded before they are added",
        CONVOLVE,
        "    dtype = wide(dy.dtype)\n",
        "    dtype = dy.dtype\n",
        f"{TESTS}::test_columns_are_added_before_they_are_rounded",
    ),
    simulated(
        "bf16 filters: rows of an odd length end unaligned",
        CONVOLVE,
        "if is_bfloat16(w.dtype) and w.shape[2] * w.itemsize % ALIGN:",
        "if is_bfloat16(w.dtype) and w.shape[2] * w.itemsize % 2:",
        f"{HOST}::test_filters_lie_so_that_cublas_reads_16_bytes",
    ),
    simulated(
        "bf16 linear: the sums are rounded before the bias is added",
        LINEAR,
        "sums = backend.empty((1, N, F), np.float32)",
        "sums = backend.empty((1, N, F), x.dtype)",
        CONNECTED,
    ),
    simulated(
        "bf16 linear: the weight's gradient has the other sign",
        LINEAR,
        "backend.matmul_into(dy.mT[None], x[None], dw)",
        "backend.matmul_into(-dy.mT[None], x[None], dw)",
        CONNECTED,
    ),
    simulated(
        "bf16 normalisation: the scale is rounded",
        BACKEND,
        "y, scale = self.empty(x.shape, x.dtype), self.empty(x.shape, wide(x.dtype))\n"
        "        forward",
        "y, scale = self.empty(x.shape, x.dtype), self.empty(x.shape, x.dtype)\n        forward",
        f"{TESTS}::test_response_normalisation",
    ),
    simulated(
        "bf16: every operation gets float32 arrays, right and slow",
        MIXED,
        "if name not in self.float32.takes_bfloat16:",
        "if True:",
        f"{HOST}::test_only_operations_of_the_table_get_bfloat16_arrays",
    ),
    simulated(
        "bf16: a function of one's own gets bfloat16 arrays",
        "tinyalex/backends/replaced.py",
        '        "takes_bfloat16": takes,\n',
        "",
        f"{HOST}::test_a_function_of_ones_own_gets_float32_and_the_rest_stay",
    ),
    simulated(
        "bf16: an old GPU is taken",
        MIXED,
        "    backend.check_bfloat16()\n",
        "",
        f"{HOST}::test_an_old_gpu_is_refused",
    ),
    simulated(
        "bf16 ReLU in place: the array stays as it is",
        MIXED,
        "(target, *map(self.narrowed, args), True)",
        "(target, *map(self.narrowed, args), False)",
        f"{TESTS}::test_relu",
    ),
)
