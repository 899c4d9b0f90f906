"""Answers that hang, use too much memory, end their process, or leave something behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.learn.examples import ADD_BIAS, solution
from tests.learn.test_grader import HEAD, RIGHT, say
from tests.processes import environment
from tinyalex.learn.grader import hosts, student_process
from tinyalex.learn.grader.examine import grade
from tinyalex.learn.grader.student_process import Clock
from tinyalex.learn.grader.verdict import Outcome

LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux enforces the limit"
)
POSIX = pytest.mark.skipif(os.name == "nt", reason="processes of POSIX")


def test_an_endless_loop_ends_with_its_line_and_input(judge):
    text = HEAD + "    while True:\n        pass\n    return x\n"
    verdict = judge(text, limits={"seconds": 1.0})
    assert verdict.outcome is Outcome.TIME and verdict.broken == "shape", say(verdict)
    assert "an endless loop?" in verdict.what
    assert verdict.code[0].startswith("line 3: while") or verdict.code[0] == "line 4: pass"
    assert verdict.case[0].startswith("x = array (") and not verdict.passed


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "while True:\n    try:\n        pass\n    except BaseException:\n        pass\n",
            marks=pytest.mark.slow,
        ),
        pytest.param("print('now')\nwhile True: pass\n", marks=pytest.mark.slow),
        HEAD + "    return 3 ** 3 ** 30\n",  # never releases Python's lock
    ],
)
def test_every_endless_loop_is_found_and_shown(judge, text):
    verdict = judge(text, limits={"seconds": 1.0})
    assert verdict.outcome is Outcome.TIME and verdict.code, say(verdict)


def test_many_slow_calls_are_not_called_an_endless_loop(judge):
    text = "import time\n" + HEAD + "    time.sleep(0.2)\n    return x + scale * b\n"
    verdict = judge(text, limits={"seconds": 1.1})
    assert verdict.outcome is Outcome.TIME and "loop" not in verdict.what
    assert "calls took 0.2" in verdict.what
    assert "endless" in Clock(9, used=9, calls=3).explain("f", 8.5)


@LINUX
def test_memory_has_a_limit(judge):
    text = HEAD + "    kept = [np.ones(1 << 21) for _ in range(20)]\n    return x + scale * b\n"
    verdict = judge(text, limits={"memory_mb": 128})
    assert verdict.outcome is Outcome.MEMORY and "line 3" in verdict.code[0]
    fits = HEAD + "    kept = np.ones(1 << 17)\n    return x + scale * b\n"
    assert judge(fits, limits={"memory_mb": 128}).passed


@POSIX
def test_without_a_system_limit_memory_is_polled(judge, monkeypatch):
    monkeypatch.setattr(hosts, "memory_must_be_polled", lambda: True)
    text = HEAD + "    kept = [np.ones(1 << 20)]\n    while True:\n        kept[0] = "
    text += "np.ones(min(2 * kept[0].size, 1 << 27))\n"
    assert judge(RIGHT, limits={"memory_mb": 512}).passed
    verdict = judge(text, limits={"memory_mb": 300, "seconds": 20.0})
    assert verdict.outcome is Outcome.MEMORY and "300 MiB" in verdict.what
    assert hosts.memory_of(os.getpid()) > 1 << 20


@pytest.mark.parametrize(
    ("call", "outcome", "says"),
    [
        ("os._exit(0)", Outcome.ENDED, "code 0"),
        ("os._exit(3)", Outcome.ENDED, "code 3"),
        ("os.abort()", Outcome.CRASHED, "SIGABRT"),
    ],
)
def test_ending_the_process_is_not_passing(judge, call, outcome, says):
    late = f"    if scale == 2:\n        {call}\n    return x + scale * b\n"
    verdict = judge("import os\n" + HEAD + late)
    assert verdict.outcome is outcome and says in verdict.what
    assert verdict.held == ("shape", "zero bias") and verdict.broken == "definition"
    assert verdict.says == ADD_BIAS.properties[2].says
    early = judge(f"import os\n{call}\n{RIGHT}")
    assert early.outcome is outcome and early.held == ()


def test_a_deep_recursion_ends_with_an_exception(judge):
    # All arguments are given: Python 3.13.0 does not count calls that use a default value, and
    # runs out of memory in them.
    call = "    return add_bias(x, b, scale)\n"
    text = "import sys\nsys.setrecursionlimit(10**9)\n" + HEAD + call
    verdict = judge(text, limits={"seconds": 20.0})
    assert verdict.outcome is Outcome.EXCEPTION and "RecursionError" in verdict.what


def test_input_is_reported(judge):
    verdict = judge("n = input('how many? ')\n" + RIGHT)
    assert verdict.outcome is Outcome.EXCEPTION and "keyboard" in verdict.what


def test_files_next_to_the_answer_are_not_imported(judge, tmp_path):
    for name in ("numpy", "hypothesis", "json"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('shadowed')\n")
    assert judge(RIGHT).passed


def test_an_answer_runs_in_an_empty_folder_without_our_environment(judge, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "12345")
    hosts.stop_all()  # a process that was started before has the old variables
    text = (
        "import os\nassert os.listdir('.') == [], os.listdir('.')\n"
        "assert 'SECRET_KEY' not in os.environ\nopen('mine', 'w').close()\n"
    )
    verdict = judge(text + RIGHT)
    assert verdict.passed, say(verdict)


def test_exit_handlers_do_not_delay_the_verdict(judge):
    text = "import atexit, time\natexit.register(time.sleep, 1000)\n"
    assert judge(text + RIGHT).passed


def test_a_missing_file_is_reported(tmp_path):
    verdict = grade(tmp_path / "gone.py", ADD_BIAS, stub=solution(ADD_BIAS))
    assert verdict.outcome is Outcome.UNREADABLE


@POSIX
def test_a_lost_host_is_replaced_or_reported(judge, monkeypatch):
    assert judge(RIGHT).passed
    lose_hosts()
    assert judge(RIGHT).passed
    begin = student_process.StudentProcess.ask

    def ask(*arguments, **named):
        lose_hosts()
        return begin(*arguments, **named)

    monkeypatch.setattr(student_process.StudentProcess, "ask", ask)
    assert judge(RIGHT).outcome is Outcome.GRADER


def lose_hosts():
    for host in list(hosts._hosts.values()):
        host.process.kill()
        host.process.wait()


GRADER = """
import sys
from pathlib import Path
from tests.learn.examples import ADD_BIAS, solution
from tinyalex.learn.grader import hosts, student_process
from tinyalex.learn.grader.examine import grade
start = hosts.start
def started(*rest):
    found = start(*rest)
    print(found[2], flush=True)
    return found
hosts.start = started
grade(Path(sys.argv[1]), ADD_BIAS, stub=solution(ADD_BIAS))
"""


@POSIX
def test_the_host_ends_with_the_grader(judge):
    assert judge(RIGHT).passed
    host = next(iter(hosts._hosts.values()))
    host.control.close()
    assert host.process.wait(20) == 0


@POSIX
@pytest.mark.parametrize(
    "name",
    [
        "SIGKILL",
        pytest.param("SIGTERM", marks=pytest.mark.slow),
        pytest.param("SIGHUP", marks=pytest.mark.slow),
    ],
)
def test_an_endless_loop_does_not_outlive_the_grader(tmp_path, name):
    number = signal.Signals[name]
    answer = tmp_path / "90_add_bias.py"
    answer.write_text("while True:\n    pass\n")
    with subprocess.Popen(
        [sys.executable, "-c", GRADER, str(answer)],
        env=environment(),
        start_new_session=True,
        stdout=subprocess.PIPE,
        text=True,
    ) as grader:
        assert grader.stdout is not None
        student = int(grader.stdout.readline())
        assert is_running(student)
        grader.send_signal(number)
        assert grader.wait(20) == -number
    until = time.monotonic() + 20
    while is_running(student) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_running(student)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # ended just now; or there is no /proc
        return not Path("/proc/self").exists()
