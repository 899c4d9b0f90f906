"""One process at a time in a folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import environment
from tinyalex import lock
from tinyalex.errors import DataError, RunError
from tinyalex.lock import locked

HOLDS = """
import sys
from pathlib import Path
from tinyalex.lock import locked
with locked(Path(sys.argv[1]), "train"):
    print("mine", flush=True)
    sys.stdin.read()
"""


def refused(folder: Path) -> str:
    with pytest.raises(RunError) as caught, locked(folder, "train"):
        raise AssertionError("let in")
    return str(caught.value)


def test_the_second_process_is_told_which_one_is_at_work_and_since_when(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"mine\n"
        since = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
        assert re.search(rf"process {process.pid} \(train, since {since}\)", refused(tmp_path))
        os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    with locked(tmp_path, "train"):  # it died with the process
        assert str(os.getpid()) in refused(tmp_path)


def test_a_lock_that_a_killed_process_left_holds_nobody(tmp_path: Path) -> None:
    (tmp_path / lock.FILE).write_text("process 1 since 2026-01-01 00:00:00 for train\n")
    before = (tmp_path / lock.FILE).read_bytes()
    assert lock.holder(tmp_path) is None and lock.holder(tmp_path / "nothing") is None
    assert (tmp_path / lock.FILE).read_bytes() == before
    with locked(tmp_path, "train"):
        assert f"process {os.getpid()} (train" in str(lock.holder(tmp_path))


def test_one_who_looks_for_a_moment_refuses_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, times = lock._lock, []
    monkeypatch.setattr(
        lock, "_lock", lambda file: bool(times.append(1)) or len(times) > 1 and take(file)
    )
    with locked(tmp_path, "train"):
        assert len(times) == 2


def test_at_the_end_nothing_is_left_of_it(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with locked(tmp_path, "train"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_that_was_made_for_nothing_goes_and_one_that_was_there_stays(
    tmp_path: Path,
) -> None:
    (tmp_path / "there").mkdir()
    for name in ("there", "runs/new"):
        with pytest.raises(DataError, match="refused"), locked(tmp_path / name, "train"):
            raise DataError("refused")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    with locked(tmp_path / "runs" / "new", "train"):
        (tmp_path / "runs" / "new" / "config.json").touch()
    assert (tmp_path / "runs" / "new" / "config.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed there")
def test_a_lock_file_that_was_removed_after_it_was_opened_locks_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process before us ends between our opening the file and our locking it."""
    take, times = lock._lock, []

    def removed_first(file):
        if not times:
            (tmp_path / lock.FILE).unlink()
        times.append(1)
        return take(file)

    monkeypatch.setattr(lock, "_lock", removed_first)
    with locked(tmp_path, "train"):
        monkeypatch.undo()
        assert "is using it" in refused(tmp_path)
    assert len(times) == 2


@pytest.mark.parametrize("content", [b"", b"\x1b[31mprocess 1", b"process 1 since", b"x" * 10_000])
def test_whatever_a_lock_file_says_is_not_passed_on(tmp_path: Path, content: bytes) -> None:
    with locked(tmp_path, "train"):
        (tmp_path / lock.FILE).write_bytes(content)
        assert f"{tmp_path}: another process is using it" in refused(tmp_path)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(DataError, match="cannot be written"),
        locked(tmp_path / "file" / "run", "train", DataError),
    ):
        raise AssertionError("let in")
