"""What the grader says of each kind of answer, judged in this process."""

from __future__ import annotations

import builtins
import random
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.learn.examples import ADD_BIAS, MEAN_AND_SUM, solution
from tinyalex.learn.grader import Exercise, Property, guard
from tinyalex.learn.grader.verdict import Outcome, Verdict, in_words
from tinyalex.learn.places import solutions_folder

HEAD = "import numpy as np\ndef add_bias(x, b, scale=1.0):\n"
RIGHT = HEAD + "    return x + scale * b\n"


def say(verdict: Verdict) -> str:
    return "\n".join(in_words(verdict))


@pytest.mark.parametrize("exercise", [ADD_BIAS, MEAN_AND_SUM], ids=lambda one: one.name)
@pytest.mark.parametrize("seed", range(5))
def test_a_right_answer_passes(judge, exercise, seed):
    verdict = judge(solution(exercise).read_text(), exercise, seed=seed)
    assert verdict.outcome is Outcome.PASSED and verdict.score == 1.0, say(verdict)
    assert verdict.held == verdict.properties == tuple(one.name for one in exercise.properties)
    assert verdict.notes == ()


def test_the_first_broken_property_ends_it_with_the_smallest_input(judge):
    verdict = judge(HEAD + "    return x + b\n")
    assert verdict.outcome is Outcome.BROKEN and verdict.broken == "definition"
    assert verdict.held == ("shape", "zero bias") and verdict.score == pytest.approx(2 / 3)
    assert verdict.what == "y[0, 0] is 1, not 2"
    assert verdict.case == ("x = array (1, 1)", "  [0, :]  0", "b = array (1,)", "  1")
    assert verdict.compare == ("expected     got", "[0, :]  2    1*")


def test_the_first_input_will_do_where_no_small_one_is_asked_for(judge):
    text = HEAD + "    return x + b\n"
    small, first = judge(text), judge(text, shrink=False)
    assert first.broken == small.broken and first.held == small.held
    assert len(first.case) > len(small.case)


def test_what_fails_on_larger_inputs_only_is_shown_on_the_smallest_of_those(judge):
    verdict = judge(HEAD + "    return (x + scale * b)[: max(1, len(x) - 1)]\n")
    assert verdict.broken == "shape"
    assert verdict.case[:3] == ("x = array (2, 1)", "  [0, :]  0", "  [1, :]  0")
    assert verdict.compare == ("expected  (2, 1)", "got       (1, 1)")


def test_the_message_in_full(judge):
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
        "  The smallest input found on which this happens:",
        "    x = array <1, 1)",
        "      [0, :]  0",
        "    b = array <1,)",
        "      1",
        "",
        "  Hint: A row is x[n].",
        "  <2 more: --hint)",
        "  ",
    ]


def test_more_hints_can_be_had(judge):
    verdict = judge(HEAD + "    return x + b\n")
    assert sum("Hint:" in line for line in in_words(verdict, 1)) == 1
    three = in_words(verdict, 3)
    assert sum("Hint:" in line for line in three) == 3 and "more" not in "\n".join(three)


def test_the_same_seed_gives_the_same_verdict_whatever_was_drawn_before(judge):
    wrong = HEAD + "    return np.where(x > 3, x - 1, x) + scale * b\n"
    first = judge(wrong, seed=7)
    random.seed(1)
    np.random.seed(1)
    judge(RIGHT, seed=3)
    assert judge(wrong, seed=7) == first and not first.passed


def test_another_seed_draws_other_inputs(judge):
    """What is printed are the inputs as they come: they must depend on the seed, and only on it."""
    text = HEAD + "    print(x.tolist(), b.tolist())\n    return x + scale * b\n"
    spy = text.replace("print(", "print(x.shape, ")

    def seen(seed: int) -> list[list[float]]:
        inputs = []
        one = ADD_BIAS.properties[0]
        watched = Property(
            one.name, one.says, one.given, lambda _, a: inputs.append(a["x"].tolist()), one.hints
        )
        exercise = Exercise("90_add_bias", "", 0, 0, ("add_bias",), (watched,))
        assert judge(spy, exercise, seed=seed).passed
        return inputs

    assert seen(1) == seen(1) and seen(1) != seen(2)
    assert len(seen(1)) == ADD_BIAS.properties[0].examples


TOLD = {
    "syntax": ("def add_bias(x, b:\n", Outcome.SYNTAX, "line 1"),
    "indentation": ("def add_bias(x, b):\nreturn x\n", Outcome.SYNTAX, "line 2"),
    "import": ("import numpy.nowhere\n" + RIGHT, Outcome.IMPORT, "numpy.nowhere"),
    "missing": ("def add_biases(x, b): return x\n", Outcome.MISSING, "add_bias(x, b, scale=1.0)"),
    "no function": ("add_bias = 3\n", Outcome.MISSING, "int, not a function"),
    "names": ("def add_bias(x, bias, scale=1.0): return x\n", Outcome.SIGNATURE, "(x, bias"),
    "order": ("def add_bias(b, x, scale=1.0): return x\n", Outcome.SIGNATURE, "(b, x, "),
    "no default": ("def add_bias(x, b, scale): return x\n", Outcome.SIGNATURE, "(x, b, scale)"),
    "one more": (
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
        "something else",
    ),
    "global": (
        "calls = []\n" + HEAD + "    calls.append(0)\n    return x + scale * b * len(calls)\n",
        Outcome.STATE,
        "something else",
    ),
    "notebook": ('{"cells": []}', Outcome.UNREADABLE, "notebook"),
    "zeros": ("\0", Outcome.UNREADABLE, "zero"),
    "library": ("from tinyalex.layers import Linear\n" + RIGHT, Outcome.FORBIDDEN, "own layer"),
    "late": (HEAD + "    import torch\n    return x\n", Outcome.FORBIDDEN, "imports torch"),
    "part": ("from scipy.signal import convolve\n" + RIGHT, Outcome.FORBIDDEN, "scipy.signal"),
    "beside": ("from .helpers import f\n" + RIGHT, Outcome.FORBIDDEN, "this one file"),
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


# Python 3.13.0 to 3.13.7 lets a call with a default argument recurse until the memory ends
# (CPython's issue 132744): in the grader's own process that is an end from outside.
FOR_EVER = pytest.mark.skipif(
    (3, 13) <= sys.version_info < (3, 13, 8), reason="this Python does not count such calls"
)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=FOR_EVER if kind == "recursion" else ()) for kind in TOLD]
)
def test_it_is_told_as_what_it_is(judge, kind):
    text, outcome, part = TOLD[kind]
    verdict = judge(text)
    assert verdict.outcome is outcome, say(verdict)
    assert part in say(verdict)
    assert not verdict.passed and verdict.score == 0 and verdict.held == ()


def test_an_answer_that_counts_its_calls_and_is_wrong_is_told_as_such(judge):
    verdict = judge(
        "calls = []\n" + HEAD + "    calls.append(0)\n"
        "    return np.zeros((9, 9)) + len(calls) if len(calls) > 3 else x\n"
    )
    assert verdict.outcome is Outcome.STATE, say(verdict)
    assert any("first call" in line for line in verdict.compare)


def test_the_line_is_the_last_of_the_students_own(judge):
    text = "import numpy as np\ndef inner(x):\n    return np.stack([x, x[:, :1, None]])\n"
    verdict = judge(text + "def add_bias(x, b, scale=1.0):\n    return inner(x)\n")
    assert verdict.code == ("line 3: return np.stack([x, x[:, :1, None]])",)
    assert "ValueError" in verdict.what and "Traceback" not in say(verdict)


def test_a_syntax_error_has_its_caret(judge):
    line, caret = judge("import numpy\nif True:\n    y = 1 +* 2\n").code
    assert line == "line 3: y = 1 +* 2" and line[caret.index("^")] == "*"


def test_the_call_that_failed_is_shown_and_not_only_what_was_drawn(judge):
    verdict = judge(HEAD + "    assert x.any() or b.any(), 'nothing to do'\n    return x\n")
    assert verdict.case[-2:] == ("b = array (1,)", "  0") and verdict.broken == "shape"
    scaled = judge(HEAD + "    assert scale == 1\n    return x + b * (x.size > 0) - b + b\n")
    assert "scale = 2" in scaled.case and scaled.broken == "definition"


def test_prints_are_a_note_and_nothing_else(judge, capsys):
    verdict = judge("print('hello')\n" + HEAD + "    print('x')\n    return x + scale * b\n")
    assert verdict.passed
    (note,) = verdict.notes
    assert "first: hello" in note and "lines" in note
    assert capsys.readouterr() == ("", "")


def test_only_some_of_two_functions_give_part_of_the_score(judge):
    text = solution(MEAN_AND_SUM).read_text()
    part = text.replace("return mean(x), x.sum(axis=1)", "raise NotImplementedError('later')")
    verdict = judge(part, MEAN_AND_SUM)
    assert verdict.outcome is Outcome.NOT_WRITTEN and verdict.score == 0.5
    assert "later" in verdict.what


def test_a_tuple_is_looked_into(judge):
    text = solution(MEAN_AND_SUM).read_text()
    old = "return mean(x), x.sum(axis=1)"
    assert "2 values" in judge(text.replace(old, "return mean(x)"), MEAN_AND_SUM).what
    verdict = judge(text.replace(old, "return mean(x), [1.0]"), MEAN_AND_SUM)
    assert verdict.outcome is Outcome.RETURN and "mean_and_sum [1]" in verdict.what


def test_an_array_in_disguise_does_not_pass(judge):
    verdict = judge(
        "import numpy as np\n"
        "class Always(np.ndarray):\n"
        "    def __array_ufunc__(self, *a, **k): return np.zeros((), bool)\n" + HEAD[19:] + ""
        "    return np.zeros_like(x).view(Always)\n"
    )
    assert verdict.outcome is Outcome.RETURN and "Always" in verdict.what


@pytest.mark.parametrize("name", ["Broken", "Told", "UnsatisfiedAssumption", "StopTest"])
def test_an_exception_called_as_ours_is_an_exception(judge, name):
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
    Path(__file__).read_text()  # the rest of the world can


def test_no_program_is_started(judge, tmp_path):
    mark = tmp_path / "started"
    verdict = judge(f"import os\n{HEAD}    os.system('touch {mark}')\n    return x\n")
    assert verdict.outcome is Outcome.FORBIDDEN and not mark.exists()


def test_what_an_answer_changes_in_numpy_is_undone(judge):
    kept = np.isclose, np.linalg.norm, builtins.len
    for name in ("np.isclose", "np.linalg.norm"):
        assert not judge(HEAD + f"    {name} = None\n    return x + scale * b\n").passed
    assert (np.isclose, np.linalg.norm, builtins.len) == kept


def test_what_np_empty_leaves_unwritten_is_seen_and_always_the_same(judge):
    text = HEAD + "    y = np.empty_like(x)\n    y[1:] = x[1:] + scale * b\n    return y\n"
    verdict = judge(text)
    assert verdict.what == "y[0, 0] is nan, not 0" and verdict == judge(text)
    whole = judge(HEAD + "    y = np.empty(x.shape)\n    y[:] = x + scale * b\n    return y\n")
    assert whole.passed
    assert np.empty.__module__ == "numpy" and not np.isnan(np.ones(3)).any()


def test_a_solution_may_be_judged_where_it_lies(tmp_path, monkeypatch, judge):
    """Compilers read the file that they compile."""
    monkeypatch.setattr(guard, "SECRET", (str(tmp_path.resolve()),))
    assert judge(HEAD + "    open(__file__).close()\n    return x + scale * b\n").passed
    other = f"    open({str(tmp_path / 'other.py')!r}, 'w').close()\n    return x\n"
    assert judge(HEAD + other).outcome is not Outcome.PASSED


def test_a_property_that_draws_nothing_is_not_taken_for_passed(judge):
    def never(answer, a):
        from hypothesis import assume

        assume(False)

    one = Property("never", "Nothing.", st.just({"x": 1}), never, ("",))
    verdict = judge(RIGHT, Exercise("90_add_bias", "", 0, 0, ("add_bias",), (one,)))
    assert verdict.outcome is Outcome.GRADER and not verdict.passed


def test_a_verdict_survives_the_way_through_json(judge):
    import json

    verdict = judge(HEAD + "    return x + b\n")
    assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict
