"""What students wait for: modules that are loaded, inputs that are drawn, processes that start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.learn.test_bank import BANK
from tests.processes import environment
from tinyalex.learn import notebooks
from tinyalex.learn.exercises import get
from tinyalex.learn.grader import classroom, draws
from tinyalex.learn.grader.examine import grade
from tinyalex.learn.grader.student_process import StudentProcess
from tinyalex.learn.grader.verdict import Outcome

LOADED = """
import sys
import tinyalex.learn.grader.classroom, tinyalex.learn.own.remembered, tinyalex.learn.exercises
tinyalex.learn.exercises.all_exercises()
print(*{"matplotlib", "numba", "tinyalex.functional", "tinyalex.training"} & set(sys.modules))
"""


def test_the_grader_loads_nothing_to_train_with():
    words = [sys.executable, "-c", LOADED]
    loaded = subprocess.run(words, env=environment(), capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


@pytest.mark.parametrize(
    "strategy",
    [
        lambda: draws.integers((2, 3)),
        lambda: draws.eighths((2, 3)),
        lambda: draws.booleans((2, 3)),
        lambda: draws.indices((2, 3), 4),
        lambda: draws.distinct((2, 3)),
        lambda: draws.one_hot((2, 3)),
        lambda: draws.sizes(2, 3),
        lambda: draws.any_shape(),
        lambda: draws.scales(1e6),
    ],
)
def test_a_strategy_is_made_once(strategy):
    """Each input of a property asks for it; Hypothesis takes long to check a new one."""
    assert strategy() is strategy()


def test_a_failing_input_is_made_small_with_few_calls(monkeypatch, tmp_path):
    calls = []
    ask = StudentProcess.ask

    def counted(self, doing, **request):
        calls.append(doing)
        return ask(self, doing, **request)

    monkeypatch.setattr(StudentProcess, "ask", counted)
    path = tmp_path / "16_sgd.py"
    path.write_bytes((BANK / "wrong" / "16_sgd__swapped.answer").read_bytes())
    verdict = grade(path, get("16_sgd"))
    assert verdict.case[:2] == ("w = array (1,)", "  1")
    assert len(calls) < 150


def test_one_answer_needs_no_pool_of_processes(monkeypatch, tmp_path):
    def none(workers):
        raise AssertionError("a pool for one answer")

    monkeypatch.setattr(classroom, "Pool", none)
    (tmp_path / "16_sgd.py").write_text("x = (", encoding="utf-8")
    [graded] = classroom.grade_all(classroom.handed_in(tmp_path), workers=4)
    assert graded.verdict.outcome is Outcome.SYNTAX


def test_the_templates_of_pages_are_read_once():
    kind = pytest.importorskip("nbconvert").HTMLExporter
    assert notebooks._exporter(kind) is notebooks._exporter(kind)
