"""Bugs in showing text from outside, in taking hand-ins as they come, and with many classes."""

from tests.mutants.mutant import Mutant

GRADER = "tinyalex/learn/grader"
OUTSIDE = "tinyalex/outside.py"
CONSOLE = "tinyalex/commands/console.py"
OF_TEXT, OF_NAMES = "tests/test_outside.py", "tests/cli/test_names.py"
OF_CLASS = "tests/cli/test_exercise_names.py"
OF_REPORT = "tests/report/page/test_outside.py"
OF_MANY = "tests/evaluation/test_many_classes.py"

NAME_MUTANTS = (
    Mutant(
        "names: marks that turn the direction of writing, or have no width, stay",
        OUTSIDE,
        '_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}',
        '_HIDDEN = {"Cc", "Cs", "Zl", "Zp"}',
        (f"{OF_TEXT}::test_a_name_on_a_console_is_one_line_that_can_be_encoded",),
    ),
    Mutant(
        "names: bytes that are no text stay",
        OUTSIDE,
        '_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}',
        '_HIDDEN = {"Cc", "Cf", "Zl", "Zp"}',
        (f"{OF_TEXT}::test_a_name_on_a_console_is_one_line_that_can_be_encoded",),
    ),
    Mutant(
        "names: a quote ends an attribute of the page",
        OUTSIDE,
        "html.escape(shown(str(text)))",
        "html.escape(shown(str(text)), quote=False)",
        (f"{OF_TEXT}::test_a_page_shows_a_name_as_text_inside_and_between_tags",),
    ),
    Mutant(
        "names: dollars are mathematics in pictures",
        OUTSIDE,
        'return shown(text).replace("$", "\\\\$")',
        "return shown(text)",
        (f"{OF_REPORT}::test_every_picture_draws_any_name",),
    ),
    Mutant(
        "names: a formula is no formula where a comma is a decimal point",
        OUTSIDE,
        'r"(^|;)',
        'r"(^)',
        (f"{OF_TEXT}::test_a_cell_of_a_table_never_begins_like_a_formula",),
    ),
    Mutant(
        "names: a student's name is a formula in the table of the class",
        f"{GRADER}/results.py",
        "[csv_cell(name), passed",
        "[name, passed",
        (f"{OF_CLASS}::test_a_class_with_any_names_is_judged_and_its_table_is_plain_text",),
    ),
    Mutant(
        "names: a line break in a name begins a line of text",
        CONSOLE,
        'outside.shown(rest, keep="\\t")',
        "rest",
        (f"{OF_NAMES}::test_preparing_shows_them",),
    ),
    Mutant(
        "names: a line break in a name begins a line that looks like an error",
        CONSOLE,
        'line if line[:1] == " " else f"  {line}" for line in rest',
        "line for line in rest",
        (f"{OF_NAMES}::test_an_error_with_a_name_is_shown",),
    ),
    Mutant(
        "names: markup in a name is read in tables",
        CONSOLE,
        'escape(f"{outside.shown(text)} ")[:-1]',
        "outside.shown(text)",
        (f"{OF_NAMES}::test_data_info_shows_every_class",),
    ),
    Mutant(
        "names: a run's name acts on the page in a legend",
        "tinyalex/report/chart.py",
        "{as_html(y.name)}",
        "{y.name}",
        (f"{OF_REPORT}::test_a_chart_and_its_key_show_any_name",),
    ),
    Mutant(
        "names: a number of summary.json is taken for markup",
        "tinyalex/report/page/__init__.py",
        "{as_html(first.summary['epochs'])}",
        "{first.summary['epochs']}",
        (f"{OF_REPORT}::test_no_field_of_a_runs_files_becomes_markup",),
    ),
    Mutant(
        "many classes: the confusion matrix is drawn whole",
        "tinyalex/report/page/drawings.py",
        "if K <= MOST_CLASSES:",
        "if K:",
        (f"{OF_REPORT}::test_ten_thousand_classes_are_reported_in_memory_of_the_images",),
    ),
    Mutant(
        "many classes: pairs are counted through the matrix",
        "tinyalex/evaluation/confusion.py",
        "    numbered = labels.astype(np.int64) * num_classes + predicted\n"
        "    pairs, counts = np.unique(numbered, return_counts=True)\n",
        "    numbered = labels.astype(np.int64) * num_classes + predicted\n"
        "    pairs = np.flatnonzero(np.bincount(numbered))\n"
        "    counts = np.bincount(numbered)[pairs]\n",
        (f"{OF_MANY}::test_ten_thousand_classes_take_memory_by_the_image",),
    ),
)
