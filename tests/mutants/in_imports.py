"""Bugs in what is loaded: a process that trains pays for libraries that it does not use."""

from tests.mutants.mutant import Mutant

LOADED = "tests/cli/test_train.py::test_a_training_loads_no_library_that_only_the_grader_needs"

IMPORT_MUTANTS = (
    Mutant(
        "imports: an exercise loads Hypothesis for a type",
        "tinyalex/learn/grader/spec.py",
        "if TYPE_CHECKING:",
        "if np:",
        (LOADED,),
    ),
    Mutant(
        "imports: the report of a run loads the grader",
        "tinyalex/learn/own/answers.py",
        "from tinyalex.learn.grader.hand_ins import Submission",
        "from tinyalex.learn.grader.classroom import Submission",
        (LOADED,),
    ),
)
