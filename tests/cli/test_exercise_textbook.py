"""After a right answer `tinyalex exercise check` prints the package's own code."""

from __future__ import annotations

import inspect
import shutil

import pytest

from tests.learn.wrong.judging import judged_once
from tinyalex import functional
from tinyalex.learn import places
from tinyalex.learn.grader import examine


@pytest.fixture(autouse=True)
def judged_by_few_inputs(monkeypatch):
    monkeypatch.setattr(examine, "grade", lambda path, exercise, **_: judged_once(path, exercise))


def test_after_a_right_answer_the_packages_own_code_is_shown(call, tmp_path):
    shutil.copy(places.solutions_folder() / "02_im2col.py", tmp_path / "02_im2col.py")
    result = call("exercise", "check", str(tmp_path / "02_im2col.py"))
    assert result.exit_code == 0 and "tinyalex.functional.conv" in result.stdout
    for line in inspect.getsource(functional.im2col).splitlines():
        assert line.strip() in result.stdout


def test_after_a_wrong_answer_the_packages_own_code_is_not_shown(call, tmp_path):
    (tmp_path / "02_im2col.py").write_text("def im2col(x, kernel_size, stride, padding): return x")
    result = call("exercise", "check", str(tmp_path / "02_im2col.py"))
    assert result.exit_code == 1 and "tinyalex.functional" not in result.stdout
