"""Planted bugs: kernels that other kernels are given as an address."""

from __future__ import annotations

from tests.mutants.mutant import COMPILED, Mutant

COMPILE = "tinyalex/backends/numba/compile.py"
TESTS = "tests/backends/test_numba_compile.py"
ONCE = f"{TESTS}::test_a_loop_is_compiled_once_for_all_kernels_that_it_is_given"
TAKES = f"{TESTS}::test_a_kernel_that_a_loop_is_given_must_take_what_the_loop_gives"

INNER_KERNEL_MUTANTS = (
    Mutant(
        "inner kernels: an array that is only read must be writable",
        COMPILE,
        "readonly=True",
        "readonly=False",
        (ONCE,),
        COMPILED,
    ),
    Mutant(
        "inner kernels: their errors are lost",
        COMPILE,
        "                convention.return_status_propagate(builder, status)\n",
        "                pass\n",
        (ONCE,),
        COMPILED,
    ),
    Mutant(
        "inner kernels: arrays of any kind are passed on",
        COMPILE,
        "if context.can_convert(given, kind) is None:",
        "if given is None:",
        (TAKES,),
        COMPILED,
    ),
)
