"""Downloads from a server on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.progress import Progress

from tests.serving import CONTENT, Handler, serving
from tinyalex import data, notice
from tinyalex.data import cifar
from tinyalex.data import fetch as module
from tinyalex.errors import ConfigError, DataError


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(module, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(module, "SIZE", len(CONTENT))
    with serving(monkeypatch) as address:
        yield address


def mirrors(monkeypatch: pytest.MonkeyPatch, server: str, *names: str) -> None:
    monkeypatch.setattr(module, "MIRRORS", [f"{server}/{name}" for name in names])


def test_a_file_is_downloaded_once(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors(monkeypatch, server, "good")
    path = data.download("cifar10", root=tmp_path / "new")
    assert path == tmp_path / "new" / "cifar-10-binary.tar.gz" and path.read_bytes() == CONTENT
    assert data.download("cifar10", root=tmp_path / "new") == path
    assert Handler.asked == ["/good"]


def test_a_complete_folder_or_archive_is_not_downloaded_again(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors(monkeypatch, server, "good")
    monkeypatch.setattr(cifar, "RECORDS", 2)
    told: list[str] = []
    monkeypatch.setattr(notice, "tell", told.append)
    folder = tmp_path / cifar.FOLDER
    folder.mkdir()
    for name in cifar.FILES:
        (folder / name).write_bytes(bytes(2 * 3073))
    assert data.download("cifar10", root=tmp_path) == folder
    assert data.download("cifar10", root=folder) == folder
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives" / cifar.ARCHIVE).write_bytes(CONTENT)
    for root in (tmp_path / "archives", tmp_path / "archives" / cifar.ARCHIVE):
        assert data.download("cifar10", root=root) == tmp_path / "archives" / cifar.ARCHIVE
    assert Handler.asked == [] and len(told) == 4
    assert all("nothing is downloaded" in text for text in told)


@pytest.mark.parametrize("left", [0, 3073])
def test_an_incomplete_folder_is_downloaded_and_the_archive_read(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    mirrors(monkeypatch, server, "good")
    monkeypatch.setattr(cifar, "RECORDS", 2)
    (tmp_path / cifar.FOLDER).mkdir()
    for name in cifar.FILES[: -1 if left == 0 else None]:
        (tmp_path / cifar.FOLDER / name).write_bytes(bytes(left or 2 * 3073))
    path = data.download("cifar10", root=tmp_path)
    assert path == tmp_path / cifar.ARCHIVE and Handler.asked == ["/good"]
    assert cifar.find_cifar10(tmp_path) == path


@pytest.mark.parametrize("first", ["missing", "bad", "short"])
def test_the_next_mirror_is_asked_when_one_fails(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    mirrors(monkeypatch, server, first, "good")
    assert data.download("cifar10", root=tmp_path).read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["cifar-10-binary.tar.gz"]


def test_nothing_is_left_when_every_mirror_fails(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors(monkeypatch, server, "bad", "missing", "short")
    with pytest.raises(
        DataError, match="no mirror gave[\\s\\S]*/bad[\\s\\S]*/missing[\\s\\S]*Try:"
    ):
        data.download("cifar10", root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_that_is_there_is_replaced(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors(monkeypatch, server, "good")
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(CONTENT[:99])
    assert data.download("cifar10", root=tmp_path).read_bytes() == CONTENT


def test_a_progress_bar_counts_to_the_end(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors(monkeypatch, server, "good")
    progress = Progress(disable=True)
    data.download("cifar10", root=tmp_path, progress=progress)
    assert progress.tasks[0].completed == progress.tasks[0].total == len(CONTENT)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="file/folder: cannot be created"):
        data.download("cifar10", root=tmp_path / "file" / "folder")


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match="'cifar'[\\s\\S]*'cifar10'"):
        data.download("cifar")
