"""The example in each stub shows the output of the reference solution."""

from __future__ import annotations

import ast
import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
STUBS = REPOSITORY / "lessons" / "exercises"
SOLUTIONS = REPOSITORY / "tinyalex" / "learn" / "solutions"
NAMES = sorted(path.stem for path in STUBS.glob("[0-9][0-9]_*.py"))


def wrong_lines(name: str) -> str:
    """What doctest reports about the examples in a stub's docstring; empty if they are right."""
    solution: dict[str, object] = {}
    exec((SOLUTIONS / f"{name}.py").read_text(encoding="utf-8"), solution)
    text = ast.get_docstring(ast.parse((STUBS / f"{name}.py").read_text(encoding="utf-8")))
    examples = doctest.DocTestParser().get_doctest(text or "", solution, name, None, None)
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(examples, out=said.append)
    return "".join(said) if result.attempted else f"{name} has no example"


def test_there_are_stubs():
    assert NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("_cuda")])
def test_the_example_is_right(name):
    assert not wrong_lines(name)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("_cuda")])
def test_the_example_is_right_in_the_simulator(name):
    # In a separate process, because Numba reads the variable when it is imported.
    done = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import wrong_lines; print(wrong_lines({name!r}))"],
        cwd=REPOSITORY,
        env=os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr
