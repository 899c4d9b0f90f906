"""Bugs in what commands take for granted: the default model, where data lie, odd values."""

from tests.mutants.mutant import Mutant

MODEL = "tests/training/test_default_model.py"
PLACES = "tests/training/test_places.py"
INVERTED = "tests/evaluation/test_inverted.py"

COMMAND_MUTANTS = (
    Mutant(
        "default model: everything that is small gets the digits' network",
        "tinyalex/training/default_model.py",
        "seen.side < _THUMBNAIL",
        "seen.side < _SMALL",
        (f"{MODEL}::test_a_folders_model_follows_the_size_of_its_pictures",),
    ),
    Mutant(
        "default model: the number of pictures does not count",
        "tinyalex/training/default_model.py",
        "seen.images >= _MANY_SMALL",
        "True",
        (f"{MODEL}::test_built_in_sets_and_their_parts_have_models_of_their_own",),
    ),
    Mutant(
        "default model: one small picture decides",
        "tinyalex/data/glancing.py",
        "np.median(sides)",
        "np.min(sides)",
        (f"{MODEL}::test_one_odd_picture_does_not_decide",),
    ),
    Mutant(
        "default model: a resumed run is told again which one was chosen",
        "tinyalex/training/setup.py",
        "begins = statistics is None",
        "begins = True",
        (f"{MODEL}::test_a_run_without_a_model_says_which_one_it_takes_and_remembers_why",),
    ),
    Mutant(
        "places: a run remembers a path that holds in one folder only",
        "tinyalex/training/places.py",
        "return os.path.abspath(path) if path.exists() else name",
        "return name",
        (f"{PLACES}::test_a_run_remembers_whole_paths",),
    ),
    Mutant(
        "places: older runs look in the working folder only",
        "tinyalex/training/places.py",
        "        if path.exists():\n",
        "        if False:\n",
        (f"{PLACES}::test_a_run_of_an_older_version_is_found_by_where_it_was_trained",),
    ),
    Mutant(
        "inverted: photographs are taken for ink",
        "tinyalex/evaluation/inverted.py",
        "if C != 1 or training_mean >= _DARK:",
        "if C != 1:",
        (f"{INVERTED}::test_nothing_is_said_of_photographs_or_colours",),
    ),
    Mutant(
        "inverted: --invert changes nothing",
        "tinyalex/evaluation/inverted.py",
        "255 - split.images(rows)",
        "split.images(rows)",
        (f"{INVERTED}::test_images_are_exchanged_and_labels_stay",),
    ),
    Mutant(
        "preparing: a negative seed is tried",
        "tinyalex/data/prepare/run.py",
        "if not 0 <= seed < 1 << 64:",
        "if False:",
        ("tests/data/prepare/test_unguarded.py::test_a_seed_is_no_negative_number",),
    ),
    Mutant(
        "preparing: a script without the guard is told of memory",
        "tinyalex/data/prepare/run.py",
        "                if is_unguarded():",
        "                if False:",
        ("tests/data/prepare/test_unguarded.py::test_a_script_without_the_guard_is_told_once",),
    ),
)
