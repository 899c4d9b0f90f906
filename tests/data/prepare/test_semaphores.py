"""Semaphores of a pool of processes: removed also when a terminal closes on all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.data.pictures import class_folders
from tests.processes import environment
from tinyalex.data.prepare import Form, prepare
from tinyalex.data.prepare import run as of_prepare
from tinyalex.data.prepare.work import held_ctrl_c
from tinyalex.reproduce import side_by_side

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

PROGRAM = """
import multiprocessing, sys
from tinyalex.data.prepare.work import deaf_children
with deaf_children():
    queue = multiprocessing.get_context("spawn").Queue()
print(queue._rlock._semlock.name, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no folder shows semaphores")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_to_all_processes_leaves_none(number: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment(),
    )
    with process:
        assert process.stdout is not None
        semaphore = Path("/dev/shm") / f"sem.{process.stdout.readline().strip().lstrip('/')}"
        assert semaphore.exists()
        os.killpg(process.pid, number)
        assert process.wait(20) == -number
    until = time.monotonic() + 20
    while semaphore.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not semaphore.exists()


class _Seen(Exception):
    pass


@pytest.mark.parametrize("module", [of_prepare, side_by_side])
def test_pools_are_made_where_no_signal_reaches_the_process_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    def look(*_: object) -> NoReturn:
        assert signal.SIGHUP in signal.pthread_sigmask(signal.SIG_BLOCK, ())
        raise _Seen

    monkeypatch.setattr(module, "ProcessPoolExecutor", look)
    src = class_folders(tmp_path / "src", {"cats": 30, "dogs": 30})
    with pytest.raises(_Seen):
        if module is side_by_side:
            items: Any = [None, None]
            side_by_side.train_side_by_side(items, items, 2, lambda _: None)
        prepare(src, tmp_path / "dst", Form(size=32), workers=2, shard_mb=1, val_fraction=0.5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_work_is_put_away_before_the_process_ends(number: int) -> None:
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit) as ended, held_ctrl_c() as pressed:
            os.kill(os.getpid(), number)
            assert pressed()  # and so the pool is shut down
        assert ended.value.code == 128 + number
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)
