"""The grader's verdict on each kind of answer."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.learn.examples import ADD_BIAS, MEAN_AND_SUM, solution
from tinyalex.learn.grader import Exercise, Property
from tinyalex.learn.grader.verdict import Outcome, Verdict, in_words
from tinyalex.learn.places import solutions_folder

HEAD = "import numpy as np\ndef add_bias(x, b, scale=1.0):\n"
RIGHT = HEAD + "    return x + scale * b\n"


def say(verdict: Verdict) -> str:
    return "\n".join(in_words(verdict))


@pytest.mark.parametrize("exercise", [ADD_BIAS, MEAN_AND_SUM], ids=lambda exercise: exercise.name)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_right_answer_passes(judge, exercise, seed):
    verdict = judge(solution(exercise).read_text(), exercise, seed=seed)
    assert verdict.outcome is Outcome.PASSED and verdict.score == 1.0, say(verdict)
    assert verdict.held == verdict.properties == tuple(prop.name for prop in exercise.properties)
    assert verdict.notes == ()


def test_grading_stops_at_the_first_failing_property_with_the_smallest_input(judge):
    verdict = judge(HEAD + "    return x + b\n")
    assert verdict.outcome is Outcome.BROKEN and verdict.broken == "definition"
    assert verdict.held == ("shape", "zero bias") and verdict.score == pytest.approx(2 / 3)
    assert verdict.what == "y[0, 0] is 1, not 2"
    assert verdict.case == ("x = array (1, 1)", "  [0, :]  0", "b = array (1,)", "  1", "scale = 2")
    assert verdict.compare == ("expected     got", "[0, :]  2    1*")


def test_without_shrinking_the_first_failing_input_is_shown(judge):
    text = HEAD + "    return x + b\n"
    small, first = judge(text), judge(text, shrink=False)
    assert first.broken == small.broken and first.held == small.held
    assert len(first.case) > len(small.case)


def test_the_smallest_failing_input_need_not_be_the_smallest_input(judge):
    verdict = judge(HEAD + "    return (x + scale * b)[: max(1, len(x) - 1)]\n")
    assert verdict.broken == "shape"
    assert verdict.case[:3] == ("x = array (2, 1)", "  [0, :]  0", "  [1, :]  0")
    assert verdict.compare == ("expected  (2, 1)", "got       (1, 1)")


def test_the_whole_message(judge):
    text = say(judge(HEAD + "    print('trying')\n    return x + b * (scale < 2)\n"))
    text = text.replace("(", "<").split("Note: ")[0]
    assert text.split("\n") == [
        "90_add_bias: not passed, 2 of 3 properties hold",
        "  holds   shape",
        "  holds   zero bias",
        "  BROKEN  definition: y[n, d] = x[n, d] + scale * b[d].",
        "",
        "  y[0, 0] is 0, not 2",
        "",
        "  expected     got",
        "  [0, :]  2    0*",
        "",
        "  The smallest failing input that was found:",
        "    x = array <1, 1)",
        "      [0, :]  0",
        "    b = array <1,)",
        "      1",
        "    scale = 2",
        "",
        "  Hint: A row is x[n].",
        "  <2 more: --hint)",
        "  ",
    ]


def test_more_hints_are_shown_on_request(judge):
    verdict = judge(HEAD + "    return x + b\n")
    assert sum("Hint:" in line for line in in_words(verdict, 1)) == 1
    three = in_words(verdict, 3)
    assert sum("Hint:" in line for line in three) == 3 and "more" not in "\n".join(three)


def test_the_verdict_depends_on_the_seed_only(judge):
    wrong = HEAD + "    return np.where(x > 3, x - 1, x) + scale * b\n"
    first = judge(wrong, seed=7)
    random.seed(1)
    np.random.seed(1)
    judge(RIGHT, seed=3)
    assert judge(wrong, seed=7) == first and not first.passed


def test_another_seed_draws_other_inputs(judge):
    shape = ADD_BIAS.properties[0]

    def inputs(seed: int) -> list[list[float]]:
        seen = []
        record = replace(shape, judge=lambda _, a: seen.append(a["x"].tolist()))
        exercise = Exercise("90_add_bias", "", 0, 0, ("add_bias",), (record,))
        assert judge(RIGHT, exercise, seed=seed).passed
        return seen

    assert inputs(1) == inputs(1) and inputs(1) != inputs(2)
    assert len(inputs(1)) == shape.examples


MISTAKES = {
    "syntax": ("def add_bias(x, b:\n", Outcome.SYNTAX, "line 1"),
    "indentation": ("def add_bias(x, b):\nreturn x\n", Outcome.SYNTAX, "line 2"),
    "import": ("import numpy.nowhere\n" + RIGHT, Outcome.IMPORT, "numpy.nowhere"),
    "missing": ("def add_biases(x, b): return x\n", Outcome.MISSING, "add_bias(x, b, scale=1.0)"),
    "no function": ("add_bias = 3\n", Outcome.MISSING, "int, not a function"),
    "names": ("def add_bias(x, bias, scale=1.0): return x\n", Outcome.SIGNATURE, "(x, bias"),
    "order": ("def add_bias(b, x, scale=1.0): return x\n", Outcome.SIGNATURE, "(b, x, "),
    "no default": ("def add_bias(x, b, scale): return x\n", Outcome.SIGNATURE, "(x, b, scale)"),
    "extra argument": (
        "def add_bias(x, b, scale=1.0, *, c): return x\n",
        Outcome.SIGNATURE,
        "(x, b, scale=1.0, *, c)",
    ),
    "stub": (
        HEAD + "    raise NotImplementedError('add_bias is not written yet')\n",
        Outcome.NOT_WRITTEN,
        "add_bias is not written yet",
    ),
    "exception": (HEAD + "    y = x\n    return y[9]\n", Outcome.EXCEPTION, "IndexError: index 9"),
    "exception above": ("1 / 0\n" + RIGHT, Outcome.EXCEPTION, "ZeroDivisionError"),
    "recursion": (HEAD + "    return add_bias(x, b)\n", Outcome.EXCEPTION, "RecursionError"),
    "memory": (HEAD + "    return np.ones(1 << 50)\n", Outcome.MEMORY, "more memory"),
    "sys.exit": (HEAD + "    raise SystemExit(0)\n", Outcome.ENDED, "SystemExit: 0"),
    "keyboard": (HEAD + "    raise KeyboardInterrupt\n", Outcome.ENDED, "KeyboardInterrupt"),
    "no return": (HEAD + "    x + b\n", Outcome.RETURN, "returns None, not np.ndarray"),
    "list": (HEAD + "    return x.tolist()\n", Outcome.RETURN, "returns a list"),
    "matrix": (HEAD + "    return np.matrix(x)\n", Outcome.RETURN, "returns a matrix"),
    "objects": (HEAD + "    return x.astype(object)\n", Outcome.RETURN, "an array of object"),
    "generator": (HEAD + "    yield x\n", Outcome.RETURN, "returns a generator"),
    "in place": (HEAD + "    x += scale * b\n    return x\n", Outcome.CHANGES, "its argument x"),
    "reshaped": (HEAD + "    x.shape = -1\n    return x\n", Outcome.CHANGES, "its argument x"),
    "own random": (
        HEAD + "    return x + scale * b * np.random.randint(1, 1000)\n",
        Outcome.STATE,
        "different results",
    ),
    "global": (
        "calls = []\n" + HEAD + "    calls.append(0)\n    return x + scale * b * len(calls)\n",
        Outcome.STATE,
        "different results",
    ),
    "notebook": ('{"cells": []}', Outcome.UNREADABLE, "notebook"),
    "zeros": ("\0", Outcome.UNREADABLE, "zero"),
    "library": (
        "from tinyalex.layers import Linear\n" + RIGHT,
        Outcome.FORBIDDEN,
        "write the function yourself",
    ),
    "late": (HEAD + "    import torch\n    return x\n", Outcome.FORBIDDEN, "imports torch"),
    "part": ("from scipy.signal import convolve\n" + RIGHT, Outcome.FORBIDDEN, "scipy.signal"),
    "relative import": ("from .helpers import f\n" + RIGHT, Outcome.FORBIDDEN, "this one file"),
    "sys.modules": ("import sys\nm = sys.modules\n" + RIGHT, Outcome.FORBIDDEN, "sys.modules"),
    "importlib": ("import importlib\n" + RIGHT, Outcome.FORBIDDEN, "importlib"),
    "exec": ("exec('import tinyalex')\n" + RIGHT, Outcome.FORBIDDEN, "uses exec"),
    "NumPy": ("import numpy as np\nnp.isclose = 3\n" + RIGHT, Outcome.FORBIDDEN, "numpy.isclose"),
    "NumPy late": (
        HEAD + "    np.isclose = lambda *a, **k: np.array(True)\n    return x\n",
        Outcome.FORBIDDEN,
        "numpy.isclose",
    ),
}


# In Python 3.13.0 to 3.13.7 a call with a default argument recurses until there is no memory left
# (CPython issue 132744), and the system kills this process.
NO_RECURSION_LIMIT = pytest.mark.skipif(
    (3, 13) <= sys.version_info < (3, 13, 8),
    reason="this Python has no recursion limit for such calls",
)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=NO_RECURSION_LIMIT if kind == "recursion" else ())
        for kind in MISTAKES
    ],
)
def test_every_kind_of_mistake_is_named(judge, kind):
    text, outcome, part = MISTAKES[kind]
    verdict = judge(text)
    assert verdict.outcome is outcome, say(verdict)
    assert part in say(verdict)
    assert not verdict.passed and verdict.score == 0 and verdict.held == ()


def test_a_wrong_answer_that_counts_its_calls_is_reported_as_not_repeatable(judge):
    verdict = judge(
        "calls = []\n" + HEAD + "    calls.append(0)\n"
        "    return np.zeros((9, 9)) + len(calls) if len(calls) > 3 else x\n"
    )
    assert verdict.outcome is Outcome.STATE, say(verdict)
    assert any("first call" in line for line in verdict.compare)


def test_the_line_is_the_innermost_of_the_students_file(judge):
    text = "import numpy as np\ndef inner(x):\n    return np.stack([x, x[:, :1, None]])\n"
    verdict = judge(text + "def add_bias(x, b, scale=1.0):\n    return inner(x)\n")
    assert verdict.code == ("line 3: return np.stack([x, x[:, :1, None]])",)
    assert "ValueError" in verdict.what and "Traceback" not in say(verdict)


def test_a_syntax_error_has_its_caret(judge):
    line, caret = judge("import numpy\nif True:\n    y = 1 +* 2\n").code
    assert line == "line 3: y = 1 +* 2" and line[caret.index("^")] == "*"


def test_the_arguments_of_the_failing_call_are_shown(judge):
    verdict = judge(HEAD + "    assert x.any() or b.any(), 'nothing to do'\n    return x\n")
    assert verdict.case[-2:] == ("b = array (1,)", "  0") and verdict.broken == "shape"
    scaled = judge(HEAD + "    assert scale == 1\n    return x + b * (x.size > 0) - b + b\n")
    assert "scale = 2" in scaled.case and scaled.broken == "definition"


def test_printing_only_adds_a_note(judge, capsys):
    verdict = judge("print('hello')\n" + HEAD + "    print('x')\n    return x + scale * b\n")
    assert verdict.passed
    (note,) = verdict.notes
    assert "first: hello" in note and "lines" in note
    assert capsys.readouterr() == ("", "")


def test_one_of_two_functions_gives_part_of_the_score(judge):
    text = solution(MEAN_AND_SUM).read_text()
    part = text.replace("return mean(x), x.sum(axis=1)", "raise NotImplementedError('later')")
    verdict = judge(part, MEAN_AND_SUM)
    assert verdict.outcome is Outcome.NOT_WRITTEN and verdict.score == 0.5
    assert "later" in verdict.what


def test_the_items_of_a_tuple_are_checked(judge):
    text = solution(MEAN_AND_SUM).read_text()
    old = "return mean(x), x.sum(axis=1)"
    assert "2 values" in judge(text.replace(old, "return mean(x)"), MEAN_AND_SUM).what
    verdict = judge(text.replace(old, "return mean(x), [1.0]"), MEAN_AND_SUM)
    assert verdict.outcome is Outcome.RETURN and "mean_and_sum [1]" in verdict.what


def test_a_subclass_of_ndarray_does_not_pass(judge):
    verdict = judge(
        "import numpy as np\n"
        "class Always(np.ndarray):\n"
        "    def __array_ufunc__(self, *a, **k): return np.zeros((), bool)\n" + HEAD[19:] + ""
        "    return np.zeros_like(x).view(Always)\n"
    )
    assert verdict.outcome is Outcome.RETURN and "Always" in verdict.what


@pytest.mark.parametrize("name", ["Broken", "AnswerError", "UnsatisfiedAssumption", "StopTest"])
def test_an_exception_with_the_name_of_the_graders_is_an_exception(judge, name):
    verdict = judge(f"class {name}(BaseException): pass\n{HEAD}    raise {name}\n")
    assert verdict.outcome is Outcome.EXCEPTION and name in verdict.what


def test_a_solution_cannot_be_read(judge):
    secret = solutions_folder() / "01_conv_loops.py"
    verdict = judge(
        f"from pathlib import Path\n{HEAD}"
        f"    try:\n        Path({str(secret)!r}).read_text()\n    except OSError:\n        pass\n"
        "    return x + scale * b\n"
    )
    assert verdict.outcome is Outcome.FORBIDDEN and "solution" in verdict.what
    Path(__file__).read_text()  # this file is not protected


def test_no_program_is_started(judge, tmp_path):
    mark = tmp_path / "started"
    verdict = judge(f"import os\n{HEAD}    os.system('touch {mark}')\n    return x\n")
    assert verdict.outcome is Outcome.FORBIDDEN and not mark.exists()


def test_unwritten_elements_of_np_empty_are_always_nan(judge):
    text = HEAD + "    y = np.empty_like(x)\n    y[1:] = x[1:] + scale * b\n    return y\n"
    verdict = judge(text)
    assert verdict.what == "y[0, 0] is nan, not 0" and verdict == judge(text)
    whole = judge(HEAD + "    y = np.empty(x.shape)\n    y[:] = x + scale * b\n    return y\n")
    assert whole.passed
    assert np.empty.__module__ == "numpy" and not np.isnan(np.ones(3)).any()


def test_an_answer_may_read_itself(judge):
    """Compilers read the file that they compile."""
    assert judge(HEAD + "    open(__file__).close()\n    return x + scale * b\n").passed


def test_a_property_without_inputs_does_not_pass(judge):
    def never(answer, a):
        from hypothesis import assume

        assume(False)

    prop = Property("never", "Nothing.", st.just({"x": 1}), never, ("",))
    verdict = judge(RIGHT, Exercise("90_add_bias", "", 0, 0, ("add_bias",), (prop,)))
    assert verdict.outcome is Outcome.GRADER and not verdict.passed


def test_a_verdict_can_be_stored_as_json(judge):
    import json

    verdict = judge(HEAD + "    return x + b\n")
    assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict
