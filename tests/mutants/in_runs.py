"""Bugs in how runs are named, replaced, changed, repeated and listed."""

from tests.mutants.mutant import Mutant

FOLDER = "tinyalex/runs/folder.py"
OF_FOLDER = "tests/runs/test_folder.py"
NEW_FOLDER = "tinyalex/training/new_folder.py"
OF_NEW_FOLDER = "tests/training/test_new_folder.py"
LISTING = "tinyalex/runs/listing.py"
OF_LISTING = "tests/runs/test_listing.py"
FROM_FILE = "tinyalex/runs/from_file.py"
OF_FROM_FILE = "tests/runs/test_from_file.py"
OF_CHANGES = "tests/runs/test_changes.py"

RUNS_MUTANTS = (
    Mutant(
        "overwrite: a run that has not begun counts as the new one",
        FOLDER,
        '    return bool(state.get("epoch") or state.get("step"))\n',
        "    return True\n",
        (f"{OF_FOLDER}::test_an_error_before_the_first_step_puts_the_old_run_back",),
    ),
    Mutant(
        "overwrite: the checkpoint is put back first",
        FOLDER,
        "_left_in(aside)[::-1]",
        "_left_in(aside)",
        (f"{OF_FOLDER}::test_a_process_killed_at_any_file_loses_neither_run",),
    ),
    Mutant(
        "overwrite: folders in the folder may be somebody's",
        FOLDER,
        "            ours = path.name in (_ASIDE, *FOLDERS)\n",
        "            ours = True\n",
        (f"{OF_FOLDER}::test_a_folder_that_holds_something_else_is_not_overwritten",),
    ),
    Mutant(
        "overwrite: nobody looks at what the folder holds",
        NEW_FOLDER,
        "        folders.check_only_a_run(out)\n",
        "        pass\n",
        ("tests/cli/test_train_options.py::test_a_run_is_replaced_only_if_asked_to",),
    ),
    Mutant(
        "numbers: a run that ended meanwhile is written into",
        NEW_FOLDER,
        "    for out in folders.free(default):\n",
        "    for out in [default]:\n",
        (f"{OF_NEW_FOLDER}::test_a_run_that_was_finished_meanwhile_is_not_lost",),
    ),
    Mutant(
        "numbers: each worker chooses for itself",
        NEW_FOLDER,
        "out if group.leads else out.with_name(name)",
        "out",
        (f"{OF_NEW_FOLDER}::test_workers_agree_on_one_folder",),
    ),
    Mutant(
        "changes: the whole schedule is replaced by one part",
        "tinyalex/runs/changes.py",
        "    return {**before, part: value} if part else value\n",
        "    return {part: value} if part else value\n",
        (f"{OF_CHANGES}::test_one_part_of_the_schedule_leaves_the_others",),
    ),
    Mutant(
        "changes: the types of a recipe's numbers are not checked",
        "tinyalex/recipes/recipe.py",
        "        checks.check_changes(changes)\n",
        "        pass\n",
        (f"{OF_CHANGES}::test_a_number_that_cannot_be_is_refused",),
    ),
    Mutant(
        "config file: the old run's folder is written to",
        FROM_FILE,
        '_NOT_REPEATED = ("out", "command")',
        '_NOT_REPEATED = ("command",)',
        (f"{OF_FROM_FILE}::test_what_the_call_says_wins_and_the_rest_is_the_files",),
    ),
    Mutant(
        "config file: an edited number has its old source",
        FROM_FILE,
        "return recipe.replaced(SOURCE, **edited) if edited else recipe",
        "return recipe",
        (f"{OF_FROM_FILE}::test_an_edited_number_says_where_it_comes_from",),
    ),
    Mutant(
        "config file: other data are not noticed",
        "tinyalex/runs/guards.py",
        "        if before.get(name, fact) != fact\n",
        "        if False\n",
        (f"{OF_FROM_FILE}::test_other_data_are_told_before_the_first_step",),
    ),
    Mutant(
        "runs: a damaged run ends the command",
        LISTING,
        "    except TinyalexError as error:\n",
        "    except ZeroDivisionError as error:\n",
        (f"{OF_LISTING}::test_a_damaged_run_is_listed_with_its_reason",),
    ),
    Mutant(
        "lock: a killed process has it for ever",
        "tinyalex/lock.py",
        "        return None if _lock(file, shared=True) else _holder(file)\n",
        "        return _holder(file)\n",
        ("tests/test_lock.py::test_a_lock_that_a_killed_process_left_holds_nobody",),
    ),
)
