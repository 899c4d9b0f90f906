"""What stops preparing: too many bad images, full disks, wrong folders and options."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.pictures import class_folders, write
from tests.data.prepare.archives import IDS, SYNSETS, contents, flat, official, small
from tests.processes import environment
from tinyalex import data
from tinyalex.data.prepare import Form, prepare
from tinyalex.errors import ConfigError, DataError
from tinyalex.lock import locked

FORM = Form(size=256)


@pytest.fixture(scope="module")
def src(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small(tmp_path_factory.mktemp("official") / "src")


def with_bad(folder: Path, bad: int, good: int = 12) -> Path:
    class_folders(folder, {"cats": good, "dogs": good})
    for i in range(bad):
        write(folder / "cats" / f"bad{i}.jpg", flat((0, 0, 0), (200, 150))[:-300])
    return folder


def test_unusable_images_are_listed_with_the_reason(tmp_path: Path) -> None:
    src = with_bad(tmp_path / "src", 3)
    write(src / "dogs" / "notes.txt", b"hello")
    write(src / "dogs" / "tab\tname.jpg", b"")
    index = prepare(src, tmp_path / "dst", Form(size=16), workers=1)
    lines = (tmp_path / "dst" / "rejected.tsv").read_text().splitlines()
    rows = sorted(tuple(line.split("\t")) for line in lines[1:])
    assert lines[0] == "split\tclass\tname\treason" and len(rows) == 5
    names = {row[2]: row for row in rows}
    assert "data end before the image does" in names["cats/bad0.jpg"][3]
    assert names["dogs/notes.txt"][1] == "dogs"
    assert names["dogs/tab\\tname.jpg"][3] == "the file is empty (0 bytes)"
    assert sum(part.records for part in index.splits.values()) == 24
    assert sum(index.rejected.values()) == 5


@pytest.mark.parametrize("workers", [1, 2])
def test_too_many_bad_images_stop_it_unless_max_bad_allows_them(
    tmp_path: Path, workers: int
) -> None:
    src = with_bad(tmp_path / "src", 4)
    with pytest.raises(DataError, match=r"4 images cannot be used, 3 are allowed .*bad\d.jpg: "):
        prepare(src, tmp_path / "dst", FORM, shard_mb=2, workers=workers, max_bad=3)
    assert not (tmp_path / "dst" / "index.json").exists()
    index = prepare(src, tmp_path / "dst", FORM, shard_mb=2, workers=workers, max_bad=4)
    assert sum(index.rejected.values()) == 4


def test_many_bad_images_stop_it_early(tmp_path: Path) -> None:
    class_folders(tmp_path / "src", {"a": 1, "b": 1})
    for i in range(200):
        write(tmp_path / "src" / "a" / f"bad{i:03d}.jpg", b"no picture")
    seen = []
    with pytest.raises(DataError, match="11 images cannot be used, 10 are allowed"):
        prepare(tmp_path / "src", tmp_path / "dst", workers=1, listen=seen.append)
    assert seen[-1].done <= 13


def test_a_disk_that_is_too_small_is_refused_before_the_work(
    src: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    with pytest.raises(DataError, match=r"about 5\.5 MB are needed, 1\.0 MB are free"):
        prepare(src, tmp_path / "dst", FORM, workers=1)
    assert not list((tmp_path / "dst").glob("*.rec"))
    prepare(src, tmp_path / "jpeg", Form("jpeg"), workers=1)  # fits by its estimate


def full_disk_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the disk be full from the write with this number."""
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
    src: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dst, whole = tmp_path / "dst", tmp_path / "whole"
    prepare(src, whole, FORM, shard_mb=1, workers=1)
    with monkeypatch.context() as patch:
        full_disk_at(patch, 8)
        with pytest.raises(DataError, match="No space left on device"):
            prepare(src, dst, FORM, shard_mb=1, workers=1)
    assert {path.name for path in dst.iterdir()} == {"train-00000.rec", "parts"}
    prepare(src, dst, FORM, shard_mb=1, workers=1)
    assert contents(dst) == contents(whole)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_a_file_size_limit_of_the_system_gives_an_error(src: Path, tmp_path: Path) -> None:
    """The operating system itself refuses to write, in the worker processes too."""
    import resource

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    words = ["data", "prepare", str(src), "dst", "--shard-mb", "1", "--workers", "2"]
    result = subprocess.run(
        [sys.executable, "-m", "tinyalex", *words],
        cwd=tmp_path,
        env=environment(),
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
    with pytest.raises(DataError, match="thesis.tex: cannot be written|a file, not a folder"):
        prepare(src, tmp_path / "thesis.tex", FORM, workers=1)
    folders = class_folders(tmp_path / "pets", {"cats": 3, "dogs": 3})
    with pytest.raises(DataError, match="is inside the source"):
        prepare(folders, folders / "packed", FORM, workers=1)


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_two_at_once_in_one_folder_are_refused(src: Path, tmp_path: Path) -> None:
    with (
        locked(tmp_path / "dst", "data prepare"),
        pytest.raises(DataError, match=f"process {os.getpid()} .data prepare, .* is using it"),
    ):
        prepare(src, tmp_path / "dst", FORM, workers=1)


def test_other_files_are_listed_but_are_no_bad_images(tmp_path: Path) -> None:
    """A Thumbs.db or a list of boxes in each folder is no sign of a bad image."""
    src = class_folders(tmp_path / "src", {f"class{i}": 2 for i in range(3)})
    for i in range(3):
        write(src / f"class{i}" / "Thumbs.db", b"small pictures")
    prepare(src, tmp_path / "dst", FORM, workers=1, max_bad=0)
    lines = (tmp_path / "dst" / "rejected.tsv").read_text().splitlines()
    assert lines[1:] == [
        f"train\tclass{i}\tclass{i}/Thumbs.db\tleft by an operating system" for i in range(3)
    ]


@pytest.mark.parametrize(
    "options", [{"workers": 0}, {"shard_mb": 0}, {"max_bad": -1}, {"order": "sorted"}]
)
def test_wrong_options_are_refused(src: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        prepare(src, tmp_path / "dst", FORM, **options)
    assert not (tmp_path / "dst").exists()


def test_kept_images_have_their_own_sizes(tmp_path: Path) -> None:
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
