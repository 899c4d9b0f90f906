"""Bugs in the command that writes lessons as notebooks and pages."""

from tests.mutants.mutant import Mutant

COMMAND = "tinyalex/commands/lesson.py"
NOTEBOOKS = "tests/cli/test_lesson_notebooks.py"
LESSON = "tests/cli/test_lesson.py"

LESSON_COMMAND_MUTANTS = (
    Mutant(
        "lessons: of several only the first is written",
        COMMAND,
        "list(map(lesson_file.find, which or []))",
        "list(map(lesson_file.find, (which or [])[:1]))",
        (f"{NOTEBOOKS}::test_several_are_written_in_the_order_that_names_them",),
    ),
    Mutant(
        "lessons: of several only the first runs step by step",
        COMMAND,
        "    if which and steps and len(which) > 1:\n",
        "    if which and steps and len(which) > 99:\n",
        (f"{LESSON}::test_wrong_options_are_refused",),
    ),
)
