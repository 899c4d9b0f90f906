"""Whoever solved an exercise reads what the package writes for the same function."""

from __future__ import annotations

import inspect
import shutil

from tinyalex import functional
from tinyalex.learn import places


def test_after_an_answer_that_passes_come_the_packages_own_lines(call, tmp_path):
    shutil.copy(places.solutions_folder() / "02_im2col.py", tmp_path / "02_im2col.py")
    result = call("exercise", "check", str(tmp_path / "02_im2col.py"))
    assert result.exit_code == 0 and "tinyalex.functional.conv" in result.stdout
    for line in inspect.getsource(functional.im2col).splitlines():
        assert line.strip() in result.stdout


def test_an_answer_that_fails_is_not_told_how_the_package_does_it(call, tmp_path):
    (tmp_path / "02_im2col.py").write_text("def im2col(x, kernel_size, stride, padding): return x")
    result = call("exercise", "check", str(tmp_path / "02_im2col.py"))
    assert result.exit_code == 1 and "tinyalex.functional" not in result.stdout
