"""Runs whose data have moved, and runs that have."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.data.pictures import class_folders
from tinyalex import evaluation, training
from tinyalex.errors import RunError
from tinyalex.report.page.facts import gather

SHORT = {"model": "tiny", "epochs": 1, "backend": "numpy", "threads": 1, "batch_size": 8}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run on the folder ``data``, named relative to the working folder."""
    monkeypatch.chdir(tmp_path)
    class_folders(tmp_path / "data", {"a": 5, "b": 5})
    training.train(training.RunConfig("data", out=Path("runs") / "r", **SHORT))
    return tmp_path / "runs" / "r"


def written(run: Path) -> dict[str, object]:
    return json.loads((run / "config.json").read_text())


def test_a_run_remembers_whole_paths(run: Path, tmp_path: Path) -> None:
    assert written(run)["data"] == str(tmp_path / "data")
    made = training.RunConfig(data_root=Path("sets")).resolved()
    assert (made.data, made.data_root) == ("digits", tmp_path / "sets")


def test_a_run_is_resumed_and_measured_from_another_folder(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    assert training.resume(run, epochs=2)["epochs"] == 2
    assert evaluation.evaluate([run], backend="numpy")["n"] == 2


def test_a_run_of_an_older_version_is_found_by_where_it_was_trained(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run / "config.json").write_text(json.dumps(written(run) | {"data": "data"}))
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    assert training.read_config(run).data == str(tmp_path / "data")
    copy = shutil.copytree(run, tmp_path / "else" / "copy")
    assert training.read_config(copy).data == "data"
    class_folders(tmp_path / "else" / "data", {"a": 5, "b": 5})
    assert evaluation.evaluate([copy], backend="numpy")["n"] == 2  # of the working folder


def test_moved_data_are_missed_by_name_and_named_again(run: Path, tmp_path: Path) -> None:
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    was = f"the run's data was {tmp_path / 'data'}: not there\nTry: `tinyalex train --resume"
    with pytest.raises(RunError, match=was):
        training.resume(run, epochs=2)
    with pytest.raises(RunError, match=was):
        evaluation.evaluate([run], backend="numpy")
    with pytest.raises(RunError, match=was):
        gather(run, "numpy")
    assert evaluation.evaluate([run], "elsewhere", backend="numpy")["n"] == 2
    assert training.resume(run, epochs=2, data="elsewhere")["epochs"] == 2
    assert written(run)["data"] == str(tmp_path / "elsewhere")
    assert evaluation.evaluate([run], backend="numpy")["n"] == 2


def test_a_finished_run_can_be_told_where_its_data_are(run: Path, tmp_path: Path) -> None:
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    assert training.resume(run)["epochs"] == 1  # nothing is left to do: no data are needed
    assert training.resume(run, data="elsewhere")["epochs"] == 1
    assert written(run)["data"] == str(tmp_path / "elsewhere")


def test_other_data_are_refused_and_not_remembered(run: Path, tmp_path: Path) -> None:
    class_folders(tmp_path / "other", {"a": 5, "b": 6})
    before = (run / "config.json").read_bytes()
    with pytest.raises(RunError, match="is not what it was"):
        training.resume(run, epochs=2, data="other")
    assert (run / "config.json").read_bytes() == before


def test_imported_weights_without_data_ask_for_them(run: Path) -> None:
    changes = {"imported": {"file": "x.pth", "sha256": "0" * 64}, "data": "imagenet"}
    (run / "config.json").write_text(json.dumps(written(run) | changes))
    with pytest.raises(RunError, match=r"come without data .*imagenet(.|\n)*--data FOLDER"):
        evaluation.evaluate([run], backend="numpy")
