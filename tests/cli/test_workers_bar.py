"""The live bar of `--workers`: as with one worker on a terminal, and nothing of it elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("mpi4py")
pytest.importorskip("pty")

from tests.cli.many import TINYALEX, tinyalex, wait_for_step
from tests.cli.terminal import Terminal, frames, hides_the_cursor, screen
from tests.group.ranks import processes, ranks, wait_for
from tests.processes import environment
from tinyalex.runs.checkpoint import load_checkpoint

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="/proc, and what Linux says of terminals"),
    pytest.mark.usefixtures("no_process_left"),
]

BAR = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"
TRAIN = (*TINYALEX, "train", "--backend", "numpy", "--threads", 1, "--shards", 2, "--out", "run")
HOST = os.uname().nodename


@pytest.fixture
def endless(few: tuple[object, ...]) -> tuple[object, ...]:
    """Options of a run that is long enough to be stopped."""
    return (*few, "--epochs", 100_000, "--workers", 2)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    yield Terminal()


def timeless(lines: list[str]) -> list[str]:
    """Lines without their times and speeds, which always differ."""
    return [re.sub(r"[\d.,]+ (s\b|images/s)", r"\1", line) for line in lines]


def trained(folder: Path, columns: int, *words: object) -> str:
    """What a training shows on a terminal."""
    terminal = Terminal(columns)
    process = terminal.start(folder, *TRAIN, *words)
    shown = terminal.read()
    assert process.wait(60) == 0, shown
    return shown


@pytest.mark.slow
@pytest.mark.parametrize("columns", [60, 80])
def test_two_workers_leave_on_a_terminal_what_one_leaves(
    tmp_path: Path, few: tuple[object, ...], columns: int
) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    shown = []
    for workers, folder in enumerate(folders, start=1):
        folder.mkdir()
        shown.append(trained(folder, columns, *few, "--epochs", 3, "--workers", workers))
    one, two = (timeless(screen(each)) for each in shown)
    assert one == two
    assert sum(line.startswith("epoch ") for line in two) == 3 and BAR not in "".join(two)
    for each in shown:
        bars = [line for line in frames(each) if BAR in line]
        assert {"reading the data", "epoch 1/3"} <= {bar.partition(f" {BAR}")[0] for bar in bars}
        assert columns - 1 <= max(map(len, bars)) <= columns
        assert list(hides_the_cursor(each)) == [True, False]


@pytest.mark.slow
def test_a_pipe_gets_lines_and_no_codes(tmp_path: Path, few: tuple[object, ...]) -> None:
    said = []
    for workers in (1, 2):
        words = (*TRAIN[len(TINYALEX) :], *few, "--epochs", 2, "--workers", workers)
        done = tinyalex(tmp_path, *words, "--overwrite")
        assert (done.returncode, done.stderr) == (0, "")
        said.append(timeless(done.stdout.splitlines()))
    assert said[0] == said[1]
    assert not set("\r\x1b") & set("".join(said[1])) and BAR not in "".join(said[1])
    assert sum(line.startswith("epoch ") for line in said[1]) == 2


@pytest.mark.slow
def test_errors_in_a_file_are_free_of_codes(
    tmp_path: Path, endless: tuple[object, ...], terminal: Terminal
) -> None:
    with (tmp_path / "errors").open("wb") as errors:
        process = terminal.start(tmp_path, *TRAIN, *endless, stderr=errors.fileno())
        terminal.read(until="epoch ")
        os.kill(ranks(tmp_path)[1], signal.SIGKILL)
        shown = terminal.read()
        assert process.wait(60) != 0
    error = (tmp_path / "errors").read_text()
    assert error.startswith(f"error: rank 1 on {HOST} was ended by signal 9") and "\r" not in error
    assert "\x1b" not in error and BAR not in "".join(screen(shown))


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_worker_that_is_killed_leaves_one_message_and_no_bar(
    tmp_path: Path, endless: tuple[object, ...], terminal: Terminal, rank: int
) -> None:
    process = terminal.start(tmp_path, *TRAIN, *endless)
    terminal.read(until="images/s")
    os.kill(ranks(tmp_path)[rank], signal.SIGKILL)
    shown = terminal.read()
    assert process.wait(60) != 0
    *lines, error, hint, last = screen(shown)
    assert error.startswith(f"error: rank {rank} on {HOST} was ended by signal 9 (SIGKILL)")
    assert hint.startswith("Try: --resume the run") and last == ""
    assert "".join(lines).count("error: ") == 0 and BAR not in "".join(lines)
    assert list(hides_the_cursor(shown))[-1] is False
    wait_for(lambda: not list(processes(tmp_path)))


@pytest.mark.slow
def test_ctrl_c_while_the_bar_moves_leaves_one_message_and_no_bar(
    tmp_path: Path, endless: tuple[object, ...], terminal: Terminal
) -> None:
    process = terminal.start(tmp_path, *TRAIN, *endless)
    terminal.read(until="images/s")
    process.send_signal(signal.SIGINT)
    shown = terminal.read()
    assert process.wait(60) == 130
    *lines, warning, hint, last = screen(shown)
    assert warning == "warning: stopped; the run is saved in run"
    assert hint == "Resume with: tinyalex train --resume run" and last == ""
    assert "error: " not in shown and BAR not in "".join(lines)
    assert list(hides_the_cursor(shown)) == [True, False]
    (figures, *_) = (line for line in frames(shown) if "images/s" in line)
    assert re.match(r"epoch \d+/100000 .*loss \d\.\d+  error [\d.]+%  [\d,]+ images/s ", figures)
    assert "left" in figures and len(figures) == 80


@pytest.mark.slow
def test_a_pipe_too_gets_one_message(tmp_path: Path, endless: tuple[object, ...]) -> None:
    process = subprocess.Popen(
        [*map(str, (*TRAIN, *endless))],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_step(tmp_path / "run", process)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130 and error == ""
    assert out.count("warning: stopped; the run is saved in run\n") == 1


@pytest.mark.slow
def test_a_terminal_that_is_closed_saves_the_run(
    tmp_path: Path, endless: tuple[object, ...], terminal: Terminal
) -> None:
    process = terminal.start(tmp_path, *TRAIN, *endless)
    terminal.read(until="images/s")
    terminal.close()
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 129
    assert load_checkpoint(tmp_path / "run").state["images_trained"] > 0
    wait_for(lambda: not list(processes(tmp_path)))


@pytest.mark.slow
def test_evaluate_shows_a_bar_and_one_table(
    tmp_path: Path, trained: Path, terminal: Terminal
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    words = ("evaluate", "run", "--crops", 10, "--backend", "numpy", "--workers", 2)
    process = terminal.start(tmp_path, *TINYALEX, *words)
    shown = terminal.read()
    assert process.wait(60) == 0, shown
    bars = [line for line in frames(shown) if BAR in line]
    assert any("testing run, ten crops" in bar for bar in bars) and max(map(len, bars)) <= 80
    lines = screen(shown)
    assert BAR not in "".join(lines)
    assert lines[0] == "360 test images, ten crops of each"
    assert sum("top-1 error" in line for line in lines) == 1


@pytest.mark.slow
def test_a_slow_test_is_told_of_by_rank_0_alone(tmp_path: Path, trained: Path) -> None:
    """Into a pipe, where a phase gets lines on stderr once it lasts."""
    shutil.copytree(trained, tmp_path / "run")
    slow = "import time, tinyalex.commands.phases as p; p.FIRST_SECONDS = 0.1; "
    slow += "import tinyalex.evaluation.views as v; compute = v.view_probabilities; "
    slow += "v.view_probabilities = lambda *a: (time.sleep(1), compute(*a))[1]; "
    slow += "from tinyalex.cli import main; main()"
    launch = "import functools, tinyalex.group.launch as l; "
    launch += f"l.launch = functools.partial(l.launch, program=('-c', {slow!r})); "
    launch += "from tinyalex.cli import main; main()"
    words = ("evaluate", "run", "--backend", "numpy", "--workers", 2)
    done = tinyalex(tmp_path, *words, program=[sys.executable, "-c", launch])
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == ["testing run, centre crop: 0 of 128 ..."]
