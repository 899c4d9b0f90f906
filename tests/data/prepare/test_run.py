"""Preparing a data set: always the same bytes, whether or not it was interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.prepare.archives import SYNSETS, contents, flat, official, small
from tests.data.prepare.test_convert import reference
from tests.processes import environment
from tinyalex import data
from tinyalex.data.packed import format as layout_of
from tinyalex.data.prepare import Form, Progress, find_source, prepare
from tinyalex.data.prepare import run as run_module
from tinyalex.errors import DataError

FORM = Form(size=256)


@pytest.fixture(scope="module")
def src(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small(tmp_path_factory.mktemp("official") / "src")


@pytest.fixture(scope="module")
def whole(src: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set, prepared by one process without interruption: 4 + 2 shards."""
    dst = tmp_path_factory.mktemp("whole") / "dst"
    prepare(src, dst, FORM, shard_mb=1, workers=1)
    return dst


def test_records_are_the_images_with_their_labels(src: Path, whole: Path) -> None:
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


@pytest.mark.parametrize("workers", [2, pytest.param(8, marks=pytest.mark.slow)])
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


def test_an_interrupted_run_resumes_to_the_same_bytes(
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


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("finished", [0, 2])
def test_a_killed_run_resumes_to_the_same_bytes(tmp_path: Path, finished: int) -> None:
    """Kill only the parent when ``finished`` shards are done; its workers must end too."""
    src = small(tmp_path / "src", each=60, val_each=2, size=(400, 300))
    words = ["data", "prepare", "src", "dst", "--shard-mb", "4", "--workers", "2", "--quiet"]
    command = [sys.executable, "-m", "tinyalex", *words]
    parts, index = tmp_path / "dst" / "parts", tmp_path / "dst" / "index.json"
    process = subprocess.Popen(command, cwd=tmp_path, env=environment())
    while process.poll() is None and len(list(parts.glob("*.safetensors"))) < finished:
        time.sleep(0.002)
    if finished == 0:
        time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not index.exists()
    again = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True)
    assert again.returncode == 0, again.stderr
    prepare(src, tmp_path / "undisturbed", Form(), shard_mb=4, workers=1)
    assert contents(tmp_path / "dst") == contents(tmp_path / "undisturbed")


@pytest.mark.slow
def test_a_killed_worker_gives_an_error(tmp_path: Path) -> None:
    """As a system does when it runs out of memory."""
    src = small(tmp_path / "src", each=40, val_each=2, size=(400, 300))
    killed: list[int] = []

    def kill_one(progress: Progress) -> None:
        if progress.done and not killed:
            worker = multiprocessing.active_children()[0]
            killed.append(worker.pid or 0)
            worker.kill()

    dst = tmp_path / "dst"
    with pytest.raises(DataError, match="a worker process was ended from outside"):
        prepare(src, dst, FORM, shard_mb=1, workers=2, listen=kill_one)
    assert killed and not (dst / "index.json").exists()
    prepare(src, dst, FORM, shard_mb=1, workers=2)
    prepare(src, tmp_path / "whole", FORM, shard_mb=1, workers=1)
    assert contents(dst) == contents(tmp_path / "whole")


def press_ctrl_c() -> None:
    """As if another thread took the signal, so that blocking it in this thread does not help."""

    def take() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as on a terminal; in the background it may be ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(
    "where", [*(pytest.param(x, marks=pytest.mark.slow) for x in ("submit", "wait")), "shutdown"]
)
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_does_not_interrupt_the_pools_code(
    src: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """An exception in the pool's own code may leave a lock taken for ever."""
    unbroken: list[str] = []
    owner = run_module if where == "wait" else ProcessPoolExecutor
    original = getattr(owner, where)

    def with_ctrl_c(*words: Any, **named: Any) -> Any:
        if not unbroken:
            press_ctrl_c()
        unbroken.append(where)
        return original(*words, **named)

    monkeypatch.setattr(owner, where, with_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        prepare(src, tmp_path / "dst", FORM, shard_mb=1, workers=2)
    assert unbroken
    prepare(src, tmp_path / "dst", FORM, shard_mb=1, workers=2)
    assert contents(tmp_path / "dst") == contents(whole)


def hangs(task: Any) -> None:
    """A worker whose disk does not answer."""
    time.sleep(30)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.usefixtures("ctrl_c")
def test_a_second_ctrl_c_ends_workers_that_hang(
    src: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers: list[Any] = []
    original = run_module.wait

    def wait(*words: Any) -> Any:
        workers.extend(multiprocessing.active_children())
        press_ctrl_c()
        press_ctrl_c()
        return original(*words)

    monkeypatch.setattr(run_module, "wait", wait)
    monkeypatch.setattr(run_module, "make_shard_in_process", hangs)
    with pytest.raises(KeyboardInterrupt):
        prepare(src, tmp_path, FORM, shard_mb=1, workers=2)
    assert len(workers) == 2 and all(worker.exitcode < 0 for worker in workers)


def test_names_may_have_any_bytes(tmp_path: Path) -> None:
    strange = {"n01440764_\xff\n\t\\.JPEG": 0, "n01440764_\N{SNOWMAN}.JPEG": 1}
    names = [name.encode("latin-1" if "\xff" in name else "utf-8") for name in strange]
    names = [name.decode("utf-8", "surrogateescape") for name in names]
    train = {
        SYNSETS[0]: {name: flat((i, 0, 0)) for i, name in enumerate(names)},
        SYNSETS[1]: {"a.JPEG": flat((9, 0, 0)), "b\udcff\n.JPEG": b"no picture"},
    }
    src = official(tmp_path / "src", train, [(SYNSETS[1], flat((0, 0, 0)))])
    prepare(src, tmp_path / "dst", FORM, workers=1)
    text = (tmp_path / "dst" / "train.names.txt").read_text().splitlines()
    assert sorted(map(layout_of.unescape, text)) == sorted(
        [*(f"{SYNSETS[0]}/{name}" for name in names), f"{SYNSETS[1]}/a.JPEG"]
    )
    (row,) = (tmp_path / "dst" / "rejected.tsv").read_text().splitlines()[1:]
    assert layout_of.unescape(row.split("\t")[2]) == f"{SYNSETS[1]}/b\udcff\n.JPEG"
    assert data.packed.verify(tmp_path / "dst").bad == 0


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
    with pytest.raises(DataError, match="the images in SRC"):
        prepare(other, dst, FORM, shard_mb=1, workers=1)
    prepare(src, dst, FORM, shard_mb=1, workers=1)
    assert contents(dst) == contents(whole)


def test_a_finished_data_set_is_not_made_again(src: Path, whole: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in whole.iterdir()}
    assert prepare(src, whole, FORM, shard_mb=1).splits["train"].records == 20
    assert {path: path.stat().st_mtime_ns for path in whole.iterdir()} == times
