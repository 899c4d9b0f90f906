"""Downloads give the right file or none. The server runs in this process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from rich.progress import Progress

from tests.serving import CONTENT, Handler, serving
from tests.weights.nets import run_of
from tinyalex import weights
from tinyalex.errors import CheckpointError, ConfigError, DataError
from tinyalex.weights import fetch


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(monkeypatch) as address:
        yield address


def publish(monkeypatch: pytest.MonkeyPatch, url: str, content: bytes = CONTENT) -> None:
    prefix = hashlib.sha256(content).hexdigest()[:8]
    monkeypatch.setitem(fetch.PUBLISHED, "torchvision", fetch.Published(url, prefix))


def test_the_published_address_carries_its_own_hash() -> None:
    published = fetch.PUBLISHED["torchvision"]
    assert published.url == "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"
    assert published.file == f"alexnet-owt-{published.sha256_prefix}.pth"


def test_the_file_is_fetched_once(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, f"{server}/good/net.pth")
    progress = Progress(disable=True)
    path = weights.download("torchvision", tmp_path, progress)
    assert path == tmp_path / "weights" / "net.pth" and path.read_bytes() == CONTENT
    assert progress.tasks[0].completed == len(CONTENT)
    assert weights.download("torchvision", tmp_path) == path
    assert Handler.asked == ["/good/net.pth"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [("bad", "SHA-256 must begin with"), ("short", "cannot be downloaded"), ("missing", "404")],
)
def test_nothing_is_left_of_a_wrong_file(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, says: str
) -> None:
    publish(monkeypatch, f"{server}/{answer}/net.pth")
    with pytest.raises(DataError, match=f"{says}[\\s\\S]*Try:.*browser"):
        weights.download("torchvision", tmp_path)
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_damaged_file_that_is_there_is_replaced(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, f"{server}/good/net.pth")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.pth").write_bytes(CONTENT[:99])
    assert weights.download("torchvision", tmp_path).read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="file/weights"):
        weights.download("torchvision", tmp_path / "file")


def test_unknown_names_and_weights_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'torchvison'[\\s\\S]*'torchvision'"):
        weights.download("torchvison")
    with pytest.raises(ConfigError, match="'torchvison'[\\s\\S]*'torchvision'"):
        weights.load("torchvison", tmp_path)
    with pytest.raises(DataError, match="not downloaded[\\s\\S]*tinyalex weights download"):
        weights.load("torchvision", tmp_path)
    with pytest.raises(CheckpointError, match="no such file"):
        weights.load(tmp_path / "net.safetensors")


def test_pytorch_is_needed_once(
    torch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fetch.PUBLISHED, "torchvision", fetch.Published("there/net.pth", ""))
    state = run_of("tiny").model.state_dict()
    path = tmp_path / "weights" / "net.pth"
    path.parent.mkdir()
    torch.save({name: torch.from_numpy(array) for name, array in state.items()}, path)
    assert weights.find("torchvision", tmp_path) == path.with_suffix(".safetensors")
    path.unlink()
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    again = weights.read(weights.find("torchvision", tmp_path), "tiny", mean="80")
    assert all((again.weights[name] == array).all() for name, array in state.items())
