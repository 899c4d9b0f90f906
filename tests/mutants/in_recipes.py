"""Bugs in what issue 5 added to training and evaluation: nets, starts, guards, ensembles."""

from tests.mutants.mutant import Mutant

NETS = "tinyalex/models/alexnet_authors.py"
LRN = "tinyalex/layers/lrn.py"
SGD = "tinyalex/training/optimizer.py"
START = "tinyalex/training/init_from.py"
WEIGHTS = "tinyalex/training/weight_log.py"
VIEWS = "tinyalex/evaluation/views.py"
GUARDS = "tinyalex/runs/guards.py"
SEARCH = "tinyalex/evaluation/search.py"
EVALUATE = "tinyalex/evaluation/evaluate.py"
DOUBTS = "tinyalex/evaluation/doubts.py"

OF_NETS = "tests/models/test_alexnet_authors.py"
OF_START = "tests/training/test_init_from.py"
OF_WEIGHTS = "tests/training/test_weight_log.py"
OF_SEARCH = "tests/evaluation/test_search.py"
OF_DOUBTS = "tests/evaluation/test_doubts.py"

RECIPE_MUTANTS = (
    Mutant(
        "net 145: alpha of the normalisation within a map is divided by 5, not by 25",
        NETS,
        "alpha=1e-3 / 25",
        "alpha=1e-3 / 5",
        (f"{OF_NETS}::test_net_145_divides_alpha_by_what_a_window_holds",),
    ),
    Mutant(
        "two towers: their rules of initial weights keep the one-column network's names",
        "tinyalex/models/alexnet.py",
        'f"{_COLUMNS[layer]}.*.{key}" if layer in _COLUMNS else pattern',
        "pattern",
        ("tests/models/test_build.py::test_two_towers_start_as_the_papers_network_does",),
    ),
    Mutant(
        "networks: a recipe's rules of initial weights are left out",
        "tinyalex/models/__init__.py",
        "(s.init or recipe.init) if init is None else init",
        '{"*": ("he_normal",)} if init is None else init',
        ("tests/models/test_build.py::test_a_network_starts_as_its_recipe_says",),
    ),
    Mutant(
        "normalisation: groups see each other",
        LRN,
        "(N * self.groups, C // self.groups, H, W)",
        "(N, C, H, W)",
        (
            f"{OF_NETS}::test_net_145_equals_its_layer_file_in_pytorch",
            "tests/layers/test_lrn.py::test_groups_do_not_see_each_other",
        ),
    ),
    Mutant(
        "optimizer: steady parameters follow the schedule",
        SGD,
        "rates[steady] * lr_multiplier",
        "rates[0] * lr_multiplier",
        ("tests/training/test_optimizer.py::test_a_steady_parameter_keeps_the_first_rate",),
    ),
    Mutant(
        "--init-from: rows of the last layer stay in the other order",
        START,
        "order = [theirs.index(name) for name in classes]",
        "order = list(range(len(classes)))",
        (f"{OF_START}::test_the_same_classes_in_another_order_are_put_in_order",),
    ),
    Mutant(
        "--init-from: a run killed before its first checkpoint takes whatever lies there now",
        START,
        'before["weights_sha256"] != digest',
        'before["weights_sha256"] == ""',
        (
            f"{OF_START}::test_a_run_killed_before_its_first_checkpoint_begins_again_from_the_same_weights",
        ),
    ),
    Mutant(
        "weights' log: frozen parameters seem to move",
        WEIGHTS,
        "still = v is None or name in optimizer.frozen",
        "still = v is None",
        (f"{OF_WEIGHTS}::test_what_is_frozen_does_not_move_and_zeros_have_no_ratio",),
    ),
    Mutant(
        "weights' log: a layer moved by weight decay alone seems to learn",
        WEIGHTS,
        "max(LOWEST, 2 * decay)",
        "LOWEST",
        (f"{OF_WEIGHTS}::test_a_ratio_out_of_range_is_found",),
    ),
    Mutant(
        "ten crops at the end: dropout stays on",
        VIEWS,
        "    model.eval()\n",
        "",
        (
            "tests/training/test_ten_crops.py::test_the_figures_are_those_of_ten_crops_of_the_finished_net",
        ),
    ),
    Mutant(
        "guards: a mean in blue, green, red is not seen",
        GUARDS,
        "tint[::-1] - wanted",
        "tint - wanted",
        ("tests/runs/test_guards.py::test_a_mean_in_blue_green_red_is_told",),
    ),
    Mutant(
        "ensemble: the coefficients' own images are reported on",
        EVALUATE,
        "[p[~chosen] for p in each], labels[~chosen]",
        "each, labels",
        (f"{OF_SEARCH}::test_errors_are_of_the_images_that_were_not_searched_on",),
    ),
    Mutant(
        "ensemble: the search sees the labels of the report part",
        EVALUATE,
        "_search([p[chosen] for p in each], labels[chosen])",
        "_search(each, labels)",
        (f"{OF_SEARCH}::test_labels_of_the_report_part_do_not_touch_the_search",),
    ),
    Mutant(
        "ensemble: the last coefficient that was tried is kept",
        SEARCH,
        "if score < best:",
        "if score <= best or c == 1.0:",
        (f"{OF_SEARCH}::test_a_net_that_knows_nothing_gets_next_to_no_say",),
    ),
    Mutant(
        "label order: the half that shows the exchange also judges it",
        DOUBTS,
        "exchanged = called[labels[~first]] == predicted[~first]",
        "exchanged = called[labels[first]] == predicted[first]",
        (f"{OF_DOUBTS}::test_neither_chance_nor_a_middling_net_is_taken_for_another_order",),
    ),
)
