"""Verification finds each kind of damage, names the first ones and counts all."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

from tests.data.packed.making import change_records, flip, make
from tinyalex.data.packed import verify
from tinyalex.errors import DataError


@pytest.mark.parametrize("kind", ["raw", "jpeg"])
@pytest.mark.parametrize("workers", [1, 3])
def test_undamaged_data_have_no_problems(tmp_path: Path, kind: str, workers: int) -> None:
    folder = make(tmp_path / "dst", kind, train=(70, 80)).folder
    seen: list[tuple[int, int]] = []
    verdict = verify(folder, lambda *done: seen.append(done), workers=workers)
    assert (verdict.records, verdict.bad, verdict.problems) == (156, 0, [])
    assert verdict.bytes == sum(path.stat().st_size for path in folder.glob("*.rec"))
    assert seen[-1] == (156, 156) and seen == sorted(seen)


@pytest.mark.parametrize("kind", ["raw", "jpeg"])
def test_each_damaged_record_is_named_up_to_a_limit(tmp_path: Path, kind: str) -> None:
    folder = make(tmp_path / "dst", kind).folder
    entries = np.load(folder / "train.records.npy")
    for row in (0, 3, 6, 7, 11):
        shard = folder / f"train-0000{entries['shard'][row]}.rec"
        flip(shard, int(entries["offset"][row]) + int(entries["size"][row]) // 2, row % 8)
    flip(folder / "val-00000.rec", 0)
    verdict = verify(folder, limit=3)
    assert verdict.bad == 6 and verdict.records == 18
    named = [f"train record {row} (n0{row % 3 + 1}/train {row}.JPEG" for row in (0, 3, 6)]
    assert len(verdict.problems) == 3
    for problem, name in zip(verdict.problems, named, strict=True):
        assert name in problem and "checksum" in problem


@pytest.mark.parametrize("name", ["train.names.txt", "rejected.tsv", "statistics.safetensors"])
def test_files_other_than_the_records_are_checked(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path / "dst").folder
    flip(folder / name, (folder / name).stat().st_size - 3)
    verdict = verify(folder)
    assert verdict.bad == 1 and name in verdict.problems[0]


def test_a_jpeg_that_cannot_be_decoded_is_found_with_a_right_checksum(tmp_path: Path) -> None:
    folder = make(tmp_path / "dst", "jpeg").folder
    before = np.load(folder / "train.records.npy")
    payload = (folder / "train-00000.rec").read_bytes()
    start, size = int(before["offset"][4]), int(before["size"][4])
    broken = payload[:start] + b"\xff\xd8" + bytes(size - 2) + payload[start + size :]
    (folder / "train-00000.rec").write_bytes(broken)

    def right_sum(records: np.ndarray) -> None:
        records["crc32"][4] = zlib.crc32(broken[start : start + size])

    change_records(folder, "train", right_sum)
    verdict = verify(folder)
    assert verdict.bad == 1 and "record 4" in verdict.problems[0]
    assert "cannot be decoded" in verdict.problems[0]


def test_a_folder_that_is_not_packed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a packed data set"):
        verify(tmp_path)
