"""Running a lesson's cells: one namespace, correct line numbers, errors in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.learn import lessons
from tinyalex.learn.lesson_file import read
from tinyalex.learn.stepping import BROKEN_CLAIM, CellError, run

ROOT = Path(__file__).resolve().parents[2]


def failing(tmp_path, body):
    lesson = read(lessons.write(tmp_path, 4, "failing", body))
    with pytest.raises(CellError) as caught:
        run(lesson)
    return caught.value


def test_cells_share_their_names(tmp_path, capsys):
    run(read(lessons.write(tmp_path, 4, "adding")))
    assert capsys.readouterr().out == "a is 2\nchecked 2\n"


def test_two_lessons_share_nothing(tmp_path):
    run(read(lessons.write(tmp_path, 4, "first", "\n# %%\nx = 1\n")))
    run(read(lessons.write(tmp_path, 5, "second", '\n# %%\nassert "x" not in globals()\n')))


def test_a_cell_runs_like_a_script(tmp_path):
    run(read(lessons.write(tmp_path, 4, "main", '\n# %%\nassert __name__ == "__main__"\n')))
    # The runner's own "from __future__ import annotations" must not reach the lesson.
    body = "\n# %%\ndef f(x: int): ...\n\nassert f.__annotations__ == {'x': int}\n"
    run(read(lessons.write(tmp_path, 5, "flags", body)))


def test_a_failed_assertion_is_reported_with_its_line(tmp_path, capsys):
    error = failing(tmp_path, lessons.BROKEN)
    assert error.line == lessons.BROKEN_LINE
    assert str(error) == f"04_failing.py:16: {BROKEN_CLAIM}: three is not two"
    assert error.code == 'assert value == 2, "three is not two"'
    assert capsys.readouterr().out == "so far\n"


@pytest.mark.parametrize(
    ("code", "line", "wanted"),
    [
        ("x = 1\nx / 0", 11, "ZeroDivisionError: division by zero"),
        ("x = 1\n\nx +", 12, "SyntaxError"),
        ("import numpy as np\nnp.zeros(2) @ np.zeros(3)", 11, "ValueError: "),
        ("raise SystemExit(0)", 10, "SystemExit: 0"),
        ("assert 1 > 2", 10, BROKEN_CLAIM),
        ("import sys\nimport a_package_that_is_not_there", 11, "ModuleNotFoundError"),
        ("from tinyalex import models\nmodels.build('alexnt')", 11, "unknown model 'alexnt'"),
    ],
)
def test_other_errors_are_reported_with_their_line(tmp_path, code, line, wanted):
    error = failing(tmp_path, f"\n# %%\n{code}\n")
    assert error.line == line
    assert error.text.startswith(wanted)
    assert "Traceback" not in error.in_words()


def test_a_known_remedy_is_shown(tmp_path):
    assert "Try: pip install" in failing(tmp_path, "\n# %%\nimport not_there\n").in_words()
    code = "\n# %%\nfrom tinyalex import models\nmodels.build('alexnt')\n"
    assert "Try: 'alexnet'" in failing(tmp_path, code).in_words()


def test_ctrl_c_does_not_count_as_a_failure(tmp_path):
    lesson = read(lessons.write(tmp_path, 4, "stopped", "\n# %%\nraise KeyboardInterrupt\n"))
    with pytest.raises(KeyboardInterrupt):
        run(lesson)


@pytest.mark.parametrize(("body", "code"), [(lessons.GOOD, 0), (lessons.BROKEN, 1)])
def test_the_exit_code_is_1_if_a_cell_fails(tmp_path, body, code):
    path = lessons.write(tmp_path, 4, "program", body)
    done = subprocess.run(
        [sys.executable, "-m", "tinyalex.learn.stepping", str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert ("04_program.py:16" in done.stderr) == (code == 1)
    assert "never printed" not in done.stdout
