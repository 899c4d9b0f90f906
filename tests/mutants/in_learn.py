"""Bugs in the lessons' runner."""

from tests.mutants.mutant import Mutant

FILE = "tinyalex/learn/lesson_file.py"
STEPPING = "tinyalex/learn/stepping.py"
NOTEBOOKS = "tinyalex/learn/notebooks.py"
COMMAND = "tinyalex/commands/lesson.py"
STEPS = "tinyalex/commands/lesson_steps.py"
SCREEN = "tinyalex/commands/lesson_screen.py"
OF_FILE = "tests/learn/test_lesson_file.py"
OF_STEPPING = "tests/learn/test_stepping.py"
OF_COMMAND = "tests/cli/test_lesson.py"
OF_NOTEBOOKS = "tests/cli/test_lesson_notebooks.py"

LEARN_MUTANTS = (
    Mutant(
        "lesson: a cell's line is that of its mark",
        FILE,
        'Cell(kind, "\\n".join(lines[first : last + 1]), start + first)',
        'Cell(kind, "\\n".join(lines[first : last + 1]), start - 1)',
        (f"{OF_FILE}::test_a_cell_knows_its_line",),
    ),
    Mutant(
        "lesson: the last cell is lost",
        FILE,
        'enumerate([*text.splitlines(), "# %%"], start=1)',
        "enumerate(text.splitlines(), start=1)",
        (f"{OF_FILE}::test_a_lesson_is_read",),
    ),
    Mutant(
        "lesson: numbers are compared as text only",
        FILE,
        "in (name, number, str(int(number)), word)",
        "in (name, number, word)",
        (f"{OF_FILE}::test_a_lesson_is_found_by_number_and_name",),
    ),
    Mutant(
        "lesson: another package's folder is taken for ours",
        "tinyalex/learn/places.py",
        'places = [root / "lessons"] if is_clone else []',
        'places = [root / "lessons"]',
        (f"{OF_FILE}::test_installed_lessons_are_inside_the_package",),
    ),
    Mutant(
        "stepping: lines are counted within the cell",
        STEPPING,
        'source = "\\n" * (cell.line - 1) + cell.source + "\\n"',
        'source = cell.source + "\\n"',
        (f"{OF_STEPPING}::test_a_failed_assertion_is_reported_with_its_line",),
    ),
    Mutant(
        "stepping: the outermost line is named, not the one that failed",
        STEPPING,
        "return lines[-1] if lines else None",
        "return lines[0] if lines else None",
        (f"{OF_STEPPING}::test_a_failed_assertion_is_reported_with_its_line",),
    ),
    Mutant(
        "stepping: each cell begins anew",
        STEPPING,
        "            run_cell(lesson, cell, names)",
        "            run_cell(lesson, cell, new_names())",
        (f"{OF_STEPPING}::test_cells_share_their_names",),
    ),
    Mutant(
        "stepping: a lesson that ends the program has passed",
        STEPPING,
        "    except KeyboardInterrupt:\n        raise\n",
        "    except SystemExit:\n        return\n    except KeyboardInterrupt:\n        raise\n",
        (f"{OF_STEPPING}::test_other_errors_are_reported_with_their_line",),
    ),
    Mutant(
        "stepping: a failing lesson ends with 0",
        STEPPING,
        "        return FAILED\n",
        "        return 0\n",
        (
            f"{OF_STEPPING}::test_the_exit_code_is_1_if_a_cell_fails",
            f"{OF_COMMAND}::test_after_a_failure_the_others_run_and_it_is_named_at_the_end",
        ),
    ),
    Mutant(
        "lesson --all: a failure ends with 0",
        COMMAND,
        '    if failed:\n        out.text(f"failed: {\', \'.join(failed)}", style="bold red")\n'
        "        raise typer.Exit(FAILED)\n",
        '    if failed:\n        out.text(f"failed: {\', \'.join(failed)}", style="bold red")\n',
        (f"{OF_COMMAND}::test_after_a_failure_the_others_run_and_it_is_named_at_the_end",),
    ),
    Mutant(
        "lesson: code runs before anybody pressed Enter",
        STEPS,
        '        answer = self.screen.ask() if self.pause else "s"\n',
        "        run_cell(self.lesson, cell, self.names)\n"
        '        answer = self.screen.ask() if self.pause else "s"\n',
        (f"{OF_COMMAND}::test_code_is_shown_before_enter_runs_it",),
    ),
    Mutant(
        "lesson: s skips one pause only",
        STEPS,
        'self.pause = self.pause and answer != "s"',
        "self.pause = bool(self.pause)",
        (f"{OF_COMMAND}::test_q_and_the_end_of_input_quit_and_s_asks_no_more",),
    ),
    Mutant(
        "lesson: the end of input counts as Enter",
        SCREEN,
        "            self.out.text()\n            return None\n",
        '            return ""\n',
        (f"{OF_COMMAND}::test_q_and_the_end_of_input_quit_and_s_asks_no_more",),
    ),
    Mutant(
        "lesson: variables stay set after the command",
        COMMAND,
        "            os.environ.pop(name, None)\n",
        "            os.environ.get(name, None)\n",
        (f"{OF_COMMAND}::test_pictures_and_data_go_where_they_are_told",),
    ),
    Mutant(
        "notebook: a failed one ends with 0",
        COMMAND,
        "                failed.append(each.name)\n                out.page(error.in_words()",
        "                out.page(error.in_words()",
        (f"{OF_NOTEBOOKS}::test_all_are_written_although_one_fails",),
    ),
    Mutant(
        "notebook: pictures are drawn as their description",
        "tinyalex/learn/pictures.py",
        "display.display(display.Image(image.getvalue(), alt=name))",
        "display.display(figure)",
        (f"{OF_NOTEBOOKS}::test_executed_it_holds_output_and_pictures",),
    ),
    Mutant(
        "page: it asks the network for its scripts",
        NOTEBOOKS,
        'template_name="basic"',
        'template_name="classic"',
        (f"{OF_NOTEBOOKS}::test_executed_it_holds_output_and_pictures",),
    ),
)
