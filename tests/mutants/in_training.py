"""Bugs in data, optimizer, schedules, resuming and evaluation."""

from tests.mutants.mutant import Mutant

LOADER = "tinyalex/data/loader.py"
VIEWS = "tinyalex/data/views.py"
STATISTICS = "tinyalex/data/image_statistics.py"
SGD = "tinyalex/training/optimizer.py"
SCHEDULES = "tinyalex/training/schedules.py"
LOOP = "tinyalex/training/loop.py"
ENGINE = "tinyalex/training/engine.py"
SCORE = "tinyalex/evaluation/score.py"
PREPROCESSING = "tinyalex/preprocessing.py"

OF_LOADER = "tests/data/test_loader.py"
OF_VIEWS = "tests/data/test_views.py"
OF_STATISTICS = "tests/data/test_statistics.py"
OF_SGD = "tests/training/test_optimizer.py"
OF_PREPROCESSING = "tests/test_preprocessing.py"
OF_SCHEDULES = "tests/training/test_schedules.py"
STOPPED = (
    "tests/training/test_resume.py"
    "::test_a_run_stopped_anywhere_and_resumed_equals_the_undisturbed_run"
)

CHANGED = (
    "tests/runs/test_guards.py"
    "::test_a_model_whose_layers_have_changed_does_not_take_an_older_runs_weights"
)

TRAINING_MUTANTS = (
    Mutant(
        "metrics: the weights of an epoch count as another epoch",
        "tinyalex/runs/metrics.py",
        'if "test_error" in line',
        'if "epoch" in line',
        ("tests/runs/test_metrics.py::test_only_the_lines_of_finished_epochs_are_epochs",),
    ),
    Mutant(
        "preprocessing: images are scaled as for a colour shift without one",
        PREPROCESSING,
        "factor = self.colour_scale if colour else 1.0",
        "factor = self.colour_scale",
        (f"{OF_PREPROCESSING}::test_the_mean_is_subtracted_and_the_rest_multiplied",),
    ),
    Mutant(
        "preprocessing: the loader is not told where training crops lie",
        PREPROCESSING,
        "            random_crop=self.random_crop,\n",
        "",
        (f"{OF_PREPROCESSING}::test_the_mean_is_subtracted_and_the_rest_multiplied",),
    ),
    Mutant(
        "preprocessing: a channel's mean counts as a mean image",
        PREPROCESSING,
        'self.mean if self.mean_kind == "image" else None',
        "self.mean",
        (f"{OF_PREPROCESSING}::test_only_a_mean_image_is_one",),
    ),
    Mutant(
        "crops: the last position is never drawn",
        LOADER,
        "integers(0, H - CH + 1, N)",
        "integers(0, H - CH, N)",
        (f"{OF_LOADER}::test_every_crop_position_is_reached_in_both_directions_equally_often",),
    ),
    Mutant(
        "crops: rows and columns always move together",
        LOADER,
        "images, plan.tops[at], plan.lefts[at], feed)",
        "images, plan.tops[at], plan.tops[at], feed)",
        (f"{OF_LOADER}::test_every_crop_position_is_reached_in_both_directions_equally_often",),
    ),
    Mutant(
        "order: every epoch is the same",
        LOADER,
        "self._rng(epoch, _ORDER)",
        "self._rng(0, _ORDER)",
        (f"{OF_LOADER}::test_the_order_changes_with_epoch_and_seed_and_is_kept_otherwise",),
    ),
    Mutant(
        "labels: those of the test images are not checked",
        "tinyalex/runs/load.py",
        'for split, what in ((dataset.train, "training"), (dataset.test, "test")):',
        'for split, what in ((dataset.train, "training"),):',
        (
            "tests/training/test_runs.py"
            "::test_labels_out_of_range_are_refused_before_anything_is_written",
        ),
    ),
    Mutant(
        "labels: of other images than the pixels",
        LOADER,
        "self.split.labels[plan.order[at]]",
        "self.split.labels[at]",
        (f"{OF_LOADER}::test_an_epoch_has_each_image_once_with_its_label",),
    ),
    Mutant(
        "views: the centre is off by one",
        VIEWS,
        "(image_hw[0] - crop[0]) // 2, (image_hw[1] - crop[1]) // 2",
        "(image_hw[0] - crop[0]) // 2 + 1, (image_hw[1] - crop[1]) // 2",
        (f"{OF_LOADER}::test_testing_takes_centre_crops_in_order_without_random_numbers",),
    ),
    Mutant(
        "views: ten crops without mirrors",
        VIEWS,
        "five_corners, (False, True))",
        "five_corners, (False, False))",
        (f"{OF_VIEWS}::test_ten_views_are_five_crops_and_their_flips",),
    ),
    Mutant(
        "views: the nine are mirrored",
        VIEWS,
        "nine_corners, (False,))",
        "nine_corners, (True,))",
        (f"{OF_VIEWS}::test_nine_views_are_a_grid_without_flips",),
    ),
    Mutant(
        "views: the nine end at the middle",
        VIEWS,
        "for left in (0, centre, right)]",
        "for left in (0, centre, centre)]",
        (f"{OF_VIEWS}::test_nine_views_are_a_grid_without_flips",),
    ),
    Mutant(
        "colour: eigenvalues of 0-255 units taken as they are",
        STATISTICS,
        "size = variance / 255",
        "size = variance",
        (
            f"{OF_STATISTICS}::test_the_shift_by_eigenvalue_is_the_papers_formula_on_pixels_from_0_to_1",
        ),
    ),
    Mutant(
        "colour: variances for standard deviations",
        STATISTICS,
        "size = np.sqrt(variance)",
        "size = variance",
        (f"{OF_STATISTICS}::test_the_shift_by_standard_deviation_is_the_authors",),
    ),
    Mutant(
        "colour: rows of the eigenvectors for columns",
        STATISTICS,
        "* self.eigenvectors.T",
        "* self.eigenvectors",
        (f"{OF_STATISTICS}::test_shifts_have_the_components_as_eigenvectors",),
    ),
    Mutant(
        "mean image: cut from the corner instead of the centre",
        STATISTICS,
        "top, left = (H - crop) // 2, (W - crop) // 2",
        "top, left = 0, 0",
        (f"{OF_STATISTICS}::test_the_mean_image_is_cut_at_its_centre",),
    ),
    Mutant(
        "SGD: the rate multiplier is forgotten",
        SGD,
        "rates[steady] * lr_multiplier * local",
        "rates[steady] * local",
        (f"{OF_SGD}::test_multipliers_reach_the_update",),
    ),
    Mutant(
        "SGD: the decay multiplier is forgotten",
        SGD,
        "self.weight_decay * decay_multiplier",
        "self.weight_decay",
        (f"{OF_SGD}::test_multipliers_reach_the_update",),
    ),
    Mutant(
        "SGD: the first matching multiplier wins",
        SGD,
        "            matched = (float(lr_multiplier), float(decay_multiplier))\n",
        "            return (float(lr_multiplier), float(decay_multiplier))\n",
        (f"{OF_SGD}::test_the_last_pattern_that_matches_gives_rate_and_decay",),
    ),
    Mutant(
        "steps: the rate drops an epoch late",
        SCHEDULES,
        "self.epoch >= e",
        "self.epoch > e",
        (f"{OF_SCHEDULES}::test_steps_change_after_that_many_epochs",),
    ),
    Mutant(
        "plateau: it goes on dropping",
        SCHEDULES,
        " or self.dropped == self.drops:",
        ":",
        (
            f"{OF_SCHEDULES}"
            "::test_plateau_drops_when_the_error_stays_and_never_more_often_than_asked",
        ),
    ),
    Mutant(
        "label smoothing: the other classes get nothing",
        "tinyalex/training/label_smoothing.py",
        "((onehot - 1 / classes) / N)",
        "(onehot / N)",
        ("tests/training/test_label_smoothing.py::test_loss_and_gradient_equal_pytorch",),
        needs=("torch",),
    ),
    Mutant(
        "label smoothing: only the loss has it, not its gradient",
        "tinyalex/training/label_smoothing.py",
        "return dlogits + self._added() if",
        "return dlogits if",
        ("tests/training/test_label_smoothing.py::test_the_gradient_is_the_measured_slope",),
    ),
    Mutant(
        "label smoothing: a run does without, whatever its recipe says",
        ENGINE,
        "SmoothedCrossEntropy(label_smoothing)",
        "SmoothedCrossEntropy(0.0)",
        ("tests/training/test_runs.py::test_labels_are_smoothed_as_the_recipe_says",),
    ),
    Mutant(
        "resume: dropout starts its masks again",
        ENGINE,
        '        self.model.load_random_state(state["dropout"])\n',
        "",
        (STOPPED,),
    ),
    Mutant(
        "resume: the momentum is lost",
        LOOP,
        "        self.parts.optimizer.load_state_dict(own(model, checkpoint.momentum))\n",
        "",
        (STOPPED,),
    ),
    Mutant(
        "resume: the batches of the epoch are seen again",
        ENGINE,
        "start_batch=self.step",
        "start_batch=0",
        (STOPPED,),
    ),
    Mutant(
        "top-k: ties count as right",
        SCORE,
        "hit = xp.clip((k - better) / xp.maximum(equal, xp.ones_like(equal)), 0, 1)",
        "hit = xp.clip(1.0 * (k - better), 0, 1)",
        ("tests/evaluation/test_score.py::test_ties_count_as_the_mean_over_all_orders",),
    ),
    Mutant(
        "ten crops: logits are averaged instead of probabilities",
        "tinyalex/evaluation/views.py",
        "sum(softmax(xp, z) for z in logits) / crops",
        "softmax(xp, sum(logits) / crops)",
        (
            "tests/evaluation/test_evaluation.py"
            "::test_ten_views_are_corners_and_centre_and_mirrors_by_mean_probability",
        ),
    ),
    Mutant(
        "ensemble: the surest network decides alone",
        "tinyalex/evaluation/ensemble.py",
        "np.add(each[0], each[1])",
        "np.maximum(each[0], each[1])",
        ("tests/evaluation/test_evaluation.py::test_the_mean_is_of_probabilities_not_of_logits",),
    ),
    Mutant(
        "layers: those a run began with are not compared",
        "tinyalex/runs/guards.py",
        "if recorded is None:",
        "if recorded is None or model.name:",
        (CHANGED,),
    ),
    Mutant(
        "layers: not compared where a run goes on",
        "tinyalex/training/setup.py",
        'guards.check_layers(model, config.facts.get("layers"), str(config.out))',
        "pass",
        (CHANGED,),
    ),
)
