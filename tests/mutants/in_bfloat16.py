"""Bugs in mixed precision: what is rounded, when, and how."""

from tests.mutants.mutant import Mutant

TABLE = "tinyalex/backends/bfloat16.py"
BASE = "tinyalex/backends/base.py"
KERNELS = "tinyalex/backends/numba/kernels.py"
TESTS = "tests/backends/test_bfloat16.py"
OPERATION = f"{TESTS}::test_an_operation_is_the_textbooks_with_the_casts_of_the_table"
ROUNDING = f"{TESTS}::test_rounding_is_to_the_nearest_and_to_even"
NETWORK = (
    f"{TESTS}::test_a_network_keeps_activations_in_bfloat16_and_gradients_of_weights_in_float32"
)

BFLOAT16_MUTANTS = (
    Mutant(
        "bfloat16: weights are not rounded for a product",
        TABLE,
        "_WITH_WEIGHT = Casts((0, 1), (0,))",
        "_WITH_WEIGHT = Casts((0,), (0,))",
        (f"{TESTS}::test_a_weight_is_rounded_for_each_product",),
    ),
    Mutant(
        "bfloat16: the gradient of a weight is rounded",
        TABLE,
        "_OF_WEIGHTED = Casts((0, 1, 2), (0,))",
        "_OF_WEIGHTED = Casts((0, 1, 2), (0, 1))",
        (NETWORK,),
    ),
    Mutant(
        "bfloat16: an operation's result is not rounded",
        TABLE,
        "return self.narrowed(results) if gives else results",
        "return results",
        (f"{OPERATION}[linear-numpy]",),
    ),
    Mutant(
        "bfloat16: normalisation's scale is rounded",
        TABLE,
        '"local_response_norm": _MAP',
        '"local_response_norm": Casts((0,), (0, 1))',
        (NETWORK,),
    ),
    Mutant(
        "bfloat16: layers keep their inputs in float32",
        TABLE,
        "        return self.narrowed(x)\n\n    def narrowed",
        "        return x if x.dtype == dtype else self.widened(x)\n\n    def narrowed",
        (NETWORK,),
    ),
    Mutant(
        "bfloat16: a plain backend forgets the casts",
        TABLE,
        "        return with_bfloat16(self.float32.plain())",
        "        return self.float32.plain()",
        (f"{TESTS}::test_a_plain_one_is_the_textbook_with_the_same_casts",),
    ),
    Mutant(
        "bfloat16: a function of one's own gets rounded arrays",
        TABLE,
        "        return with_bfloat16(self.float32.replaced(**functions))",
        "        return super().replaced(**functions)",
        (f"{TESTS}::test_a_function_of_ones_own_gets_float32_and_is_rounded_too",),
    ),
    Mutant(
        "bfloat16: the lower half is cut off",
        KERNELS,
        "half = np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))",
        "half = np.uint32(0)",
        (ROUNDING,),
    ),
    Mutant(
        "bfloat16: of two equally near the upper one is taken",
        KERNELS,
        "half = np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))",
        "half = np.uint32(0x8000)",
        (ROUNDING,),
    ),
    Mutant(
        "bfloat16: a NaN becomes infinite",
        KERNELS,
        "bits & np.uint32(0x7FFFFFFF) > np.uint32(0x7F800000)",
        "bits & np.uint32(0x7FFFFFFF) > np.uint32(0x7FFFFFFF)",
        (ROUNDING,),
    ),
)
