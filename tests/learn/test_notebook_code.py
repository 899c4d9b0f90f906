"""Notebooks are read: code cells in order, magics left out, places told as cells and lines."""

from __future__ import annotations

import json

import pytest

from tests.learn.examples import ADD_BIAS, solution
from tinyalex.learn.grader import reading
from tinyalex.learn.grader.examine import grade
from tinyalex.learn.grader.notebook_code import as_python, is_notebook, plain
from tinyalex.learn.grader.verdict import AnswerError, Outcome


def notebook(*cells, **others) -> bytes:
    made = [
        {"cell_type": "markdown", "source": "words"}
        if cell is None
        else {"cell_type": "code", "source": cell, "outputs": [], "metadata": {}}
        for cell in cells
    ]
    return json.dumps({"cells": made, "nbformat": 4, "metadata": {}} | others).encode()


@pytest.fixture
def judge_notebook(tmp_path):
    def run(content: bytes):
        path = tmp_path / "90_add_bias.ipynb"
        path.write_bytes(content)
        return grade(path, ADD_BIAS, stub=solution(ADD_BIAS))

    return run


def test_the_code_cells_are_joined_in_order(judge_notebook):
    text = solution(ADD_BIAS).read_text(encoding="utf-8")
    cells = ["%matplotlib inline\n", "!pip install numpy\n", "import numpy as np\n"]
    verdict = judge_notebook(notebook(cells, None, "scale = 2", text, "add_bias?\n?add_bias"))
    assert verdict.passed, verdict


def test_an_error_is_told_with_its_cell_and_line(judge_notebook):
    cells = ["import numpy as np", None, "%time\n\ndef add_bias(x, b, scale=1.0):\n    return q\n"]
    verdict = judge_notebook(notebook(*cells))
    assert verdict.outcome is Outcome.EXCEPTION and verdict.code == ("cell 2, line 4: return q",)
    verdict = judge_notebook(notebook("x = 1", "y = 2\nx = ("))
    assert verdict.outcome is Outcome.SYNTAX
    assert verdict.what == "'(' was never closed (90_add_bias.ipynb, cell 2, line 2)"
    assert verdict.code[0] == "cell 2, line 2: x = ("
    verdict = judge_notebook(notebook("x = 1", "\n\nimport tinyalex"))
    assert verdict.code == ("cell 2, line 3: import tinyalex",)


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("%matplotlib inline\nx = 1", ["pass  # %matplotlib inline", "x = 1"]),
        ("if x:\n    !ls 'a\n    y", ["if x:", "    pass  # !ls 'a", "    y"]),
        ("files = !ls\nt = %timeit f()", ["pass  # files = !ls", "pass  # t = %timeit f()"]),
        ("np.dot?\n??relu", ["pass  # np.dot?", "pass  # ??relu"]),
        ("x = (7\n  % 4)", ["x = (7", "  % 4)"]),
        ("'''\n!kept\n%kept\n'''", ["'''", "!kept", "%kept", "'''"]),
        ("%%time\nx = 1", ["# %%time", "x = 1"]),
        ("%%writefile 06_relu.py\nx = 1", ["# %%writefile 06_relu.py", "x = 1"]),
        ("\n%%bash\nrm -r x\n", ["# ", "# %%bash", "# rm -r x", "# "]),
        ("%%writefile notes.txt\nwords", ["# %%writefile notes.txt", "# words"]),
        ("  x = 1\n  y = 2", ["x = 1", "y = 2"]),
        ("x = (\n%time\n", ["x = (", "%time", ""]),
        ("def f(:\n%time", ["def f(:", "%time"]),
        ("x = 7 \\\n % 4", ["x = 7 \\", " % 4"]),
        ("!pip install a \\\n  b\nx", ["pass  # !pip install a \\", "#   b", "x"]),
        ("x = '(' # [\n%time", ["x = '(' # [", "pass  # %time"]),
        ('x = r"\\"["\n%time', ['x = r"\\"["', "pass  # %time"]),
        ("x = 'a\\\n%b'\n%time", ["x = 'a\\", "%b'", "pass  # %time"]),
        ("x = it's\n%time", ["x = it's", "pass  # %time"]),
        ("x = {1: [2]}\n%time", ["x = {1: [2]}", "pass  # %time"]),
        ("x = '''a''' + 'b'\n%time", ["x = '''a''' + 'b'", "pass  # %time"]),
    ],
)
def test_magics_are_left_out_and_lines_keep_their_place(cell, wanted):
    assert plain(cell) == wanted


def test_display_is_there_as_in_a_notebook(judge_notebook):
    text = solution(ADD_BIAS).read_text(encoding="utf-8")
    verdict = judge_notebook(notebook(text, "display(1)"))
    assert verdict.passed, verdict


DAMAGED = {
    "empty": (b"", "damaged notebook"),
    "cut": (notebook("x = 1")[:-20], "damaged notebook"),
    "a list": (b"[]", "damaged notebook"),
    "no cells": (b"{}", "it has no cells"),
    "only text": (notebook(None), "without code"),
    "empty cells": (notebook("", " \n"), "without code"),
    "a cell that is a number": (notebook(3), "the source of a cell is not text"),
    "another language": (
        notebook("x <- 1", metadata={"kernelspec": {"language": "R"}}), "notebook in R",
    ),
    "half a character": (b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}', "no text"),
    "a zero byte": (b'{"cells": [{"cell_type": "code", "source": "\\u0000"}]}', "zero bytes"),
    "nested": (b"[" * 100_000, "damaged notebook"),
    "Latin-1": (notebook("x").replace(b'"x"', b'"\xe9"'), "damaged notebook"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_notebook_has_a_clear_verdict(kind, judge_notebook):
    content, says = DAMAGED[kind]
    verdict = judge_notebook(content)
    assert verdict.outcome is Outcome.UNREADABLE and says in verdict.what, verdict.what


def test_a_large_notebook_is_told_so(tmp_path):
    with (tmp_path / "06_relu.ipynb").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(AnswerError, match="larger than 20 MiB"):
        reading.read(tmp_path / "06_relu.ipynb")


def test_a_notebook_of_2014_is_read():
    cell = {"cell_type": "code", "input": ["x = 1\n", "y = 2"], "language": "python"}
    book = {"worksheets": [{"cells": [cell]}], "nbformat": 3, "metadata": {"name": ""}}
    assert as_python(json.dumps(book).encode()).endswith(b"# %% cell 1\nx = 1\ny = 2\n")


def test_which_names_are_notebooks():
    assert all(map(is_notebook, ("a.ipynb", "A.IPYNB", "a.ipynb.txt", "a.ipynb.json")))
    assert not any(map(is_notebook, ("a.py", "ipynb.py", "a.ipynb.py", "a.json")))


def test_a_magic_in_a_file_that_is_no_notebook_is_told(judge):
    verdict = judge("import numpy as np\n!pip install numpy\n")
    assert verdict.outcome is Outcome.SYNTAX and "remove it, or hand in" in verdict.hints[0]
    assert judge("x = (\n").hints == ()


def test_many_magics_take_time_in_proportion_to_their_number():
    lines = plain("%time\n" * 20_000 + "x = '" + "\\\\" * 20_000)
    assert len(lines) == 20_001 and lines[-2] == "pass  # %time"
