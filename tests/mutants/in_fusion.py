"""Bugs where a layer computes the ReLU beside it."""

from tests.mutants.mutant import Mutant, simulated

FUSION, NETWORKS = "tinyalex/layers/fusion.py", "tinyalex/layers/containers.py"
TESTS = "tests/layers/test_fusion.py"
SIMULATED = "tests/backends/cuda_simulated.py"
SAME_BITS = f"{SIMULATED}::test_a_relu_in_a_neighbours_kernel_is_the_same_to_the_bit"
IN_ORDER = f"{TESTS}::test_backward_tells_of_every_layer_in_order"

FUSION_MUTANTS = (
    Mutant(
        "fusion: who watches a layer sees its neighbour's ReLU",
        FUSION,
        "changed = method in vars(layer) or method in vars(following)",
        "changed = False",
        (f"{TESTS}::test_who_looks_at_a_layer_sees_its_own_output",),
    ),
    Mutant(
        "fusion: a layer of one's own is taken for its base class",
        FUSION,
        "type(layer) is APPLIES_RELU[method]",
        "isinstance(layer, APPLIES_RELU[method])",
        (f"{TESTS}::test_a_layer_of_ones_own_is_called_as_it_is",),
    ),
    Mutant(
        "fusion: a ReLU is computed again",
        FUSION,
        "applied = relu\n",
        "applied = None\n",
        (IN_ORDER,),
    ),
    Mutant(
        "fusion: a ReLU that a neighbour computed does not forget",
        NETWORKS,
        "for finished in (layer, relu):",
        "for finished in (layer,):",
        (IN_ORDER,),
    ),
    Mutant(
        "fusion: a function of one's own is passed over for a kernel of both",
        "tinyalex/backends/replaced.py",
        '    "relu": ("conv2d_relu",),\n',
        "",
        (f"{TESTS}::test_an_operation_of_ones_own_is_called_in_the_network[relu-conv2d_relu]",),
    ),
    Mutant(
        "fusion: weights are not rounded in mixed precision",
        "tinyalex/backends/bfloat16.py",
        '"conv2d_relu": _WITH_WEIGHT',
        '"conv2d_relu": _MAP',
        (f"{TESTS}::test_a_network_gives_the_bytes_of_its_layers_one_by_one[numpy-bf16-False]",),
    ),
    simulated(
        "fusion: a NaN becomes 0 where the bias is added",
        "tinyalex/backends/cuda/im2col.py",
        "if relu and value <= np.float32(0):  # a NaN stays",
        "if relu and not value > np.float32(0):",
        f"{SAME_BITS}[1]",
    ),
    simulated(
        "fusion: a normalisation's gradient asks the neighbour's ReLU",
        "tinyalex/backends/cuda/lrn.py",
        "if relu and not pixel[after] > np.float32(0):",
        "if relu and not pixel[last] > np.float32(0):",
        f"{SAME_BITS}[1]",
    ),
)
