"""Bugs in what makes a network and a loader read like PyTorch's."""

from tests.mutants.mutant import Mutant

LIKE_PYTORCH = "tests/layers/test_like_pytorch.py"

LIKE_PYTORCH_MUTANTS = (
    Mutant(
        "pooling: the third position is ceil_mode",
        "tinyalex/layers/pool.py",
        "        *,  # PyTorch's third argument is padding\n",
        "",
        (f"{LIKE_PYTORCH}::test_a_position_that_means_something_else_in_pytorch_is_refused",),
    ),
    Mutant(
        "parameters: a name comes with the layer, not with the array",
        "tinyalex/layers/base.py",
        "yield name, layer.params[key]",
        "yield name, layer",
        (f"{LIKE_PYTORCH}::test_parameters_are_pairs_of_a_name_and_an_array",),
    ),
)
