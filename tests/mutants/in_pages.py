"""Bugs in the report of a run and in the pages of results."""

from tests.mutants.mutant import Mutant

FACTS = "tinyalex/report/page/facts.py"
FINDINGS = "tinyalex/report/page/findings.py"
SECTIONS = "tinyalex/report/page/sections.py"
PAGE = "tinyalex/report/page/__init__.py"
INDEX = "docs/results/index.py"
MEASURED = "docs/results/measured.py"

OF_PAGE = "tests/report/page/test_page.py"
OF_RESULTS = "tests/test_results.py"

PAGES_MUTANTS = (
    Mutant(
        "report: units that fire once are dead",
        FACTS,
        "ever: Host = np.any(on,",
        "ever: Host = np.all(on,",
        (f"{OF_PAGE}::test_a_unit_that_fires_once_is_alive",),
    ),
    Mutant(
        "report: layers stay watched",
        "tinyalex/check/stopwatch.py",
        "            delattr(owner, method)\n",
        "            pass\n",
        (f"{OF_PAGE}::test_the_features_are_what_the_last_layer_gets",),
    ),
    Mutant(
        "report: the commonest mistake is read the wrong way round",
        FINDINGS,
        "right, taken, count = facts.mistakes[0]",
        "taken, right, count = facts.mistakes[0]",
        (f"{OF_PAGE}::test_findings_describe_the_predictions",),
    ),
    Mutant(
        "report: an image is its own nearest",
        FINDINGS,
        "    distance[query] = np.inf\n",
        "",
        (f"{OF_PAGE}::test_the_nearest_are_others_in_order_of_distance",),
    ),
    Mutant(
        "report: names are markup",
        PAGE,
        "<code>{as_html(first.name)}</code>",
        "<code>{first.name}</code>",
        (f"{OF_PAGE}::test_names_from_outside_are_text_not_markup",),
    ),
    Mutant(
        "report: photographs stay in",
        PAGE,
        "if photographs or not shows_images",
        "if photographs or shows_images",
        (f"{OF_PAGE}::test_photographs_can_be_left_out",),
    ),
    Mutant(
        "report: pictures say nothing to who cannot see them",
        SECTIONS,
        'alt="{name}" title=',
        'alt="" title=',
        (f"{OF_PAGE}::test_everything_is_in_the_page_and_every_picture_says_what_it_shows",),
    ),
    Mutant(
        "results: a figure in README.md was changed by hand",
        "README.md",
        "| `tiny`, digits | 0.",
        "| `tiny`, digits | 1.",
        (f"{OF_RESULTS}::test_every_figure_on_the_pages_comes_from_a_file",),
    ),
    Mutant(
        "results: a figure in docs/reproduce.md was changed by hand",
        "docs/reproduce.md",
        "ReLU needs 5.",
        "ReLU needs 6.",
        (f"{OF_RESULTS}::test_every_figure_on_the_pages_comes_from_a_file",),
    ),
    Mutant(
        "floors: the house stands on its head",
        "docs/floors.py",
        "enumerate(reversed(FLOORS))",
        "enumerate(FLOORS)",
        ("tests/test_floors.py::test_a_file_imports_from_its_own_folder_or_from_lower_floors",),
    ),
    Mutant(
        "results: a figure without a file is let through",
        INDEX,
        'return [f"{m.group()} in: {_line(text, m.start())}" for m in MEASURED.finditer(text)]',
        "return []",
        (f"{OF_RESULTS}::test_a_new_figure_needs_a_file",),
    ),
    Mutant(
        "results: the spread is that of all seeds there are",
        MEASURED,
        "statistics.stdev(values)",
        "statistics.pstdev(values)",
        (f"{OF_RESULTS}::test_figures_are_taken_from_the_right_place",),
    ),
)
