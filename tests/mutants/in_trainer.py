"""Bugs in `Trainer`, its schedules and callbacks, and in looking inside a network."""

from tests.mutants.mutant import Mutant

TRAINER = "tinyalex/training/trainer.py"
BATCHES = "tinyalex/data/batches.py"
COSINE = "tinyalex/training/cosine.py"
CALLBACKS = "tinyalex/training/callbacks.py"
OUTPUTS = "tinyalex/layers/outputs.py"

OF_TRAINER = "tests/training/test_trainer.py"
OF_SCHEDULES = "tests/training/test_smooth_schedules.py"
OF_LOOKING = "tests/layers/test_looking_inside.py"
OF_NOTEBOOK = "tests/training/test_notebook.py"

EXACT = f"{OF_TRAINER}::test_fit_save_load_and_fit_is_bit_for_bit_one_fit"
DRAWS = f"{OF_TRAINER}::test_a_transform_draws_by_seed_epoch_and_step_and_not_in_tests"
ONE_CYCLE = f"{OF_SCHEDULES}::test_one_cycle_is_pytorchs"
FEATURES = f"{OF_LOOKING}::test_features_are_the_output_of_any_layer_and_leave_no_trace"

TRAINER_MUTANTS = (
    Mutant(
        "trainer: a file is loaded without its momentum",
        TRAINER,
        "        self.optimizer.load_state_dict(found.momentum)\n",
        "",
        (EXACT,),
    ),
    Mutant(
        "trainer: Ctrl-C is forgotten",
        TRAINER,
        "if stop.number is not None:",
        "if False:",
        (f"{OF_TRAINER}::test_ctrl_c_ends_after_the_step_and_the_rest_is_exact",),
    ),
    Mutant(
        "trainer: the first layer never has an input gradient again",
        TRAINER,
        "self.model.skip_input_gradient(False)",
        "pass",
        (f"{OF_TRAINER}::test_the_networks_first_layer_has_its_input_gradient_again_after_a_fit",),
    ),
    Mutant(
        "batches: every epoch has the same order",
        BATCHES,
        "generator(self.seed, epoch, _ORDER)",
        "generator(self.seed, 0, _ORDER)",
        (f"{OF_TRAINER}::test_the_order_is_another_one_in_each_epoch",),
    ),
    Mutant(
        "batches: a transform draws the same numbers in each step",
        BATCHES,
        "generator(self.seed, epoch, _TRANSFORM, step)",
        "generator(self.seed, epoch, _TRANSFORM)",
        (DRAWS,),
    ),
    Mutant(
        "batches: pixels stay from 0 to 255",
        BATCHES,
        "_PIXEL = np.float32(1 / 255)",
        "_PIXEL = np.float32(1)",
        (f"{OF_TRAINER}::test_pixels_become_floats_from_0_to_1_in_every_method",),
    ),
    Mutant(
        "one cycle: the maximum is one step late",
        COSINE,
        "self.rise * steps - 1, steps - 1",
        "self.rise * steps, steps - 1",
        (ONE_CYCLE,),
    ),
    Mutant(
        "cosine: the learning rate is 0 after the last epoch",
        COSINE,
        "min(self.epoch, self.epochs - 1)",
        "self.epoch",
        (f"{OF_SCHEDULES}::test_after_the_last_epoch_the_learning_rate_stays_above_zero",),
    ),
    Mutant(
        "early stopping: any fall counts as a better figure",
        CALLBACKS,
        "value < self.best - self.min_delta",
        "value < self.best",
        (
            f"{OF_TRAINER}::"
            "test_early_stopping_waits_for_a_better_figure_and_starts_anew_with_each_fit",
        ),
    ),
    Mutant(
        "features: dropout draws",
        OUTPUTS,
        "        network.eval()\n",
        "",
        (FEATURES,),
    ),
    Mutant(
        "features: what backward needs is overwritten",
        OUTPUTS,
        "            vars(each).clear()\n            vars(each).update(state)",
        "            each.training = state['training']\n        vars(layer).pop('forward')",
        (FEATURES,),
    ),
    Mutant(
        "notebook: a warning may hold HTML",
        "tinyalex/training/notebook.py",
        "<p>warning: {as_html(text)}</p>",
        "<p>warning: {text}</p>",
        (f"{OF_NOTEBOOK}::test_the_progress_follows_steps_epochs_and_warnings",),
    ),
    Mutant(
        "trainer: images whose channels come first are taken for narrow ones",
        BATCHES,
        "if x.shape[1] in _COLOURS and x.shape[3] not in _COLOURS:",
        "if False:",
        (f"{OF_TRAINER}::test_what_cannot_be_trained_is_refused_at_once",),
    ),
    Mutant(
        "trainer: NaN in the images is called a learning rate that is too high",
        BATCHES,
        "if not np.isfinite(x).all():",
        "if False:",
        (f"{OF_TRAINER}::test_what_cannot_be_trained_is_refused_at_once",),
    ),
    Mutant(
        "trainer: anything may be a callback",
        "tinyalex/training/given.py",
        "if not isinstance(callback, Listener):",
        "if False:",
        (f"{OF_TRAINER}::test_what_cannot_be_trained_is_refused_at_once",),
    ),
    Mutant(
        "optimizer: a learning rate may be text",
        "tinyalex/training/optimizer.py",
        "isinstance(value, Real) and math",
        "math",
        (f"{OF_TRAINER}::test_what_cannot_be_trained_is_refused_at_once",),
    ),
    Mutant(
        "containers: one layer may have two places",
        "tinyalex/layers/containers.py",
        "        self._check_that_layers_differ()\n",
        "",
        ("tests/layers/test_containers.py::test_a_layer_has_one_place_in_a_network",),
    ),
    Mutant(
        "schedules: a warm-up may lead to a number",
        "tinyalex/training/schedules.py",
        "if not isinstance(schedule, Schedule):",
        "if False:",
        (f"{OF_SCHEDULES}::test_impossible_numbers_are_refused",),
    ),
)
