"""Bugs in what commands take for granted: the default model, where data lie, odd values."""

from tests.mutants.mutant import Mutant

MODEL = "tests/runs/test_default_model.py"
PLACES = "tests/runs/test_places.py"
INVERTED = "tests/evaluation/test_inverted.py"
EVALUATE, HINTS = "tests/cli/test_evaluate.py", "tests/cli/test_hints.py"
FETCH, CACHE = "tests/data/test_fetch.py", "tests/backends/test_numba_compile.py"
LOOKALIKE, NO_RUN = "tests/data/test_file_types.py", "tests/runs/test_no_run.py"

COMMAND_MUTANTS = (
    Mutant(
        "evaluate: the top 5 of five classes is shown as an error of 0",
        "tinyalex/commands/evaluate.py",
        'len(result["classes"]) > 5 else (1,)',
        'len(result["classes"]) > 0 else (1,)',
        (f"{EVALUATE}::test_the_top_5_error_of_five_classes_is_not_shown",),
    ),
    Mutant(
        "report: data that moved are looked for by name alone",
        "tinyalex/report/page/facts.py",
        "training.load_dataset(in_place(run.config, None, data_root))",
        "training.load_dataset(run.config)",
        (f"{PLACES}::test_moved_data_are_missed_by_name_and_named_again",),
    ),
    Mutant(
        "default model: everything that is small gets the digits' network",
        "tinyalex/runs/default_model.py",
        "seen.side < _THUMBNAIL",
        "seen.side < _SMALL",
        (f"{MODEL}::test_a_folders_model_follows_the_size_of_its_pictures",),
    ),
    Mutant(
        "default model: the number of pictures does not count",
        "tinyalex/runs/default_model.py",
        "seen.images >= _MANY_SMALL",
        "True",
        (f"{MODEL}::test_built_in_sets_and_their_parts_have_models_of_their_own",),
    ),
    Mutant(
        "default model: one small picture decides",
        "tinyalex/data/summary.py",
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
        "tinyalex/runs/places.py",
        "return os.path.abspath(path) if path.exists() else name",
        "return name",
        (f"{PLACES}::test_a_run_remembers_whole_paths",),
    ),
    Mutant(
        "places: older runs look in the working folder only",
        "tinyalex/runs/places.py",
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
        ("tests/data/prepare/test_main_guard.py::test_a_negative_seed_is_refused",),
    ),
    Mutant(
        "preparing: a script without the guard is told of memory",
        "tinyalex/data/prepare/run.py",
        "                if is_unguarded():",
        "                if False:",
        ("tests/data/prepare/test_main_guard.py::test_a_missing_guard_is_reported_once",),
    ),
    Mutant(
        "evaluating: other data's result takes the place of the run's own",
        "tinyalex/commands/evaluate.py",
        "if data is None or fingerprint == read_config(run)",
        "if True or fingerprint == read_config(run)",
        (f"{EVALUATE}::test_the_result_on_other_data_leaves_the_runs_own_alone",),
    ),
    Mutant(
        "evaluating: data of one name share a file",
        "tinyalex/commands/evaluate.py",
        'return f"{expand(data).resolve().name}-{fingerprint[:8]}"',
        'return f"{expand(data).resolve().name}-"',
        (f"{EVALUATE}::test_the_result_on_other_data_leaves_the_runs_own_alone",),
    ),
    Mutant(
        "evaluating: the run's own data are other data where they are named",
        "tinyalex/commands/evaluate.py",
        "if data is None or fingerprint == read_config(run)",
        "if data is None or fingerprint is read_config(run)",
        (f"{EVALUATE}::test_the_runs_own_data_may_be_named",),
    ),
    Mutant(
        "downloading: an unpacked set is fetched again",
        "tinyalex/data/fetch.py",
        "if (unpacked := whole_cifar10(folder)) is not None:",
        "if (unpacked := None) is not None:",
        (f"{FETCH}::test_a_complete_folder_or_archive_is_not_downloaded_again",),
    ),
    Mutant(
        "downloading: half a set is all of it",
        "tinyalex/data/cifar.py",
        "return source if source is not None and _is_whole(source, _TEN) else None",
        "return found",
        (f"{FETCH}::test_an_incomplete_folder_is_downloaded_and_the_archive_read",),
    ),
    Mutant(
        "CIFAR: half a set hides the archive",
        "tinyalex/data/cifar.py",
        "return archive if archive.is_file() and not _is_whole(folder, version) else folder",
        "return folder",
        (f"{FETCH}::test_an_incomplete_folder_is_downloaded_and_the_archive_read",),
    ),
    Mutant(
        "CIFAR: any archive is taken for it",
        "tinyalex/data/cifar.py",
        " and not _may_be_cifar(source):",
        " and False:",
        (f"{HINTS}::test_an_archive_of_pictures_is_to_be_unpacked",),
    ),
    Mutant(
        "Numba: nobody hears that machine code is not kept",
        "tinyalex/backends/numba/compile.py",
        '_Forgiving._tell("kept on", error)',
        "pass",
        (f"{CACHE}::test_without_any_folder_to_write_kernels_are_compiled_in_memory",),
    ),
    Mutant(
        "Numba: a folder called ~ is made",
        "tinyalex/backends/numba/compile.py",
        " and _has_no_folder(kernel):",
        " and False:",
        (f"{CACHE}::test_without_a_home_no_folder_is_made_in_the_working_folder",),
    ),
    Mutant(
        "pictures: a text file is a damaged picture",
        "tinyalex/data/file_types.py",
        'return "a text file" if _is_text(head) else ""',
        'return ""',
        (f"{LOOKALIKE}::test_a_file_that_is_not_an_image_is_named_by_its_content",),
    ),
    Mutant(
        "pictures: text must end with a whole letter",
        "tinyalex/data/file_types.py",
        "for cut in range(4):",
        "for cut in range(1):",
        (f"{LOOKALIKE}::test_text_in_any_language_is_text_wherever_it_is_cut",),
    ),
    Mutant(
        "hints: runs in a folder are not named",
        "tinyalex/runs/no_run.py",
        "elif runs := runs_in(folder):",
        "elif runs := []:",
        (f"{NO_RUN}::test_the_runs_that_lie_in_a_folder_are_named",),
    ),
    Mutant(
        "hints: class folders are a folder without pictures",
        "tinyalex/evaluation/predict.py",
        "    if not deeper:\n",
        "    if True:\n",
        (f"{HINTS}::test_of_class_folders_the_folders_are_named",),
    ),
    Mutant(
        "commands: an empty path is the working folder",
        "tinyalex/cli.py",
        'if word == "" or (',
        'if word == "-" or (',
        (f"{HINTS}::test_an_empty_argument_is_no_run",),
    ),
)
