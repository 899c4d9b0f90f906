"""No attack gets a mark, changes another result, or leaves anything behind (see `attacks`).

They are judged with the protection of this system's kernel. Where it has none, the grader says so,
and the attacks that only the kernel prevents are skipped.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.learn import attacks
from tests.learn.wrong.judging import by_few_inputs
from tests.processes import environment
from tinyalex.errors import ConfigError
from tinyalex.learn.exercises import get
from tinyalex.learn.grader import hosts, student_process
from tinyalex.learn.grader.examine import grade
from tinyalex.learn.grader.inside import wire
from tinyalex.learn.grader.student_process import Limits
from tinyalex.learn.grader.verdict import Outcome, Verdict, in_words
from tinyalex.learn.places import solutions_folder

RELU = by_few_inputs(get("06_relu"))
SOLUTION = solutions_folder() / "06_relu.py"


def nobody() -> tuple[int, int] | None:
    try:
        return hosts.user_called("nobody")
    except ConfigError:
        return None


NOBODY = nobody()
ATTACKS = attacks.READS | attacks.CHEATS | attacks.DAMAGES


@pytest.fixture(scope="module", autouse=True)
def protected():
    """The kernel's protection; without it, these attacks are only made harder."""
    if student_process.protection() != ["files", "processes"]:
        pytest.skip("this system's kernel has no Landlock or no seccomp")


class Room:
    """A teacher's folder: an installation, a class with two students, and the results."""

    def __init__(self, folder: Path) -> None:
        self.files = {
            "GRADER": folder / "site-packages" / "grader.py",
            "NUMPY": folder / "site-packages" / "numpy.py",
            "OTHER": folder / "class" / "ben" / "06_relu.py",
            "RESULTS": folder / "results.json",
        }
        for path in self.files.values():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("kept\n")
        self.files["OTHER"].write_text(SOLUTION.read_text())
        self.answer = folder / "class" / "anna" / "06_relu.py"
        self.answer.parent.mkdir()
        self.before = self.state()

    def judge(self, text: str) -> Verdict:
        for name, path in (self.files | {"SOLUTION": SOLUTION}).items():
            text = text.replace(name, str(path))
        self.answer.write_text(text, encoding="utf-8")
        return grade(self.answer, RELU, limits=Limits(seconds=10.0))

    def state(self) -> list[tuple[bytes, int]]:
        return [(path.read_bytes(), path.stat().st_mode) for path in self.files.values()]


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


def attack(text: str, tries: bool) -> str:
    """The text of an answer; with ``tries`` it goes on when the attack fails."""
    use = attacks.USE if text in attacks.READS.values() else ""
    body = attacks.REFLECTION.splitlines() + [*text.splitlines(), *use.splitlines()]
    if tries:
        body = ["try:", *(f"    {line}" for line in body), "except BaseException:", "    pass"]
    wrong = attacks.WRONG.replace("\n", "\n    ").rstrip()
    return "\n".join(["WRONG = True", *body, f"if WRONG:{wrong}", ""])


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gets_no_mark_and_changes_nothing(room, name):
    for tries in (True, False):
        verdict = room.judge(attack(ATTACKS[name], tries))
        assert not verdict.passed and verdict.score == 0, "\n".join(in_words(verdict))
    assert room.state() == room.before


@pytest.mark.slow
def test_attacks_do_not_change_the_next_students_results(room):
    for text in (attacks.CHEATS | attacks.DAMAGES).values():
        room.judge(attack(text, tries=True))
    assert room.judge(SOLUTION.read_text()).passed
    assert not room.judge(attacks.WRONG).passed


def test_the_attacks_themselves_work_without_protection():
    """Else the tests above would prove nothing: a reading attack finds the solution's functions."""
    for name in (
        "open",
        "a folder's descriptor",
        "linecache",
        "memory map",
        "np.fromfile",
        "pydoc",
    ):
        text = attack(attacks.READS[name], tries=False).replace("SOLUTION", str(SOLUTION))
        names: dict[str, object] = {"__name__": "answer"}
        exec(text, names)
        relu = names["relu"]
        assert callable(relu) and relu(np.array([-1.0, 2.0])).tolist() == [0, 2], name


PROBES = {
    "read a solution": "open('SOLUTION').read()",
    "read another answer": "open('OTHER').read()",
    "list the class": "os.listdir(os.path.dirname(os.path.dirname('OTHER')))",
    "write results": "open('RESULTS', 'w')",
    "rename": "os.rename('RESULTS', 'mine')",
    "remove": "os.remove('RESULTS')",
    "change rights": "os.chmod('RESULTS', 0)",
    "change an owner": "os.chown('RESULTS', 1, 1)",
    "change times": "os.utime('RESULTS', (0, 0))",
    "make a link": "os.link('RESULTS', 'mine')",
    "make a symbolic link": "os.symlink('RESULTS', 'mine')",
    "start a process": "os.fork()",
    "start a program": "os.posix_spawn('/bin/true', ['true'], {})",
    "become a program": "os.execv('/bin/true', ['true'])",
    "send a signal": "os.kill(os.getppid(), 0)",
    "leave the group": "os.setsid()",
    "make a socket": "load('sock' + 'et').socket()",
    "read another's memory": "open('/proc/1/mem', 'rb')",
    "change another's limits": "load('resource').prlimit(os.getppid(), 0)",
}


@pytest.mark.parametrize("name", PROBES)
def test_what_the_kernel_refuses(room, name):
    """Tried in the student's process itself, past the checks that Python makes."""
    text = attacks.REFLECTION + "vars(sys)['addaud' + 'ithook']\n"
    verdict = room.judge(
        f"{text}{PROBES[name]}\n".replace("os.", "tools['__imp' + 'ort__']('os').")
    )
    words = f"{verdict.outcome} {verdict.what}"
    refused = "not permitted", "denied", "not allowed", "only files in"
    assert any(word in words for word in refused), words
    assert room.state() == room.before


def test_only_the_grader_says_that_an_answer_passed(monkeypatch, room):
    """A forged reply with another outcome ends the grading."""
    for outcome in ("PASSED", "GRADER", "SLOW", "no such"):
        monkeypatch.setattr(wire, "receive", lambda *_, o=outcome: {"outcome": o, "what": ""})
        verdict = room.judge(SOLUTION.read_text())
        assert verdict.outcome is Outcome.FORBIDDEN and verdict.score == 0


def test_no_open_folder_leads_to_the_package():
    """Landlock opens what is below a path, too."""
    for allowed in (("numpy",), ("numpy", "numba")):
        for path in map(Path, hosts.readable(allowed)):
            real = path.resolve()
            assert not SOLUTION.resolve().is_relative_to(real), path
            assert not Path(pytest.__file__).resolve().is_relative_to(real), path


@pytest.mark.slow
def test_what_outlives_its_process_is_ended_before_the_verdict(room):
    """Without seccomp a process could be started; the host then ends it."""
    verdict = room.judge(attack(attacks.DAMAGES["results later"], tries=True))
    time.sleep(1.2)
    assert room.state() == room.before and not verdict.passed
    host = next(iter(hosts._hosts.values()))
    assert descendants(host.process.pid) == []


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux")
def test_the_host_ends_what_a_process_has_left(monkeypatch):
    """As where the kernel has no seccomp: a process starts another one, in a session of its own."""
    ours, theirs = socket.socketpair()
    code = (
        "import os, socket, sys, time\n"
        "from tinyalex.learn.grader.inside import host\n"
        "def serve(channel):\n"
        "    if not os.fork():\n"
        "        os.setsid()\n"
        "        channel.sendall(str(os.getpid()).encode())\n"
        "        time.sleep(60)\n"
        "    time.sleep(60)\n"
        "host.serve = serve\n"
        "host.main()\n"
    )
    words = [sys.executable, "-c", code, "", str(theirs.fileno())]
    with subprocess.Popen(words, pass_fds=(theirs.fileno(),), env=environment()) as process:
        theirs.close()
        try:
            ours.recv(8)  # it is ready
            channel, far = socket.socketpair()
            socket.send_fds(ours, [b"s"], [far.fileno()])
            far.close()
            ours.recv(8)
            left = int(channel.recv(20))
            assert Path(f"/proc/{left}").exists()
            ours.sendall(b"e")
            ours.recv(8)
            assert not Path(f"/proc/{left}").exists()
        finally:
            ours.close()  # the host ends
        assert process.wait(20) == 0


def descendants(process: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process:
            found.append(int(path.parent.name))
    return found


def test_results_of_any_shape_only_fail(room):
    deep = "y = []\nfor _ in range(100_000):\n    y = [y]\ndef relu(x): return y\n"
    large = "def relu(x): return np.zeros((40_000, 10_000))\n"
    text = "def relu(x): return 'x' * 10_000_000\n"
    for body in (deep, large, text):
        verdict = room.judge("import numpy as np\n" + body)
        assert verdict.outcome in (Outcome.RETURN, Outcome.MEMORY, Outcome.BROKEN), verdict


def test_a_user_is_checked_before_anything_is_judged(monkeypatch):
    with pytest.raises(ConfigError, match="no user is called nobody-at-all"):
        hosts.user_called("nobody-at-all")
    if os.geteuid() == 0 and NOBODY is not None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        with pytest.raises(ConfigError, match="only root"):
            hosts.user_called("nobody")


def test_python_must_be_readable_for_the_user(tmp_path):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    (private / "os.py").touch()
    assert hosts.unreadable(private / "os.py", (os.geteuid(), os.getegid())) is None
    assert hosts.unreadable(private / "os.py", (54321, 54321)) is not None


@pytest.mark.skipif(NOBODY is None, reason="needs root, and a Python that all users can read")
def test_another_user_has_other_rights(room, tmp_path):
    text = "import os\nraise ValueError(f'{os.getuid()} {os.getgid()} {os.getgroups()}')\n"
    room.answer.write_text(text)
    verdict = grade(room.answer, RELU, user=NOBODY)
    assert f"{NOBODY[0]} {NOBODY[1]} []" in verdict.what
    room.answer.write_text(SOLUTION.read_text())
    assert grade(room.answer, RELU, user=NOBODY).passed


@pytest.mark.slow
def test_two_threads_do_not_disturb_each_other(room):
    verdicts: list[Verdict] = []
    text = SOLUTION.read_text()
    room.answer.write_text(text)

    def judge() -> None:
        verdicts.append(grade(room.answer, RELU))

    jobs = [threading.Thread(target=judge) for _ in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [verdict.passed for verdict in verdicts] == [True, True]
    assert sys.modules.get("answer") is None
