"""Bugs in what the base install holds, and in the examples of the docstrings."""

from tests.mutants.mutant import Mutant

DIGITS = "tinyalex/data/digits.py"
OF_DIGITS = "tests/data/test_digits.py"
STATISTICS = "tinyalex/reproduce/statistics.py"
QUANTILE = "tests/reproduce/test_statistics.py::test_students_quantile_is_scipys"
ORDER = "tinyalex/data/prepare/label_order.py"
OF_ORDER = (
    "tests/data/prepare/test_label_order.py::test_the_best_order_is_the_best_of_all_orders",
    "tests/data/prepare/test_label_order.py::test_the_best_order_of_many_classes_is_scipys",
)
OF_INSTALL = "tests/test_install.py"

INSTALL_MUTANTS = (
    Mutant(
        "digits: a damaged file is read",
        DIGITS,
        "if hashlib.sha256(packed).hexdigest() != SHA256:",
        "if not packed:",
        (f"{OF_DIGITS}::test_missing_or_damaged_digits_are_an_error",),
    ),
    Mutant(
        "digits: pixels are cut off, not rounded",
        DIGITS,
        "np.rint(table[:, :64].reshape(-1, 8, 8) * (255 / 16))",
        "np.floor(table[:, :64].reshape(-1, 8, 8) * (255 / 16))",
        (f"{OF_DIGITS}::test_the_fingerprints_are_those_of_older_runs",),
    ),
    Mutant(
        "Student's quantile: the terms of the other parity",
        STATISTICS,
        "** 2 * (k - 1) / k",
        "** 2 * k / (k + 1)",
        (QUANTILE,),
        needs=("scipy",),
    ),
    Mutant(
        "Student's quantile: never above 1",
        STATISTICS,
        "        high *= 2\n",
        "        break\n",
        (QUANTILE,),
        needs=("scipy",),
    ),
    Mutant(
        "label order: placed labels do not move",
        ORDER,
        "label_price[label_of[reached]] += step",
        "label_price[label] += step",
        OF_ORDER,
    ),
    Mutant(
        "label order: the nearest class, however far the way to it",
        ORDER,
        "at = int(np.where(reached[:n], np.inf, left).argmin())",
        "at = int(np.where(reached[:n], np.inf, way).argmin())",
        OF_ORDER,
    ),
    Mutant(
        "base install: scikit-learn is imported with the package",
        "tinyalex/reproduce/features.py",
        "import numpy as np\n",
        "import numpy as np\nimport sklearn\n",
        (f"{OF_INSTALL}::test_every_module_is_imported_with_the_base_alone",),
        needs=("sklearn",),
    ),
    Mutant(
        "base install: nobody is told that Numba is missing",
        "tinyalex/backends/__init__.py",
        '    if not _has("numba"):\n        notice.tell(',
        '    if not _has("numpy"):\n        notice.tell(',
        (f"{OF_INSTALL}::test_without_numba_auto_trains_on_numpy_and_says_so",),
    ),
    Mutant(
        "base install: an exercise starts without its package",
        "tinyalex/learn/grader/examine.py",
        "if find_spec(name) is None]:",
        "if not name]:",
        (f"{OF_INSTALL}::test_without_numba_the_exercise_that_needs_it_says_so",),
    ),
    Mutant(
        "base install: the page forgets a package",
        "docs/install.md",
        "| simplejpeg | 1.1 | packed JPEG files |\n",
        "",
        (f"{OF_INSTALL}::test_the_page_lists_what_is_required_and_the_sizes_of_the_logs",),
    ),
    Mutant(
        "examples: a public function without one",
        "tinyalex/functional/activation.py",
        "    >>> relu(np.array([-1.0, 0, 2]))\n    array([0., 0., 2.])\n",
        "",
        ("tests/test_examples.py::test_every_public_name_has_an_example",),
    ),
)
