"""Answers that need a separate process: they hang, use too much memory, end it, or cheat."""

from __future__ import annotations

import os
import queue
import signal
import sys
from dataclasses import replace

import pytest

from tests.learn.examples import ADD_BIAS, solution
from tests.learn.test_grader import HEAD, RIGHT, say
from tinyalex.learn.grader import process
from tinyalex.learn.grader.examine import examine
from tinyalex.learn.grader.verdict import Outcome

LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux enforces the limit"
)


def test_a_right_answer_has_the_same_verdict_in_both_processes(judge_apart, tmp_path):
    verdict = judge_apart("print('hello')\n" + RIGHT)
    assert verdict.passed, say(verdict)
    path = tmp_path / "90_add_bias.py"
    assert examine(ADD_BIAS, path, reference=solution(ADD_BIAS)) == verdict


def test_a_wrong_answer_has_the_same_verdict_in_both_processes(judge_apart, judge):
    wrong = HEAD + "    return np.where(x > 3, 0, x) + scale * b\n"
    assert judge_apart(wrong) == judge_apart(wrong) == judge(wrong)


def test_an_endless_loop_is_reported_with_its_line_and_input(judge_apart):
    text = HEAD + "    while x.shape[0] > 1:\n        pass\n    return x\n"
    verdict = judge_apart(text, seconds=1.0)
    assert verdict.outcome is Outcome.TIME and verdict.broken == "shape"
    assert verdict.code[0].startswith("line 3: while") or verdict.code[0] == "line 4: pass"
    assert verdict.case[0].startswith("x = array (") and not verdict.passed


@pytest.mark.slow
def test_endless_loops_outside_functions_or_with_except_end_too(judge_apart):
    for text in (
        "while True:\n    try:\n        pass\n    except BaseException:\n        pass\n",
        "print('now')\nwhile True: pass\n",
    ):
        verdict = judge_apart(text, seconds=1.0)
        assert verdict.outcome is Outcome.TIME and verdict.code


def test_endless_compiled_code_is_killed(judge_apart, monkeypatch):
    monkeypatch.setattr(process, "GRACE", 0.5)
    verdict = judge_apart(HEAD + "    return 3 ** 3 ** 30\n", seconds=1.0)
    assert verdict.outcome is Outcome.TIME and verdict.broken == "shape", say(verdict)
    assert "compiled code" in verdict.what


def test_a_verdict_that_arrives_after_the_process_has_ended_counts(judge_apart):
    verdict = judge_apart(RIGHT)
    messages: queue.Queue = queue.Queue()

    class Ended:
        def poll(self):
            messages.put({"kind": "ready"})
            messages.put({"kind": "verdict", "content": verdict.to_dict()})
            return 0

    start = replace(verdict, outcome=Outcome.GRADER)
    assert process._follow(Ended(), messages, start, process.Limits()) == verdict


@LINUX
def test_memory_has_a_limit(judge_apart):
    text = HEAD + "    kept = [np.ones(1 << 23) for _ in range(20)]\n    return x + scale * b\n"
    verdict = judge_apart(text, memory_mb=512)
    assert verdict.outcome is Outcome.MEMORY and "line 3" in verdict.code[0]
    fits = HEAD + "    kept = np.ones(1 << 20)\n    return x + scale * b\n"
    assert judge_apart(fits, memory_mb=512).passed


@pytest.mark.slow
def test_without_a_system_limit_memory_is_polled(judge_apart, monkeypatch):
    monkeypatch.setattr(process, "memory_must_be_polled", lambda: True)
    text = HEAD + "    kept = [np.ones(1 << 20)]\n    while True:\n        kept[0] = "
    text += "np.ones(min(2 * kept[0].size, 1 << 27))\n"
    assert judge_apart(RIGHT, memory_mb=512).passed
    verdict = judge_apart(text, memory_mb=300, seconds=8.0)
    assert verdict.outcome is Outcome.MEMORY and "300 MiB" in verdict.what
    assert process.memory_of(os.getpid()) > 1 << 20


@pytest.mark.parametrize(
    ("call", "outcome", "says"),
    [
        ("os._exit(0)", Outcome.ENDED, "code 0"),
        ("os._exit(3)", Outcome.ENDED, "code 3"),
        ("os.abort()", Outcome.CRASHED, "SIGABRT"),
    ],
)
def test_ending_the_process_is_not_passing(judge_apart, call, outcome, says):
    late = f"    if scale == 2:\n        {call}\n    return x + scale * b\n"
    verdict = judge_apart("import os\n" + HEAD + late)
    assert verdict.outcome is outcome and says in verdict.what
    assert verdict.held == ("shape", "zero bias") and verdict.broken == "definition"
    assert verdict.says == ADD_BIAS.properties[2].says
    early = judge_apart(f"import os\n{call}\n{RIGHT}")
    assert early.outcome is outcome and early.held == ()


def test_a_printed_verdict_does_not_count(judge_apart):
    lie = '{"kind": "verdict", "content": {"exercise": "", "title": "", "outcome": "passed"}}'
    text = (
        "import os\n"
        f"line = b'{32 * 'a'} {lie}\\n'\n"
        "for stream in range(3, 20):\n"
        "    try:\n"
        "        os.write(stream, line)\n"
        "    except OSError:\n"
        "        pass\n"
        "print(line)\n"
        "os._exit(0)\n"
    )
    verdict = judge_apart(text)
    assert verdict.outcome is Outcome.ENDED and not verdict.passed


def test_input_is_reported(judge_apart):
    verdict = judge_apart("n = input('how many? ')\n" + RIGHT)
    assert verdict.outcome is Outcome.EXCEPTION and "keyboard" in verdict.what


def test_files_next_to_the_answer_are_not_imported(judge_apart, tmp_path):
    for name in ("numpy", "hypothesis", "json"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('shadowed')\n")
    assert judge_apart(RIGHT).passed


def test_an_answer_runs_in_an_empty_folder_without_our_environment(judge_apart, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "12345")
    text = (
        "import os\nassert os.listdir('.') == [], os.listdir('.')\n"
        "assert 'SECRET_KEY' not in os.environ\nopen('mine', 'w').close()\n"
    )
    verdict = judge_apart(text + RIGHT)
    assert verdict.passed, say(verdict)


def test_exit_handlers_do_not_delay_the_verdict(judge_apart):
    text = "import atexit, time\natexit.register(time.sleep, 1000)\n"
    assert judge_apart(text + RIGHT).passed


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_no_process_is_left(judge_apart):
    verdict = judge_apart(HEAD + "    while True: pass\n", seconds=1.0)
    assert verdict.outcome is Outcome.TIME and process._running == set()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_process_does_not_pass(judge_apart, monkeypatch):
    real = process._follow

    def follow(child, *rest):
        os.kill(child.pid, signal.SIGKILL)
        return real(child, *rest)

    monkeypatch.setattr(process, "_follow", follow)
    verdict = judge_apart(RIGHT)
    assert not verdict.passed and verdict.outcome in (Outcome.GRADER, Outcome.CRASHED)


def test_a_missing_file_is_reported(tmp_path):
    from tests.learn.examples import PLACES

    verdict = process.grade(
        tmp_path / "gone.py",
        ADD_BIAS,
        name=PLACES[ADD_BIAS.name],
        reference=solution(ADD_BIAS),
    )
    assert verdict.outcome is Outcome.UNREADABLE
