"""A student's code ends when the grader ends, also when the grader is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import environment
from tinyalex.learn.grader import guardian

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes of POSIX")

# Code that starts a process and then never releases Python's lock, started as the grader does it.
STUDENT = """
import importlib.util, os, sys
found = importlib.util.spec_from_file_location("guardian", {path!r})  # without the package
guardian = importlib.util.module_from_spec(found)
found.loader.exec_module(guardian)
guardian.LATE = 0.0
guardian.end_with_parent(os.dup(0), {seconds})
import subprocess
other = subprocess.Popen(["sleep", "60"])
print(other.pid, flush=True)
3 ** 3 ** 30
"""


def start(seconds: float) -> tuple[subprocess.Popen[str], int]:
    words = [sys.executable, "-c", STUDENT.format(path=guardian.__file__, seconds=seconds)]
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment(),
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def ended(process: subprocess.Popen[str]) -> int:
    """The exit status of a process that must end now."""
    try:
        return process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[
            0
        ] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # ended just now; or there is no /proc
        return not Path("/proc/self").exists()


def wait_until_gone(process: int) -> None:
    until = time.monotonic() + 20
    while is_running(process) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_running(process)


def test_an_answer_and_its_processes_end_with_the_grader() -> None:
    process, other = start(60)
    with process:
        assert process.stdin is not None
        process.stdin.close()  # as the system does when the grader is killed
        assert ended(process) == -signal.SIGKILL
    wait_until_gone(other)


def test_an_answer_ends_by_itself_if_the_grader_is_stopped() -> None:
    process, other = start(0.1)
    with process:
        assert ended(process) == -signal.SIGKILL
    wait_until_gone(other)


GRADER = """
import sys
from pathlib import Path
from tests.learn.examples import ADD_BIAS, PLACES, solution
from tinyalex.learn.grader import process
if __name__ == "__main__":
    place, answer = PLACES[ADD_BIAS.name], solution(ADD_BIAS)
    process.grade(Path(sys.argv[1]), ADD_BIAS, name=place, reference=answer)
"""
ENDLESS = """
import os
open({path!r}, "w").write(str(os.getpid()))
while True:
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP"])
def test_an_endless_loop_does_not_outlive_the_grader(tmp_path: Path, name: str) -> None:
    number = signal.Signals[name]
    noted = tmp_path / "process"
    answer = tmp_path / "90_add_bias.py"
    answer.write_text(ENDLESS.format(path=str(noted)))
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER, str(answer)], env=environment(), start_new_session=True
    )
    until = time.monotonic() + 60
    while not (noted.exists() and noted.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    grader.send_signal(number)
    assert grader.wait(20) == -number
    wait_until_gone(int(noted.read_text()))
