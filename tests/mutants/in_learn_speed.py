"""Bugs that cost time: in the grader and in lessons as pages."""

from tests.mutants.mutant import Mutant

DRAWS = "tinyalex/learn/grader/draws.py"
SPEED = "tests/learn/test_speed.py"
ONCE = f"{SPEED}::test_a_strategy_is_made_once"
LOADS = f"{SPEED}::test_the_grader_loads_nothing_to_train_with"

LEARN_SPEED_MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "grader: a strategy for each input",
        DRAWS,
        "@functools.cache\ndef _from_table(",
        "def _from_table(",
        (ONCE,),
    ),
    Mutant(
        "grader: most of the bytes that are drawn are not used",
        DRAWS,
        "BLOCK = 32",
        "BLOCK = 512",
        (f"{SPEED}::test_a_failing_input_is_made_small_with_few_calls",),
    ),
    Mutant(
        "grader: loads what the lessons train with",
        "tinyalex/learn/__init__.py",
        "if TYPE_CHECKING:",
        "if not TYPE_CHECKING:",
        (LOADS,),
    ),
    Mutant(
        "grader: loads the student's network",
        "tinyalex/learn/own/__init__.py",
        'code\nthat the student wrote and wants to run.\n"""\n',
        'code\nthat the student wrote and wants to run.\n"""\n'
        "from tinyalex.learn.own.operations import OwnOperations\n",
        (LOADS,),
    ),
    Mutant(
        "grader: a pool of processes for one answer",
        "tinyalex/learn/grader/classroom.py",
        "workers = min(workers, len(submissions))",
        "workers = max(workers, len(submissions))",
        (f"{SPEED}::test_one_answer_needs_no_pool_of_processes",),
    ),
    Mutant(
        "page: its templates are read for each slide",
        "tinyalex/learn/notebooks.py",
        "@functools.cache  # it reads its templates once\n",
        "",
        (f"{SPEED}::test_the_templates_of_pages_are_read_once",),
    ),
)
