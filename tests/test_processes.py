"""Pools of processes: what is left of one when a signal comes, or when its parent is killed."""

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
from tinyalex import processes
from tinyalex.data.prepare import Form, prepare
from tinyalex.processes import held_ctrl_c
from tinyalex.reproduce import side_by_side

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

PROGRAM = """
import multiprocessing, sys
from tinyalex.processes import deaf_children
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


@pytest.mark.parametrize("user", ["prepare", "side by side"])
def test_pools_are_made_where_no_signal_reaches_the_resource_tracker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    def look(*_: object) -> NoReturn:
        assert signal.SIGHUP in signal.pthread_sigmask(signal.SIG_BLOCK, ())
        raise _Seen

    monkeypatch.setattr(processes, "ProcessPoolExecutor", look)
    src = class_folders(tmp_path / "src", {"cats": 30, "dogs": 30})
    with pytest.raises(_Seen):
        if user == "side by side":
            items: Any = [None, None]
            side_by_side.train_side_by_side(items, items, 2, lambda _: None)
        prepare(src, tmp_path / "dst", Form(size=32), workers=2, shard_mb=1, val_fraction=0.5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_work_is_saved_before_the_process_ends(number: int) -> None:
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit) as ended, held_ctrl_c() as pressed:
            os.kill(os.getpid(), number)
            assert pressed()  # and so the pool is shut down
        assert ended.value.code == 128 + number
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


PARENT = """
import os, sys, time
from tinyalex.processes import Pool

def tell(folder):
    open(f"{folder}/{os.getpid()}", "x").close()

if __name__ == "__main__":
    pool = Pool(2, tell, (sys.argv[1],), *eval(sys.argv[2]))
    for _ in range(2):
        pool.submit(time.sleep, 1000)
    time.sleep(1000)
"""


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # dead, but nobody has asked after it yet
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.parametrize("meanwhile", ["()", "(0.05, os.getpid)"])
def test_workers_end_in_the_middle_of_a_task_when_their_parent_is_killed(
    tmp_path: Path, meanwhile: str
) -> None:
    script, workers = tmp_path / "parent.py", tmp_path / "workers"
    workers.mkdir()
    script.write_text(PARENT, encoding="utf-8")
    parent = subprocess.Popen([sys.executable, script, workers, meanwhile], env=environment())
    until = time.monotonic() + 60
    while len(os.listdir(workers)) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    begun = os.listdir(workers)
    assert len(begun) == 2 and all(map(_alive, begun))
    parent.kill()
    parent.wait()
    until = time.monotonic() + 15
    while any(map(_alive, begun)) and time.monotonic() < until:
        time.sleep(0.01)
    left = [pid for pid in begun if _alive(pid)]
    for pid in left:
        os.kill(int(pid), signal.SIGKILL)
    assert left == []
