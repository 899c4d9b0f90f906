"""Bugs in the reproduction lab and in the nets that it compares."""

from tests.mutants.mutant import Mutant

STATISTICS = "tinyalex/reproduce/statistics.py"
STORE = "tinyalex/reproduce/store.py"
ARM = "tinyalex/reproduce/arm.py"
FIG1 = "tinyalex/reproduce/fig1.py"
WHY = "tinyalex/reproduce/fig1_why.py"
TOWERS = "tinyalex/reproduce/towers.py"
LADDER = "tinyalex/reproduce/ladder.py"
LRSWEEP = "tinyalex/reproduce/lrsweep.py"
ABLATIONS = "tinyalex/reproduce/ablations.py"
ENSEMBLES = "tinyalex/reproduce/ensembles.py"
SMALL = "tinyalex/models/small.py"
LARGE = "tinyalex/models/alexnet_without.py"
LOADER = "tinyalex/data/loader.py"
PARTS = "tinyalex/data/subset.py"
SIDE = "tinyalex/reproduce/side_by_side.py"

OF_STATISTICS = "tests/reproduce/test_statistics.py"
OF_STORE = "tests/reproduce/test_store.py"
OF_EXPERIMENTS = "tests/reproduce/test_experiments.py"
OF_ALEXNET = "tests/models/test_alexnet.py"
OF_FIG1 = "tests/reproduce/test_fig1.py"
OF_WHY = "tests/reproduce/test_fig1_why.py"
OF_LOADER = "tests/data/test_loader.py"
OF_PARTS = "tests/data/test_subset.py"
OF_SIDE = "tests/reproduce/test_side_by_side.py"

REPRODUCE_MUTANTS = (
    Mutant(
        "lab: spread of a population, not of a sample",
        STATISTICS,
        "np.std(numbers, ddof=1)",
        "np.std(numbers)",
        (f"{OF_STATISTICS}::test_students_interval_of_a_textbook_example",),
    ),
    Mutant(
        "lab: the normal quantile in place of Student's",
        STATISTICS,
        "_t_quantile(len(numbers) - 1)",
        "1.96",
        (f"{OF_STATISTICS}::test_the_interval_covers_the_truth_in_95_of_100_cases",),
    ),
    Mutant(
        "lab: pairs are subtracted the other way round",
        STATISTICS,
        "[a - b for a, b in zip(treated, baseline, strict=True)]",
        "[b - a for a, b in zip(treated, baseline, strict=True)]",
        (f"{OF_STATISTICS}::test_pairs_are_the_treated_less_the_baseline",),
    ),
    Mutant(
        "lab: any difference counts",
        STATISTICS,
        "return difference.low > 0 or difference.high < 0",
        "return difference.mean != 0",
        (f"{OF_STATISTICS}::test_pairs_are_the_treated_less_the_baseline",),
    ),
    Mutant(
        "lab: runs with other rates share a folder",
        ARM,
        'if k not in ("name", "sources", "epochs")',
        'if k not in ("name", "sources", "epochs", "lr")',
        (f"{OF_STORE}::test_what_decides_the_weights_decides_the_folder",),
    ),
    Mutant(
        "lab: a finished run is trained again",
        STORE,
        'return int(training.read_summary(out)["epochs"]) >= arm.length(epochs)',
        'return int(training.read_summary(out)["epochs"]) > arm.length(epochs)',
        (f"{OF_STORE}::test_a_run_is_trained_once",),
    ),
    Mutant(
        "lab: a finished run of other layers is taken",
        STORE,
        "training.model_of(training.read_config(out))",
        "pass",
        (f"{OF_STORE}::test_a_run_of_a_model_with_other_layers_is_refused",),
    ),
    Mutant(
        "figure 1: arrival is the epoch before",
        FIG1,
        "return float(before_x + (x - before_x) * (before_y - TARGET) / (before_y - y))",
        "return float(before_x)",
        (f"{OF_FIG1}::test_arrival_lies_on_the_line_between_two_epochs",),
    ),
    Mutant(
        "figure 1: the slowest rate is chosen",
        FIG1,
        "return min(curves, key=lambda rate: arrival",
        "return max(curves, key=lambda rate: arrival",
        (f"{OF_FIG1}::test_figure_1_takes_each_nets_best_learning_rate",),
    ),
    Mutant(
        "figure 1: a rate that diverges is trained on and on",
        FIG1,
        "                diverged.add(key)\n",
        "                break\n",
        (f"{OF_FIG1}::test_a_learning_rate_that_diverges_has_lost",),
    ),
    Mutant(
        "figure 1, why: the search ends at an end of its list",
        WHY,
        "        if not any(more.values()):",
        "        if more:",
        (f"{OF_WHY}::test_learning_rates_are_searched_beyond_the_ends_of_their_lists",),
    ),
    Mutant(
        "figure 1, why: divided pixels shrink what the net computes",
        WHY,
        '        sigmas["conv1"] *= self.pixels\n',
        "",
        (f"{OF_WHY}::test_dividing_the_pixels_changes_nothing_at_first",),
    ),
    Mutant(
        "figure 1, why: the factor is upside down",
        WHY,
        "else tanh / relu",
        "else relu / tanh",
        (f"{OF_WHY}::test_the_factor_compares_each_nets_best_learning_rate",),
    ),
    Mutant(
        "lab: whoever diverges stops everything",
        STORE,
        "if not arm.may_diverge:",
        "if arm:",
        (f"{OF_STORE}::test_a_run_that_diverges_ends_there_if_it_may",),
    ),
    Mutant(
        "alexnet: columns that must not exchange do so in conv3",
        LARGE,
        'parts["8"] = Conv2d(256, 384, 3, padding=1, groups=2)',
        'parts["8"] = Conv2d(256, 384, 3, padding=1)',
        (f"{OF_ALEXNET}::test_towers_of_the_papers_size_that_do_not_exchange_are_independent",),
    ),
    Mutant(
        "alexnet: pooling overlaps all the same",
        LARGE,
        "if isinstance(layer, MaxPool2d) and not overlap:",
        "if isinstance(layer, MaxPool2d) and overlap is None:",
        (f"{OF_EXPERIMENTS}::test_each_ablation_leaves_out_one_thing",),
    ),
    Mutant(
        "ablations: ImageNet is seen from the centre alone",
        ABLATIONS,
        'crops = 10 if lab.scale == "imagenet" else 1',
        "crops = 1",
        (f"{OF_EXPERIMENTS}::test_on_imagenet_ablations_are_tested_with_ten_crops",),
    ),
    Mutant(
        "ensembles: on ImageNet the first guess counts alone",
        ENSEMBLES,
        'return 5 if scale == "imagenet" else 1',
        "return 1",
        (f"{OF_EXPERIMENTS}::test_on_imagenet_ensembles_have_top_5_errors_of_ten_crops",),
    ),
    Mutant(
        "towers: grey counts as colour",
        TOWERS,
        "rest = np.square(weight - grey)",
        "rest = np.square(grey + 0 * weight)",
        (f"{OF_EXPERIMENTS}::test_grey_filters_have_no_colour",),
    ),
    Mutant(
        "towers: every split is rare",
        TOWERS,
        "return (more + 1) / (SHUFFLES + 1)",
        "return 1 / (SHUFFLES + 1)",
        (f"{OF_EXPERIMENTS}::test_a_clean_split_of_colours_is_unlikely_by_chance",),
    ),
    Mutant(
        "ablations: what was not shown is called worse",
        ABLATIONS,
        "    if not shown:\n",
        "    if shown is None:\n",
        (f"{OF_EXPERIMENTS}::test_the_ablations_name_every_arm_and_pair_by_seed",),
    ),
    Mutant(
        "ablations: what is better is left out of the answer",
        ABLATIONS,
        "for v in said if v in names)",
        'for v in said if v in names and v != "better")',
        (f"{OF_EXPERIMENTS}::test_the_ablations_name_every_arm_and_pair_by_seed",),
    ),
    Mutant(
        "ablations: without crops there are mirrors still",
        ABLATIONS,
        'crop_at="center", mirror=False',
        'crop_at="center"',
        (f"{OF_EXPERIMENTS}::test_each_ablation_leaves_out_one_thing",),
    ),
    Mutant(
        "ensembles: all groups are the first one",
        ENSEMBLES,
        "[(first + i) % len(each) for i in range(n)]",
        "[i for i in range(n)]",
        (f"{OF_EXPERIMENTS}::test_every_size_of_an_ensemble_uses_every_net_alike",),
    ),
    Mutant(
        "alexnet-small: columns that must not exchange do so in conv3",
        SMALL,
        '"conv3": Conv2d(48, 64, 3, padding=1, groups=across)',
        '"conv3": Conv2d(48, 64, 3, padding=1)',
        (f"{OF_EXPERIMENTS}::test_towers_that_do_not_exchange_are_independent",),
    ),
    Mutant(
        "loader: crops at the centre are at random all the same",
        LOADER,
        "self.random_crop = training and random_crop",
        "self.random_crop = training",
        (f"{OF_LOADER}::test_training_crops_may_be_at_the_centre",),
    ),
    Mutant(
        "parts: the first images are all of one class",
        PARTS,
        "rank[members] = np.arange(len(members))",
        "rank[members] = 0",
        (f"{OF_PARTS}::test_the_first_images_are_of_all_classes_equally",),
    ),
    Mutant(
        "parts: the test images are looked at while a recipe is chosen",
        PARTS,
        "train.subset(kept), train.subset(held_out)",
        "train.subset(kept), dataset.test",
        (f"{OF_PARTS}::test_held_out_images_are_training_images_that_are_left_out_of_training",),
    ),
    Mutant(
        "parts: one fingerprint for all of them",
        PARTS,
        'f"{dataset.fingerprint} {text}"',
        'f"{dataset.fingerprint}"',
        (f"{OF_PARTS}::test_fewer_training_images_are_tested_on_all_test_images",),
    ),
    Mutant(
        "side by side: the others go on when one has failed",
        SIDE,
        "if stopped() or any(future.exception() is not None for future in done):",
        "if stopped():",
        (f"{OF_SIDE}::test_a_failure_is_raised_and_the_other_runs_are_kept",),
    ),
    Mutant(
        "side by side: a failure is told as the stop of another",
        SIDE,
        "raise min(failed",
        "raise max(failed",
        (f"{OF_SIDE}::test_a_failure_is_raised_and_the_other_runs_are_kept",),
    ),
    Mutant(
        "side by side: a signal reaches the parent only",
        SIDE,
        "        signal.raise_signal(signal.SIGTERM)\n",
        "        pass\n",
        (f"{OF_SIDE}::test_a_signal_stops_all_of_them_and_each_is_kept",),
    ),
    Mutant(
        "figure 1: a rate that has lost is trained on",
        FIG1,
        "math.ceil(there + 1)",
        "longest",
        (f"{OF_FIG1}::test_a_learning_rate_that_has_lost_is_not_trained_further",),
    ),
    Mutant(
        "figure 1: the nets race each other",
        FIG1,
        "lambda key: key[0])",
        "lambda key: 0)",
        (f"{OF_FIG1}::test_a_learning_rate_that_has_lost_is_not_trained_further",),
    ),
    Mutant(
        "figure 1: a rate that was trained further is better for it",
        FIG1,
        'curves[k][epochs - 1]["train_error"]',
        'curves[k][-1]["train_error"]',
        (f"{OF_FIG1}::test_learning_rates_are_compared_after_the_same_number_of_epochs",),
    ),
    Mutant(
        "ladder: who is shortened loses the last epochs too",
        LADDER,
        '"epochs": (epochs - 20, epochs - 10)',
        '"epochs": recipe.schedule["epochs"]',
        (f"{OF_EXPERIMENTS}::test_a_shortened_net_keeps_its_last_epochs",),
    ),
    Mutant(
        "lrsweep: a rate at which a seed diverged may be the best",
        LRSWEEP,
        'for r, f in figures.items() if not f["diverged"]',
        'for r, f in figures.items() if "error" in f',
        (f"{OF_EXPERIMENTS}::test_learning_rates_that_diverge_are_reported_and_are_not_the_best",),
    ),
    Mutant(
        "lrsweep: a rate that diverges ends the others",
        LRSWEEP,
        'lab.data_or("cifar10"), may_diverge=True)',
        'lab.data_or("cifar10"))',
        (f"{OF_EXPERIMENTS}::test_learning_rates_that_diverge_are_reported_and_are_not_the_best",),
    ),
)
