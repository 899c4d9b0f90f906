"""The list of Imagenette's pictures, and the script that picks them."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "results" / "imagenette"


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("imagenette_pick", FOLDER / "pick.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def few(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script with a list of two pictures."""
    listed = ["train/n1/a.JPEG", "val/n1/b.JPEG"]
    monkeypatch.setattr(script, "LIST", tmp_path / "list.gz")
    script.LIST.write_bytes(gzip.compress("\n".join(listed).encode()))
    digests = b"".join(hashlib.sha256(name.encode()).digest() for name in listed)
    monkeypatch.setattr(script, "CONTENTS", hashlib.sha256(digests).hexdigest())
    for name in [*listed, "train/n1/c.JPEG", "train/n2/d.JPEG"]:
        path = tmp_path / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    monkeypatch.chdir(tmp_path)
    return script


def test_the_list_has_the_pictures_that_the_runs_were_trained_and_tested_on(
    script: ModuleType,
) -> None:
    names = script.names()
    config = json.loads((FOLDER / "seed0" / "config.json").read_text())
    counts = Counter(tuple(name.split("/")[:2]) for name in names)
    assert names == sorted(set(names)) and len(names) == 5000
    assert counts == {
        (part, synset): n
        for part, n in (("train", 400), ("val", 100))
        for synset in config["classes"]
    }
    assert (config["train_images"], config["test_images"]) == (4000, 1000)


def test_the_listed_pictures_are_picked_and_no_others(few: ModuleType, tmp_path: Path) -> None:
    assert "the same pictures" in few.main(["all", "picked"])
    files = sorted(path for path in (tmp_path / "picked").rglob("*") if path.is_file())
    assert [path.read_text() for path in files] == few.names()


def test_other_bytes_are_told(few: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "all" / "val" / "n1" / "b.JPEG").write_text("scaled by another program")
    assert "other bytes" in few.main(["all", "picked"])


def test_nothing_is_copied_where_a_picture_is_missing(few: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "all" / "val" / "n1" / "b.JPEG").unlink()
    with pytest.raises(SystemExit, match="1 of 2 pictures are missing, such as val/n1/b.JPEG"):
        few.main(["all", "picked"])
    assert not (tmp_path / "picked").exists()
    with pytest.raises(SystemExit, match="Usage"):
        few.main([])
