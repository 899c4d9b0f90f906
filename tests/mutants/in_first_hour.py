"""Bugs in what a newcomer meets first: the gradient check, tables, a run's last lines."""

from tests.mutants.mutant import Mutant

GRADCHECK = "tinyalex/check/gradcheck.py"
MISTAKES = "tests/check/test_gradcheck_mistakes.py"
NARROW = "tests/cli/test_narrow.py"
CLOCK = "tests/training/test_step_clock.py"
STALL = "tests/training/test_stall.py"

FIRST_HOUR_MUTANTS = (
    Mutant(
        "gradient check: the directions are +1 and -1 alone",
        GRADCHECK,
        "rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 1, size=shape)",
        "rng.choice([-1.0, 1.0], size=shape)",
        (f"{MISTAKES}::test_two_exchanged_values_of_a_large_array_are_found",),
    ),
    Mutant(
        "gradient check: of a large array the smallest gradients are looked at",
        GRADCHECK,
        "np.argsort(-np.abs(self.gradient)",
        "np.argsort(np.abs(self.gradient)",
        (f"{MISTAKES}::test_a_small_mistake_at_the_steepest_value_of_a_large_array_is_found",),
    ),
    Mutant(
        "gradient check: a small gradient may be wrong by a share of the large ones",
        GRADCHECK,
        "self.length if index is None else max(abs(analytic), 1e-4 * self.length)",
        "self.length",
        (f"{MISTAKES}::test_a_small_gradient_among_large_ones_is_checked_to_its_own_digits",),
    ),
    Mutant(
        "gradient check: float32 inside a layer is taken for a kink",
        GRADCHECK,
        "if self.function.is_coarse(self.name):",
        "if False:",
        (f"{MISTAKES}::test_a_layer_that_computes_in_float32_on_the_way_is_told_so",),
    ),
    Mutant(
        "gradient check: infinity is within an infinite tolerance",
        GRADCHECK,
        "if bad := int(np.count_nonzero(~np.isfinite(host))):",
        "if bad := 0:",
        ("tests/check/test_gradcheck.py::test_nan_and_infinity_never_pass",),
    ),
    Mutant(
        "tables: numbers give way as words do",
        "tinyalex/commands/table_layout.py",
        "width if table.columns[i].no_wrap else min(width, _narrowest(cells[i]))",
        "min(width, 4)",
        (f"{NARROW}::test_bench_loses_no_character_of_a_number",),
    ),
    Mutant(
        "tables: a number among words is broken at the edge",
        "tinyalex/commands/table_layout.py",
        '_width(w) if re.search(r"\\d", w) else min(_width(w), SHORTEST)',
        "min(_width(w), SHORTEST)",
        (f"{NARROW}::test_words_are_broken_and_numbers_are_not",),
    ),
    Mutant(
        "tables: names between colons become pictures",
        "tinyalex/commands/console.py",
        "force_terminal=terminal, highlight=False, emoji=False)",
        "force_terminal=terminal, highlight=False)",
        (f"{NARROW}::test_a_name_between_colons_is_no_picture",),
    ),
    Mutant(
        "speed: the first step's compiling counts",
        "tinyalex/training/step_clock.py",
        "since / new * self._first_images",
        "self._first_seconds",
        (f"{CLOCK}::test_images_a_second_are_of_steps_that_need_not_compile",),
    ),
    Mutant(
        "time: the ten crops are left out",
        "tinyalex/training/runs.py",
        "                loop.count_wall_seconds()\n",
        "",
        (f"{CLOCK}::test_the_time_of_a_run_has_its_ten_crops_in_it",),
    ),
    Mutant(
        "stall: a loss that passes ln(classes) on its way down is one",
        "tinyalex/training/stall.py",
        " and self.farthest <= 0.02 * level",
        "",
        (f"{STALL}::test_a_loss_that_passes_the_level_on_its_way_down_is_no_stall",),
    ),
    Mutant(
        "stall: a recipe is advised whose crop does not fit",
        "tinyalex/training/stall.py",
        " and recipe.crop == caffe.crop",
        "",
        (f"{STALL}::test_a_recipe_is_advised_only_where_its_crop_fits",),
    ),
    Mutant(
        "backends: a copy of a network has threads of its own",
        "tinyalex/backends/base.py",
        "        return self  # a device",
        "        return object.__new__(type(self))  # a device",
        ("tests/models/test_copies.py::test_a_copy_computes_the_same_and_shares_no_weights",),
    ),
    Mutant(
        "evaluate: the result of two runs replaces that of the first",
        "tinyalex/commands/evaluate.py",
        "    if len(runs) == 1:\n",
        "    if runs:\n",
        (
            "tests/cli/test_evaluate.py"
            "::test_the_result_of_several_runs_is_written_next_to_the_first",
        ),
    ),
)
