"""Ctrl-C while several processes judge a class: it ends at once, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.processes import environment
from tinyalex.learn.exercises import get
from tinyalex.learn.grader.classroom import grade_all, handed_in
from tinyalex.learn.places import solutions_folder

HANGS = "while True:\n    pass\n"
SOLUTION = solutions_folder() / "06_relu.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def processes_with(mark: str) -> list[str]:
    """Numbers of the processes whose environment has this text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_it_ends_and_leaves_no_process_and_no_file(tmp_path, jobs) -> None:
    for student, text in {
        "anna": SOLUTION.read_text(encoding="utf-8"),
        "ben": HANGS,
        "cleo": HANGS,
        "dora": HANGS,
    }.items():
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / "06_relu.py").write_text(text)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    words = ["exercise", "check", "--class", "class", "--jobs", str(jobs), "--time-limit", "3600"]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "tinyalex", *words],
        cwd=tmp_path,
        env=environment(TMPDIR=str(temporary)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        line = process.stdout.readline()
        while line and not line.startswith("anna: "):
            line = process.stdout.readline()
        assert line == "anna: 06_relu: passed\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)  # the answers would take an hour
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.endswith("error: interrupted\n") and "Traceback" not in said
    assert list(temporary.glob("answer*")) == []
    until = time.monotonic() + 60
    while processes_with(str(temporary)) and time.monotonic() < until:
        time.sleep(0.1)
    assert processes_with(str(temporary)) == []


@pytest.mark.parametrize("which", [1, 2])
def test_ctrl_c_while_a_folder_is_being_made_leaves_none(tmp_path, monkeypatch, which) -> None:
    """It can come after the folder is there and before Python knows that it must go."""
    (tmp_path / "06_relu.py").write_text(SOLUTION.read_text(encoding="utf-8"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    made = []

    def mkdir(path, *rest, real=os.mkdir) -> None:
        real(path, *rest)
        made.append(path)
        if len(made) > which and "answer-" in str(path):
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "mkdir", mkdir)
    with pytest.raises(KeyboardInterrupt):
        list(grade_all(handed_in(tmp_path, [get("06_relu")])))
    assert len(made) > which
    assert list((tmp_path / "temporary").iterdir()) == []
    assert tempfile.gettempdir() == str(tmp_path / "temporary")
