"""What is on the disk, and when: a power cut leaves the old file or the new one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tinyalex.files import write_atomic
from tinyalex.runs.metrics import MetricsFile


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str | int]:
    """What was brought to the disk, in order: a file by its size then, a folder as "folder"."""
    seen: list[str | int] = []

    def fsync(handle: int) -> None:
        found = os.fstat(handle)
        seen.append("folder" if stat.S_ISDIR(found.st_mode) else found.st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    rename = Path.replace

    def replace(path: Path, target: Path) -> Path:
        seen.append("rename")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    return seen


def test_all_bytes_are_on_the_disk_before_the_rename_and_then_the_rename(
    tmp_path: Path, synced: list[str | int]
) -> None:
    path = tmp_path / "weights"
    write_atomic(path, [b"new", b"er"])
    assert path.read_bytes() == b"newer"
    assert synced == [5, "rename", *(["folder"] if os.name == "posix" else [])]


def test_the_lines_before_a_checkpoint_are_on_the_disk(
    tmp_path: Path, synced: list[str | int]
) -> None:
    path = tmp_path / "metrics.jsonl"
    metrics = MetricsFile(path)
    metrics.write("epoch", {"epoch": 1})
    assert synced == [] and metrics.position() == 1
    metrics.close()
    assert synced == [path.stat().st_size]
