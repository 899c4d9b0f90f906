"""Files that change, vanish or are too many while they are read: an error, never a crash."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.packed.making import Made, flip, make
from tests.processes import environment
from tinyalex import backends, data
from tinyalex.data.file_access import AccessError, refusal
from tinyalex.data.packed import shards, verify
from tinyalex.errors import DataError

resource = pytest.importorskip("resource")


@pytest.fixture(params=["raw", "jpeg"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    return make(tmp_path / "dst", request.param)


def epoch(split: data.Split, number: int = 0) -> int:
    loader = data.Loader(split, backends.get("numpy", threads=1), 4, seed=1, workers=2)
    return sum(len(labels) for _, labels in loader.epoch(number))


def test_a_shard_cut_short_between_epochs_is_an_error_that_names_it(made: Made) -> None:
    train = data.load(made.folder).train
    assert epoch(train) == 12
    os.truncate(made.folder / "train-00001.rec", 10)
    with pytest.raises(DataError, match=r"train-00001\.rec: was cut short.*[\s\S]*--resume"):
        epoch(train, 1)


def test_a_shard_cut_short_under_a_reader_does_not_end_the_process(made: Made) -> None:
    """A mapped file would: SIGBUS, without a message."""
    code = """
import os, sys
import numpy as np
from tinyalex import data
from tinyalex.errors import DataError
train = data.load(sys.argv[1]).train
train.images(np.arange(12))
for name in ("train-00000.rec", "train-00001.rec"):
    os.truncate(os.path.join(sys.argv[1], name), 0)
try:
    train.images(np.arange(12))
except DataError as error:
    print(error.message)
"""
    found = subprocess.run(
        [sys.executable, "-c", code, str(made.folder)],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert "was cut short while in use" in found.stdout


@pytest.mark.parametrize("row", [0, 8])
def test_a_record_overwritten_in_place_is_not_trained_on(made: Made, row: int) -> None:
    train = data.load(made.folder).train
    assert epoch(train) == 12
    entry = np.load(made.folder / "train.records.npy")[row]
    name = f"train-{entry['shard']:05d}.rec"
    flip(made.folder / name, int(entry["offset"]) + int(entry["size"]) // 2)
    with pytest.raises(DataError, match=rf"train record {row} .*checksum"):
        epoch(train, 1)


def test_more_shards_than_open_files_are_read_and_verified(tmp_path: Path) -> None:
    made = make(tmp_path / "dst", train=(1,) * 60, val=(1,) * 40)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/dev/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 24, before[1]))
    try:
        dataset = data.load(made.folder)
        np.testing.assert_array_equal(
            dataset.train.images(np.arange(60)), np.stack(made.pixels["train"])
        )
        np.testing.assert_array_equal(
            dataset.test.images(np.arange(40)), np.stack(made.pixels["val"])
        )
        verdict = verify(made.folder)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert (verdict.records, verdict.bad) == (100, 0)


@pytest.mark.parametrize(
    ("soft", "most"), [(8, 4), (256, 64), (1024, 256), (1 << 20, 256), ("none", 256)]
)
def test_a_quarter_of_the_open_files_is_taken_at_most(
    monkeypatch: pytest.MonkeyPatch, soft: Any, most: int
) -> None:
    limit = resource.RLIM_INFINITY if soft == "none" else soft
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert shards.most_open() == most


def test_a_file_is_not_closed_under_its_reader(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one open file, two threads read two shards at the same time."""
    monkeypatch.setattr(shards, "most_open", lambda: 1)
    entries = np.load(made.folder / "train.records.npy")
    sizes = [(made.folder / f"train-{i:05d}.rec").stat().st_size for i in (0, 1)]
    store = shards.Shards(made.folder, "train", sizes)
    real, met = shards.read_at, threading.Barrier(2, timeout=10)

    def slowly(*arguments: Any) -> int:
        met.wait()  # both files are open now
        return real(*arguments)

    monkeypatch.setattr(shards, "read_at", slowly)
    rooms = [np.zeros(int(entries["size"][row]), np.uint8) for row in (0, 7)]
    threads = [
        threading.Thread(target=store.read, args=(number, 0, room))
        for number, room in enumerate(rooms)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, room in enumerate(rooms):
        wanted = (made.folder / f"train-{number:05d}.rec").read_bytes()[: len(room)]
        assert room.tobytes() == wanted


def test_its_files_are_closed_when_a_data_set_is_gone(made: Made) -> None:
    before = len(os.listdir("/dev/fd"))
    for _ in range(5):
        data.load(made.folder).train.crops(
            np.arange(2), np.zeros(2, np.int64), np.zeros(2, np.int64), (12, 10)
        )
    assert len(os.listdir("/dev/fd")) <= before + 2


def failing(number: int, real: Callable[..., Any], name: str) -> Callable[..., Any]:
    """``open`` that fails for one file."""

    def opened(path: Any, *rest: Any, **more: Any) -> Any:
        if str(path).endswith(name):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *rest, **more)

    return opened


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE])
def test_a_refusal_of_the_system_is_not_called_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    made = make(tmp_path / "dst")
    monkeypatch.setattr(os, "open", failing(number, os.open, "train-00001.rec"))
    said = rf"train-00001\.rec: cannot be read \({os.strerror(number)}\)[\s\S]*Try: "
    with pytest.raises(AccessError, match=said):
        data.load(made.folder).train.images(np.arange(12))
    with pytest.raises(AccessError, match=said):
        verify(made.folder)


def test_an_index_file_that_may_not_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(tmp_path / "dst")
    monkeypatch.setattr(
        Path,
        "read_bytes",
        failing(errno.EACCES, Path.read_bytes, "train.records.npy"),
    )
    with pytest.raises(AccessError, match=r"Permission denied[\s\S]*check its permissions"):
        data.load(made.folder)


def test_a_refusal_is_found_below_other_errors() -> None:
    try:
        try:
            raise PermissionError(errno.EACCES, "Permission denied")
        except OSError as error:
            raise ValueError("other words") from error
    except ValueError as error:
        assert "here: cannot be read" in str(refusal(error, "here"))
    assert refusal(OSError("image file is truncated"), "here") is None
    assert refusal(ValueError("bad"), "here") is None
