"""Preparing as a whole: the same bytes however it is done, and every way that it can end."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.pictures import class_folders, write
from tests.data.prepare.archives import IDS, SYNSETS, flat, official, small
from tests.data.prepare.test_pictures import reference
from tinyalex import data
from tinyalex.data.packed import format as layout_of
from tinyalex.data.prepare import Form, find_source, prepare
from tinyalex.data.prepare import run as run_module
from tinyalex.errors import ConfigError, DataError

ROOT = Path(__file__).resolve().parents[3]
FORM = Form(size=256)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def src(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small(tmp_path_factory.mktemp("official") / "src")


@pytest.fixture(scope="module")
def whole(src: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set, prepared undisturbed by one process: 4 + 2 shards."""
    dst = tmp_path_factory.mktemp("whole") / "dst"
    prepare(src, dst, FORM, shard_mb=1, workers=1)
    return dst


def test_records_are_the_pictures_with_their_labels(src: Path, whole: Path) -> None:
    source = find_source(str(src))
    dataset = data.load(whole)
    assert dataset.classes == SYNSETS and len(dataset.train) == 20 and len(dataset.test) == 8
    for split, part in (("train", dataset.train), ("val", dataset.test)):
        items = source.splits[split]
        by_name = {item.name: item for item in items.take(np.arange(len(items)))}
        names = (whole / layout_of.names_name(split)).read_text().splitlines()
        assert sorted(names) == sorted(by_name)
        for row, name in enumerate(names):
            item = by_name[name]
            with open(item.file, "rb") as file:
                file.seek(item.offset)
                expected = reference(file.read(item.size), 256)
            np.testing.assert_array_equal(part.images(np.array([row]))[0], expected)
            assert part.labels[row] == item.label
    assert not (whole / layout_of.PARTS).exists() and not (whole / ".lock").exists()


def test_statistics_are_those_of_the_training_images(whole: Path) -> None:
    dataset = data.load(whole)
    measured = data.statistics(dataset.train).to_arrays()
    assert dataset.statistics is not None
    for name, value in dataset.statistics.to_arrays().items():
        np.testing.assert_allclose(value, measured[name], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("workers", [2, 8])
def test_any_number_of_workers_makes_the_same_bytes(
    src: Path, whole: Path, tmp_path: Path, workers: int
) -> None:
    prepare(src, tmp_path / "dst", FORM, shard_mb=1, workers=workers)
    assert contents(tmp_path / "dst") == contents(whole)


def test_a_shard_is_a_random_sample_or_neighbours(src: Path, whole: Path, tmp_path: Path) -> None:
    prepare(src, tmp_path / "dst", FORM, shard_mb=1, workers=1, order="archive")
    for dst, mixed in ((whole, True), (tmp_path / "dst", False)):
        records = np.load(dst / "train.records.npy", allow_pickle=False)
        classes = [len(set(records["label"][records["shard"] == i].tolist())) for i in range(4)]
        assert (max(classes) > 1) == mixed and len(set(records["shard"].tolist())) == 4
    other = prepare(src, tmp_path / "seed", FORM, shard_mb=1, workers=1, seed=1)
    assert other.fingerprint != data.load(whole).fingerprint


def test_an_interrupted_run_goes_on_and_ends_the_same(
    src: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dst = tmp_path / "dst"
    made: list[int] = []
    original = run_module.make_shard

    def interrupted(task: Any, tick: Any) -> Any:
        def stop_at_7(done: int, bad: int) -> bool:
            if len(made) == 7:
                raise KeyboardInterrupt
            made.append(done)
            return bool(tick(done, bad))

        return original(task, stop_at_7)

    monkeypatch.setattr(run_module, "make_shard", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(src, dst, FORM, shard_mb=1, workers=1)
    with pytest.raises(DataError, match="not finished"):
        data.load(dst)
    monkeypatch.setattr(run_module, "make_shard", original)
    before = (dst / "train-00000.rec").stat().st_mtime_ns
    prepare(src, dst, FORM, shard_mb=1, workers=1)
    assert contents(dst) == contents(whole)
    assert (dst / "train-00000.rec").stat().st_mtime_ns == before  # not made again


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("finished", [0, 2])
def test_a_killed_run_goes_on_and_ends_the_same(tmp_path: Path, finished: int) -> None:
    """Kill -9 of the parent alone, when so many shards are finished; its workers must end too."""
    src = small(tmp_path / "src", each=60, val_each=2, size=(400, 300))
    words = ["data", "prepare", "src", "dst", "--shard-mb", "4", "--workers", "2", "--quiet"]
    command = [sys.executable, "-m", "tinyalex", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    parts, index = tmp_path / "dst" / "parts", tmp_path / "dst" / "index.json"
    process = subprocess.Popen(command, cwd=tmp_path, env=environment)
    while process.poll() is None and len(list(parts.glob("*.safetensors"))) < finished:
        time.sleep(0.002)
    if finished == 0:
        time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not index.exists()
    again = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True)
    assert again.returncode == 0, again.stderr
    prepare(src, tmp_path / "undisturbed", Form(), shard_mb=4, workers=1)
    assert contents(tmp_path / "dst") == contents(tmp_path / "undisturbed")


def test_other_options_are_refused_by_name_begun_or_finished(
    src: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dst = tmp_path / "dst"
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            prepare(src, dst, FORM, shard_mb=1, workers=1)
    for folder, what in ((dst, "was begun"), (whole, "is finished")):
        before = contents(folder)
        for change, name in (
            ({"form": Form(size=250)}, "--size: 256 then, 250 now"),
            ({"form": Form("jpeg")}, "--format: raw then, jpeg now"),
            ({"form": Form(filter="box")}, "--filter: bilinear then, box now"),
            ({"seed": 5}, "--seed: 0 then, 5 now"),
            ({"shard_mb": 2}, "--shard-mb: 1 then, 2 now"),
            ({"order": "archive"}, "--order: random then, archive now"),
        ):
            options: dict[str, Any] = {"form": FORM, "shard_mb": 1} | change
            with pytest.raises(DataError, match=f"{what}.*{name}"):
                prepare(src, folder, workers=1, **options)
        assert contents(folder) == before
    other = small(tmp_path / "src", each=4)
    with pytest.raises(DataError, match="the pictures in SRC"):
        prepare(other, dst, FORM, shard_mb=1, workers=1)
    prepare(src, dst, FORM, shard_mb=1, workers=1)
    assert contents(dst) == contents(whole)


def test_a_finished_data_set_is_not_made_again(src: Path, whole: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in whole.iterdir()}
    assert prepare(src, whole, FORM, shard_mb=1).splits["train"].records == 20
    assert {path: path.stat().st_mtime_ns for path in whole.iterdir()} == times


def with_bad(folder: Path, bad: int, good: int = 12) -> Path:
    class_folders(folder, {"cats": good, "dogs": good})
    for i in range(bad):
        write(folder / "cats" / f"bad{i}.jpg", flat((0, 0, 0), (200, 150))[:-300])
    return folder


def test_pictures_that_cannot_be_used_are_listed_with_the_reason(tmp_path: Path) -> None:
    src = with_bad(tmp_path / "src", 3)
    write(src / "dogs" / "notes.txt", b"hello")
    write(src / "dogs" / "tab\tname.jpg", b"")
    index = prepare(src, tmp_path / "dst", Form(size=16), workers=1)
    lines = (tmp_path / "dst" / "rejected.tsv").read_text().splitlines()
    rows = sorted(tuple(line.split("\t")) for line in lines[1:])
    assert lines[0] == "split\tclass\tname\treason" and len(rows) == 5
    names = {row[2]: row for row in rows}
    assert "truncated" in names["cats/bad0.jpg"][3]
    assert names["dogs/notes.txt"][1] == "dogs"
    assert names["dogs/tab\\tname.jpg"][3] == "the file is empty (0 bytes)"
    assert sum(part.records for part in index.splits.values()) == 24
    assert sum(index.rejected.values()) == 5


@pytest.mark.parametrize("workers", [1, 2])
def test_too_many_bad_pictures_end_it_and_more_can_be_allowed(tmp_path: Path, workers: int) -> None:
    src = with_bad(tmp_path / "src", 4)
    with pytest.raises(DataError, match=r"4 pictures cannot be used, 3 are allowed .*bad\d.jpg: "):
        prepare(src, tmp_path / "dst", FORM, shard_mb=2, workers=workers, max_bad=3)
    assert not (tmp_path / "dst" / "index.json").exists()
    index = prepare(src, tmp_path / "dst", FORM, shard_mb=2, workers=workers, max_bad=4)
    assert sum(index.rejected.values()) == 4


def test_many_bad_pictures_end_it_early(tmp_path: Path) -> None:
    class_folders(tmp_path / "src", {"a": 1, "b": 1})
    for i in range(200):
        write(tmp_path / "src" / "a" / f"bad{i:03d}.jpg", b"no picture")
    seen = []
    with pytest.raises(DataError, match="11 pictures cannot be used, 10 are allowed"):
        prepare(tmp_path / "src", tmp_path / "dst", workers=1, listen=seen.append)
    assert seen[-1].done <= 13


def test_too_small_a_disk_is_found_before_the_work(
    src: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    with pytest.raises(DataError, match=r"about 5\.5 MB are needed, 1\.0 MB are free"):
        prepare(src, tmp_path / "dst", FORM, workers=1)
    assert not list((tmp_path / "dst").glob("*.rec"))
    prepare(src, tmp_path / "jpeg", Form("jpeg"), workers=1)  # fits by its estimate


def full_disk_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """From the write with this number on, a shard's writer finds the disk full."""
    from tinyalex.data.packed import ShardWriter

    original, count = ShardWriter.add, [0]

    class Full:
        def write(self, content: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def add(self: Any, *words: Any) -> None:
        count[0] += 1
        if count[0] >= number:
            self._file = Full()
        original(self, *words)

    monkeypatch.setattr(ShardWriter, "add", add)


def test_a_disk_that_fills_up_leaves_whole_shards_only(
    src: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dst = tmp_path / "dst"
    with monkeypatch.context() as patch:
        full_disk_at(patch, 8)
        with pytest.raises(DataError, match="No space left on device"):
            prepare(src, dst, FORM, shard_mb=1, workers=1)
    assert {path.name for path in dst.iterdir()} == {"train-00000.rec", "parts"}
    prepare(src, dst, FORM, shard_mb=1, workers=1)
    assert contents(dst) == contents(whole)


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_a_real_limit_of_the_file_size_ends_it_with_an_error(src: Path, tmp_path: Path) -> None:
    """The operating system itself refuses to write, in the worker processes too."""
    import resource

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    words = ["data", "prepare", str(src), "dst", "--shard-mb", "1", "--workers", "2"]
    result = subprocess.run(
        [sys.executable, "-m", "tinyalex", *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=limited,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2 and "cannot be written (File too large)" in result.stderr
    assert "Traceback" not in result.stderr
    assert not list((tmp_path / "dst").glob("*.rec")) and not list((tmp_path / "dst").glob("*.tmp"))


def test_a_folder_that_holds_something_else_is_left_alone(src: Path, tmp_path: Path) -> None:
    write(tmp_path / "thesis.tex", b"years of work")
    with pytest.raises(DataError, match="the folder is not empty"):
        prepare(src, tmp_path, FORM, workers=1)
    with pytest.raises(DataError, match="thesis.tex: cannot be written to|a file, not a folder"):
        prepare(src, tmp_path / "thesis.tex", FORM, workers=1)
    folders = class_folders(tmp_path / "pets", {"cats": 3, "dogs": 3})
    with pytest.raises(DataError, match="lies in the source"):
        prepare(folders, folders / "packed", FORM, workers=1)


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_two_at_once_in_one_folder_are_refused(src: Path, tmp_path: Path) -> None:
    from tinyalex.data.prepare.begin import locked

    with (
        locked(tmp_path / "dst"),
        pytest.raises(DataError, match="another prepare is at work there"),
    ):
        prepare(src, tmp_path / "dst", FORM, workers=1)


@pytest.mark.parametrize(
    "options", [{"workers": 0}, {"shard_mb": 0}, {"max_bad": -1}, {"order": "sorted"}]
)
def test_wrong_options_are_refused(src: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        prepare(src, tmp_path / "dst", FORM, **options)
    assert not (tmp_path / "dst").exists()


def test_kept_pictures_have_their_own_sizes(tmp_path: Path) -> None:
    train = {
        synset: {f"{synset}_1.JPEG": flat((0, 9, 9), (30 + 10 * i, 20))}
        for i, synset in enumerate(SYNSETS)
    }
    src = official(tmp_path / "src", train, [(SYNSETS[0], flat((0, 9, 9)))], IDS)
    prepare(src, tmp_path / "dst", Form("jpeg", "keep"), workers=1)
    records = np.load(tmp_path / "dst" / "train.records.npy", allow_pickle=False)
    assert sorted(records["width"].tolist()) == [30, 40, 50, 60]
    assert (tmp_path / "dst" / "train-00000.rec").read_bytes().count(b"\xff\xd8\xff\xe0") == 4
    dataset = data.load(tmp_path / "dst", image_size=16)
    assert dataset.train.images(np.arange(4)).shape == (4, 16, 16, 3)
