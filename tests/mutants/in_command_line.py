"""Bugs in the command line: options, errors, completion, progress, Ctrl-C in a class."""

from tests.mutants.mutant import Mutant

USAGE, OPTIONS = "tests/cli/test_usage.py", "tests/cli/test_options.py"
PHASES, ALIKE = "tests/cli/test_phases.py", "tests/learn/test_alike.py"
INTERRUPT = "tests/cli/test_exercise_interrupt.py"

COMMAND_LINE_MUTANTS = (
    Mutant(
        "command line: a wrong option has a look of its own again",
        "tinyalex/cli.py",
        "                print_error(*explain_usage(error))\n",
        "                error.show()\n",
        (f"{USAGE}::test_an_error_does_not_depend_on_the_terminal",),
    ),
    Mutant(
        "command line: hidden and positional names are suggested for options",
        "tinyalex/commands/usage.py",
        "near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)",
        "near = known[:1]",
        (f"{USAGE}::test_every_command_suggests_an_option_and_has_an_example[predict]",),
    ),
    Mutant(
        "command line: report cannot be told where the data are",
        "tinyalex/commands/report.py",
        "    data_root: DataRootOption = None,\n",
        '    data_root: Annotated[Path | None, typer.Option("--root", "-r")] = None,\n',
        (
            f"{OPTIONS}::test_a_command_has_the_options_that_make_sense[report]",
            f"{OPTIONS}::test_every_advised_option_exists_where_it_is_advised",
        ),
    ),
    Mutant(
        "command line: an old name of an option is refused",
        "tinyalex/commands/evaluate.py",
        'weights_from="coefficients_from"',
        'weight_from="coefficients_from"',
        (f"{OPTIONS}::test_an_old_name_works_and_is_not_shown",),
    ),
    Mutant(
        "completion: names that act on a terminal are offered",
        "tinyalex/commands/complete.py",
        " and name.isprintable()",
        "",
        (f"{USAGE}::test_completion_never_offers_what_a_terminal_acts_on",),
    ),
    Mutant(
        "progress: a quiet command shows a bar",
        "tinyalex/commands/phases.py",
        "if self.output.quiet or self.output.as_json:",
        "if self.output.quiet:",
        (f"{PHASES}::test_a_quiet_command_shows_none",),
    ),
    Mutant(
        "progress: a bar is drawn over another one",
        "tinyalex/commands/phases.py",
        "elif self.bar is not None or self.output.active is None:",
        "else:",
        (f"{PHASES}::test_two_bars_are_never_drawn_at_once",),
    ),
    Mutant(
        "progress: after a phase within it the outer one is forgotten",
        "tinyalex/notice.py",
        "_phases[:] = [other for other in _phases if other is not mine]",
        "_phases.clear()",
        (f"{PHASES}::test_a_terminal_shows_a_bar_that_fits_and_goes_away",),
    ),
    Mutant(
        "progress: a listener hears of the test's end only",
        "tinyalex/evaluation/score.py",
        "reached(done, total)",
        "reached(total, total)",
        (f"{PHASES}::test_a_listener_hears_of_the_tests_of_a_run",),
    ),
    Mutant(
        "grader: Ctrl-C waits for the answers that are being judged",
        "tinyalex/learn/grader/classroom.py",
        "pool.shutdown() if is_complete else pool.kill()",
        "pool.shutdown()",
        (f"{INTERRUPT}::test_it_ends_and_leaves_no_process_and_no_file[2]",),
    ),
    Mutant(
        "grader: a student is listed as alike to themselves",
        "tinyalex/learn/grader/alike.py",
        "[other for other in group.students if other != student]",
        "list(group.students)",
        (f"{ALIKE}::test_a_student_may_be_in_several_groups_and_is_no_formula",),
    ),
    Mutant(
        "help: lines end where the docstring's do",
        "tinyalex/cli.py",
        'paragraph.replace("\\n", " ")',
        "paragraph",
        (f"{USAGE}::test_a_help_is_wrapped_only_where_a_line_is_full[80]",),
    ),
    Mutant(
        "train: one epoch is 1 epochs",
        "tinyalex/commands/console.py",
        "'' if count == 1 else 's'",
        "'s'",
        ("tests/cli/test_train.py::test_the_last_lines_say_what_time_and_speed_are_of",),
    ),
    Mutant(
        "help: an example has an option that its command does not have",
        "tinyalex/commands/watch.py",
        '    tinyalex train --watch\n    """',
        '    tinyalex train --watching\n    """',
        ("tests/cli/test_help_examples.py::test_an_example_is_accepted",),
    ),
    Mutant(
        "help: an example names a recipe that is not there",
        "tinyalex/commands/train.py",
        "tinyalex train --data imagenet/ --recipe star-finetune",
        "tinyalex train --data imagenet/ --recipe star-tune",
        ("tests/cli/test_help_examples.py::test_an_example_is_accepted",),
    ),
)
