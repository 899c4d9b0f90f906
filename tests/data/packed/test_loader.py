"""The loader over packed data: a seed gives the same batches with any workers, also resumed."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.data.packed.making import Made, flip, make
from tests.data.pictures import class_folders, stacked
from tests.processes import environment
from tinyalex import backends, data
from tinyalex.data.dataset import array_split
from tinyalex.errors import ConfigError, DataError

NUMPY = backends.get("numpy", threads=1)


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """One data set of each kind, with many shards; do not change them."""
    return {
        kind: make(tmp_path_factory.mktemp(kind) / "dst", kind, train=(9, 4, 7, 6, 8, 5, 3))
        for kind in ("raw", "jpeg")
    }


def loader(split: data.Split, workers: int, **changes: object) -> data.Loader:
    found = data.statistics(split)
    settings: dict[str, object] = {"seed": 5, "crop": 8, "mirror": True, "scale": 0.5}
    settings |= {"mean": found.mean("image"), "colour": found.colour("std", 0.3)}
    return data.Loader(split, NUMPY, 4, workers=workers, **{**settings, **changes})  # type: ignore[arg-type]


def digest(batches: object) -> str:
    whole = hashlib.sha256()
    for x, labels in batches:  # type: ignore[attr-defined]
        whole.update(x.tobytes() + labels.tobytes())
    return whole.hexdigest()


@pytest.mark.parametrize("kind", ["raw", "jpeg"])
@pytest.mark.parametrize("shuffle", ["full", "shard"])
def test_one_two_and_eight_workers_give_the_same_bytes(
    sets: dict[str, Made], kind: str, shuffle: str
) -> None:
    train = data.load(sets[kind].folder).train
    digests = {
        digest(b for e in (0, 1) for b in loader(train, workers, shuffle=shuffle).epoch(e))
        for workers in (1, 2, 8)
    }
    assert len(digests) == 1


@pytest.mark.parametrize("kind", ["raw", "jpeg"])
def test_packed_images_are_treated_as_those_in_memory(sets: dict[str, Made], kind: str) -> None:
    """Reading crops of files gives the same as cropping arrays."""
    made = sets[kind]
    pixels, labels = np.stack(made.pixels["train"]), np.array(made.labels["train"])
    in_memory = array_split(pixels, labels, 3, "arrays")
    packed = data.load(made.folder).train
    for settings in ({}, {"training": False}, {"crop": None}):
        wanted = stacked(loader(in_memory, 1, **settings).epoch(3))
        found = stacked(loader(packed, 2, **settings).epoch(3))
        np.testing.assert_array_equal(found[0], wanted[0])
        np.testing.assert_array_equal(found[1], wanted[1])


@pytest.mark.parametrize("kind", ["ten", "nine"])
def test_several_views_of_packed_images_equal_those_of_arrays(
    sets: dict[str, Made], kind: str
) -> None:
    made = sets["raw"]
    in_memory = array_split(np.stack(made.pixels["val"]), np.array(made.labels["val"]), 3, "val")
    settings = {"training": False, "views": kind}
    ours = loader(data.load(made.folder).test, 2, **settings).epoch(0)
    theirs = loader(in_memory, 1, **settings).epoch(0)
    for (views, _), (wanted, _) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(np.stack(list(views)), np.stack(list(wanted)))


@pytest.mark.parametrize("kind", ["raw", "jpeg"])
@pytest.mark.parametrize("shuffle", ["full", "shard"])
def test_starting_at_any_batch_resumes_exactly(
    sets: dict[str, Made], kind: str, shuffle: str
) -> None:
    train = data.load(sets[kind].folder).train
    whole = list(loader(train, 2, shuffle=shuffle).epoch(1))
    for start in range(len(whole) + 1):
        rest = list(loader(train, 1 + start % 3, shuffle=shuffle).epoch(1, start_batch=start))
        assert len(rest) == len(whole) - start
        assert digest(rest) == digest(whole[start:])


def test_a_few_shards_are_read_at_a_time(sets: dict[str, Made]) -> None:
    train = data.load(sets["raw"].folder).train
    assert train.shards is not None
    order = loader(train, 1, shuffle="shard")._plan(0).order
    first = {int(s) for s in train.shards[order[:10]]}
    last = {int(s) for s in train.shards[order[-3:]]}
    assert first.isdisjoint(last)
    assert digest(loader(train, 1).epoch(0)) != digest(loader(train, 1, shuffle="shard").epoch(0))


def test_only_packed_data_can_be_shuffled_by_shards(sets: dict[str, Made], tmp_path: Path) -> None:
    folder = data.load(class_folders(tmp_path, {"a": 5, "b": 5}), image_size=8)
    for split in (folder.train, data.load("digits").train):
        with pytest.raises(ConfigError, match="only packed data have shards"):
            data.Loader(split, NUMPY, 2, shuffle="shard")
        data.Loader(split, NUMPY, 2, shuffle="shard", training=False)
    train = data.load(sets["raw"].folder).train
    with pytest.raises(ConfigError, match="unknown shuffle 'shards'[\\s\\S]*'shard'"):
        data.Loader(train, NUMPY, 2, shuffle="shards")
    with pytest.raises(ConfigError, match="workers must be at least 1"):
        data.Loader(train, NUMPY, 2, workers=0)


def test_a_folder_of_images_is_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    folder = class_folders(tmp_path, {"a": 9, "b": 8})
    digests = set()
    for workers in (1, 3):
        train = data.load(folder, image_size=12).train
        digests |= {digest(loader(train, workers).epoch(e)) for e in (0, 0)}  # read, then kept
    assert len(digests) == 1


def test_a_damaged_record_ends_the_epoch_and_is_named(tmp_path: Path) -> None:
    made = make(tmp_path / "dst", "jpeg")
    entry = np.load(made.folder / "train.records.npy")[3]
    flip(made.folder / "train-00000.rec", int(entry["offset"]) + 300)
    with pytest.raises(DataError, match="train record 3 "):
        list(data.Loader(data.load(made.folder).train, NUMPY, 4).epoch(0))


CONSUMER = """
import hashlib, sys
from pathlib import Path
from tinyalex import backends, data
folder, log, workers = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
lines = log.read_text().splitlines() if log.exists() else []
lines = [line for line in lines if line.endswith(".")]  # the last one may be half
log.write_text("".join(line + "\\n" for line in lines))
split = data.load(folder).train
loader = data.Loader(split, backends.get("numpy", threads=1), 4, seed=9, crop=8, mirror=True,
                     shuffle="shard", workers=workers)
position = len(lines)
with log.open("a") as out:
    for epoch in range(position // len(loader), 40):
        for x, labels in loader.epoch(epoch, start_batch=position % len(loader)):
            sum = hashlib.sha256(x.tobytes() + labels.tobytes()).hexdigest()
            out.write(f"{position} {sum}.\\n")
            out.flush()
            position += 1
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_consumer_resumes_with_the_same_batches(
    sets: dict[str, Made], tmp_path: Path
) -> None:
    """kill -9 within an epoch; docs/results/loader/kill.py does it more often."""
    folder, draw = str(sets["jpeg"].folder), random.Random(0)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for workers in ("1", "3"):
        command = [sys.executable, "-c", CONSUMER, folder, str(killed), workers]
        before = len(killed.read_text().splitlines()) if killed.exists() else 0
        process = subprocess.Popen(command, env=environment())
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            done = len(killed.read_text().splitlines()) if killed.exists() else 0
            if done > before + 10:
                break
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    for log, workers in ((killed, "2"), (whole, "2")):
        command = [sys.executable, "-c", CONSUMER, folder, str(log), workers]
        subprocess.run(command, env=environment(), check=True, timeout=60)
    lines = whole.read_text().splitlines()
    assert len(lines) == 40 * -(-42 // 4) and len(set(lines)) == len(lines)
    assert killed.read_text().splitlines() == lines
