"""Bugs in what the grader finds: state between calls, lost digits, inputs that show a mistake."""

from tests.mutants.mutant import Mutant

GRADER = "tinyalex/learn/grader/"
EXERCISES = "tinyalex/learn/exercises/"
HERE = "tests/learn/test_grader_finds.py"
DIGITS = f"{HERE}::test_lost_digits_are_shown_and_named"

GRADER_FIND_MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "grader: an array that is returned twice passes",
        GRADER + "inside/student.py",
        "if type(array) is np.ndarray and array.size <= MAX_RETURNED_SIZE:",
        "if type(array) is list:",
        (f"{HERE}::test_an_array_that_is_returned_twice_is_named",),
    ),
    Mutant(
        "grader: the same array twice counts as a change",
        GRADER + "inside/student.py",
        "any(array.tobytes() != old for array, old in self.returned)",
        "any(result is array for array, old in self.returned)",
        (f"{HERE}::test_the_same_array_for_the_same_arguments_is_right",),
    ),
    Mutant(
        "grader: an exception is not tried alone",
        GRADER + "examine.py",
        "answer.alone(*answer.last_call(), error) if alone else None",
        "None",
        (f"{HERE}::test_an_exception_that_other_calls_cause_is_named",),
    ),
    Mutant(
        "grader: a wrong result is not tried alone",
        GRADER + "examine.py",
        "if alone and (state := answer.alone(*last)):",
        "if not alone and (state := answer.alone(*last)):",
        (f"{HERE}::test_a_result_that_many_other_calls_change_is_named",),
    ),
    Mutant(
        "grader: two numbers that differ look the same",
        GRADER + "spec.py",
        "digits = digits_apart(got[first], expected[first])",
        "digits = 6",
        (DIGITS,),
    ),
    Mutant(
        "grader: lost digits are not named",
        GRADER + "spec.py",
        "return bool(got.dtype == np.float64)\n",
        "return False\n",
        (DIGITS,),
    ),
    Mutant(
        "grader: exact wrong numbers are called lost digits",
        GRADER + "spec.py",
        "if fits and not needed and",
        "if fits and",
        (f"{HERE}::test_another_wrong_number_is_not_called_lost_digits",),
    ),
    Mutant(
        "grader: a star marks numbers that are near enough",
        GRADER + "examine.py",
        "showing.compare(broken.expected, broken.got, broken.wrong)",
        "showing.compare(broken.expected, broken.got)",
        (f"{HERE}::test_only_numbers_that_count_as_wrong_have_a_star",),
    ),
    Mutant(
        "grader: a named tuple is no tuple",
        GRADER + "inside/wire.py",
        "if kind is not tuple and isinstance(value, tuple):",
        "if kind is list and isinstance(value, tuple):",
        (f"{HERE}::test_a_named_tuple_is_a_tuple",),
    ),
    Mutant(
        "grader: rows are wider than a terminal",
        "tinyalex/learn/grader/showing.py",
        "return max(map(len, lines)) <= MAX_WIDTH",
        "return True",
        (
            "tests/learn/test_grader_finds.py::test_rows_fit_a_terminal_and_show_the_first_difference",
        ),
    ),
)
