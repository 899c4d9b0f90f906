"""What TensorBoard is given is what the run logged."""

from __future__ import annotations

import builtins
import io
import json
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tinyalex import training
from tinyalex.errors import ConfigError
from tinyalex.report.sheet import filters_sheet
from tinyalex.report.tensorboard import FOLDER, TensorBoard
from tinyalex.runs import film
from tinyalex.runs.metrics import read_metrics


def events(folder: Path) -> list[Any]:
    """All events of all files, in the order in which TensorBoard reads them."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")
    found = []
    for path in sorted(folder.iterdir()):
        content, at = path.read_bytes(), 0
        while at < len(content):  # length, its checksum, the event, its checksum
            [size] = struct.unpack_from("<Q", content, at)
            found.append(event_pb2.Event.FromString(content[at + 12 : at + 12 + size]))
            at += 16 + size
    return found


def values(found: list[Any]) -> dict[str, dict[int, Any]]:
    """By name and step; of a step that is written again, the last value."""
    table: dict[str, dict[int, Any]] = {}
    for event in found:
        for value in event.summary.value:
            shown = value.image if value.HasField("image") else value.simple_value
            table.setdefault(value.tag, {})[event.step] = shown
    return table


def config(out: Path) -> training.RunConfig:
    """Twice ten steps."""
    return training.RunConfig(
        data="digits@320", epochs=2, out=out, backend="numpy", threads=1, log_every=4
    )


def test_the_curves_are_those_of_metrics_jsonl_and_the_filters_those_of_the_film(
    tmp_path: Path,
) -> None:
    pytest.importorskip("tensorboardX")
    training.train(config(tmp_path), TensorBoard())
    table = values(events(tmp_path / FOLDER))
    lines = read_metrics(tmp_path / "metrics.jsonl")
    steps = {10 * (x["epoch"] - 1) + x["step"]: x for x in lines if x["event"] == "step"}
    assert len(steps) == 6
    names = {"training/loss": "loss", "training/error": "error", "learning_rate": "lr"}
    for name, key in {**names, "images_per_second": "images_per_second"}.items():
        wanted = {at: np.float32(line[key]) for at, line in steps.items()}
        assert {at: np.float32(v) for at, v in table[name].items() if at in steps} == wanted
    for name in ("loss", "error", "top5_error"):
        wanted = {10 * x["epoch"]: x[f"test_{name}"] for x in lines if x["event"] == "epoch"}
        assert table[f"test/{name}"] == pytest.approx(wanted)
    kept = film.read(tmp_path)
    assert kept is not None and sorted(table["filters"]) == [0, 10, 20]
    small = Image.open(io.BytesIO(filters_sheet(kept.filters[2], kept.groups))).convert("RGBA")
    shown = Image.open(io.BytesIO(table["filters"][20].encoded_image_string))
    factor = shown.width // small.width
    assert np.array_equal(np.asarray(shown.convert("RGBA"))[::factor, ::factor], np.asarray(small))


def test_a_resumed_run_supersedes_what_came_after_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = pytest.importorskip("tensorboardX.event_file_writer")
    monkeypatch.setattr(writer, "time", SimpleNamespace(time=lambda: 1e9))  # all in one second

    class Stops(training.stop.StopSignal):
        asked = 0

        def __call__(self) -> bool:
            self.asked += 1
            return self.asked > 12

    with monkeypatch.context() as patch:
        patch.setattr(training.runs, "StopSignal", Stops)
        training.train(config(tmp_path), TensorBoard())
    first = {path.name for path in (tmp_path / FOLDER).iterdir()}
    position = json.loads((tmp_path / "checkpoint.json").read_text())
    training.resume(tmp_path, TensorBoard())
    [second] = [path for path in (tmp_path / FOLDER).iterdir() if path.name not in first]
    found = events(tmp_path / FOLDER)
    began = [event for event in found if event.session_log.status == 1]  # START: from here on
    assert [event.step for event in began] == [10 * position["epoch"] + position["step"] + 1]
    assert second.stat().st_size > 100
    assert sorted(values(found)["filters"]) == [0, 10, 20]


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **options: Any) -> Any:
        if name == "tensorboardX":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ConfigError, match="tensorboardX, which is not installed") as error:
        TensorBoard()
    assert "[tensorboard]" in error.value.hint
