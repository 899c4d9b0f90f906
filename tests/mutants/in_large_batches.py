"""Bugs in learning-rate scaling, warm-up, momentum correction and LARS."""

from tests.mutants.mutant import Mutant

CONFIG = "tinyalex/runs/config.py"
ENGINE = "tinyalex/training/engine.py"
SGD = "tinyalex/training/optimizer.py"
SCHEDULES = "tinyalex/training/schedules.py"
ARM = "tinyalex/reproduce/arm.py"
EXPERIMENT = "tinyalex/reproduce/large_batch.py"

OF_RUNS = "tests/training/test_large_batches.py"
OF_SGD = "tests/training/test_optimizer.py"
OF_SCHEDULES = "tests/training/test_schedules.py"
OF_PARALLEL = "tests/training/test_parallel.py"
OF_EXPERIMENTS = "tests/reproduce/test_experiments.py"
OF_STORE = "tests/reproduce/test_store.py"

SCALED = f"{OF_RUNS}::test_the_rate_is_scaled_from_the_recipes_batch_size"
RISES = f"{OF_RUNS}::test_a_warm_up_rises_step_by_step_from_the_unscaled_rate"
RESUMES = f"{OF_RUNS}::test_a_run_with_all_of_them_resumes_exactly"
CORRECTED = f"{OF_SGD}::test_momentum_is_corrected_by_each_parameters_own_rate"
LARS = f"{OF_SGD}::test_lars_is_the_papers_rule_for_each_weight_and_each_bias"

LARGE_BATCH_MUTANTS = (
    Mutant(
        "scaling: a larger batch gets a smaller learning rate",
        CONFIG,
        "k = self.batch_size / self.recipe.batch_size",
        "k = self.recipe.batch_size / self.batch_size",
        (SCALED,),
    ),
    Mutant(
        "scaling: the square root is linear",
        CONFIG,
        '"sqrt": math.sqrt(k)',
        '"sqrt": k',
        (SCALED,),
    ),
    Mutant(
        "warm-up: from 0, though the learning rate was scaled",
        SCHEDULES,
        "start = config.lr / lr if config.lr < lr else 0.0",
        "start = 0.0",
        (RISES,),
    ),
    Mutant(
        "warm-up: starts again with every epoch",
        SCHEDULES,
        "warm_up(self.epoch * steps_per_epoch + step,",
        "warm_up(step,",
        (RISES,),
    ),
    Mutant(
        "warm-up: parameters with a constant learning rate do not warm up",
        SCHEDULES,
        "return lr * factor, first_lr * factor",
        "return lr * factor, first_lr",
        (f"{OF_RUNS}::test_steady_parameters_warm_up_too",),
    ),
    Mutant(
        "warm-up: the first step has a learning rate of 0",
        SCHEDULES,
        "start + (1 - start) * (step + 1) / steps",
        "start + (1 - start) * step / steps",
        (f"{OF_SCHEDULES}::test_a_warm_up_rises_by_equal_amounts_and_ends_at_the_schedules_rate",),
    ),
    Mutant(
        "polynomial: a run that is prolonged has a learning rate of 0",
        SCHEDULES,
        "left = max(1, self.epochs - self.epoch)",
        "left = self.epochs - self.epoch",
        (f"{OF_SCHEDULES}::test_polynomial_falls_with_the_epochs_that_are_left_and_never_to_zero",),
    ),
    Mutant(
        "momentum correction: the wrong way round",
        SGD,
        "new / old if old else 1.0",
        "old / new if new else 1.0",
        (CORRECTED,),
    ),
    Mutant(
        "momentum correction: parameters with a constant learning rate are corrected as well",
        SGD,
        "self.momentum * changes[steady]",
        "self.momentum * changes[0]",
        (CORRECTED,),
    ),
    Mutant(
        "momentum correction: lost on resume",
        ENGINE,
        '        self.optimizer.last_rates = state.get("last_rates")\n',
        "",
        (RESUMES,),
    ),
    Mutant(
        "LARS: weight decay is not in the local learning rate",
        SGD,
        "w / (g + decay * w)",
        "w / g",
        (LARS,),
    ),
    Mutant(
        "LARS: every parameter has the same weight decay",
        SGD,
        "decay = self.weight_decay * self.multipliers[name][1]",
        "decay = self.weight_decay",
        (LARS,),
    ),
    Mutant(
        "LARS: only the first piece of a large parameter counts",
        SGD,
        "range(0, flat.size, _PIECE)",
        "(0,)",
        (f"{OF_SGD}::test_norms_count_every_piece_of_a_large_parameter",),
    ),
    Mutant(
        "LARS: norms overflow in float32",
        SGD,
        "_PIECE].astype(xp.float64)",
        "_PIECE]",
        (f"{OF_SGD}::test_lars_step_does_not_depend_on_the_size_of_the_gradient",),
    ),
    Mutant(
        "LARS: a bias that starts at 0 stays there",
        SGD,
        "if w and g else 1.0",
        "if w and g else 0.0",
        (f"{OF_SGD}::test_with_lars_a_bias_of_zeros_moves_and_a_gradient_of_zeros_is_no_error",),
    ),
    Mutant(
        "LARS: the host waits for every parameter",
        SGD,
        "pairs = layer.backend.to_host(layer.xp.stack(squares))",
        "pairs = np.array([layer.backend.to_host(square) for square in squares])",
        (f"{OF_SGD}::test_with_lars_the_host_waits_once_per_step_and_frozen_parameters_stay",),
    ),
    Mutant(
        "LARS: a worker with a part of the network takes the part's norms",
        SGD,
        "sums = self.model.total(sums)",
        "pass",
        (f"{OF_PARALLEL}::test_lars_takes_the_norms_of_whole_parameters",),
    ),
    Mutant(
        "LARS: its layers seem to be moved by weight decay alone",
        "tinyalex/training/weight_log.py",
        "if optimizer.lars or optimizer.momentum >= 1:",
        "if optimizer.momentum >= 1:",
        ("tests/training/test_weight_log.py::test_with_lars_a_layer_moves_whatever_its_gradient",),
    ),
    Mutant(
        "large-batch: a run that diverges ends the others",
        EXPERIMENT,
        "may_diverge=True, ",
        "",
        (f"{OF_EXPERIMENTS}::test_large_batches_that_diverge_are_counted_and_not_averaged",),
    ),
    Mutant(
        "large-batch: lower and higher are swapped",
        EXPERIMENT,
        '"lower" if outcome["change"]["mean"] < 0 else "higher"',
        '"higher" if outcome["change"]["mean"] < 0 else "lower"',
        (f"{OF_EXPERIMENTS}::test_methods_are_compared_seed_by_seed_with_linear_scaling",),
    ),
    Mutant(
        "large-batch: LARS has the same learning rate at every batch size",
        EXPERIMENT,
        '"lr_scaling": "sqrt", ',
        "",
        (f"{OF_EXPERIMENTS}::test_large_batches_differ_in_batch_and_method_alone",),
    ),
    Mutant(
        "experiments: arms with other settings share a run",
        ARM,
        '            decides["settings"] = dict(self.settings)\n',
        "            pass\n",
        (f"{OF_STORE}::test_arms_with_other_settings_have_runs_of_their_own",),
    ),
    Mutant(
        "experiments: runs from before warm-up and LARS are trained again",
        ARM,
        "if v or k not in LATER",
        "if True",
        (f"{OF_STORE}::test_runs_of_older_versions_keep_their_folders",),
    ),
)
