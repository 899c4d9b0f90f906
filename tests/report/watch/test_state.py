"""What is read of a run while its files grow, are cut off, or are wrong."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinyalex import training
from tinyalex.errors import RunError
from tinyalex.report.watch.lines import Lines
from tinyalex.report.watch.state import Watched, seconds_left
from tinyalex.training import Listener

# Ten steps an epoch.
SHORT = training.RunConfig(data="digits@320", epochs=1, backend="numpy", threads=1, log_every=4)


def step(epoch: int, number: int, seconds: float, loss: float = 1.0) -> dict[str, Any]:
    record = {"epoch": epoch, "step": number, "steps_per_epoch": 10, "epochs": 4, "loss": loss}
    rest = {"error": 0.5, "lr": 0.1, "images_per_second": 9.0, "seconds": seconds}
    return {"event": "step", **record, **rest}


def written(records: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    losses=st.lists(st.integers(0, 99), max_size=12),
    cuts=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 12)), max_size=5),
)
def test_lines_are_those_of_the_file_however_it_grows(
    tmp_path: Path, losses: list[int], cuts: list[tuple[int, int]]
) -> None:
    """A run may stop in the middle of a line, and is resumed at a line that it wrote before."""
    path = tmp_path / "metrics.jsonl"
    path.unlink(missing_ok=True)
    reader, serial = Lines(path), 0.0
    records: list[dict[str, Any]] = []
    for size, kept in cuts:
        records = records[:kept]
        for i, loss in enumerate(losses):
            records.append(step(1, i % 10 + 1, serial, float(loss)))
            serial += 1
        content = written(records)
        path.write_bytes(content[: max(0, len(content) - size)])
        reader.read()
        whole = path.read_bytes().count(b"\n")
        assert reader.steps == [_plain(r) for r in records[:whole]]
    path.write_bytes(written(records))
    reader.read()
    assert reader.steps == [_plain(record) for record in records]


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(record))


@pytest.mark.parametrize(
    "line",
    [
        b"{half\n",
        b"[1]\n",
        b"\xff\n",
        written([{**step(1, 1, 1.0), "step": 11}]),
        written([{**step(1, 1, 1.0), "loss": "<b>"}]),
        written([{"images_per_second": 3}]),
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_line_that_no_run_writes_is_said(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(written([step(1, 1, 1.0)]) + line)
    with pytest.raises(RunError, match=r"metrics\.jsonl"):
        Lines(path).read()


def test_the_time_left_follows_the_pace_of_the_last_epochs() -> None:
    """The first epoch took a minute to compile; since then a step takes one second."""
    steps = [step(1, 10, 100.0), step(2, 10, 110.0), step(3, 10, 120.0), step(4, 5, 125.0)]
    assert seconds_left(steps, 4) == pytest.approx(5.0)
    assert seconds_left(steps[:1], 4) == pytest.approx(300.0)
    assert seconds_left([step(1, 5, 5.0)], 2) == pytest.approx(15.0)
    assert seconds_left([*steps, step(4, 10, 130.0)], 4) == 0


def test_a_folder_without_a_run_waits_and_nothing_is_written(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none" / "yet"):
        found = Watched(folder).document()
        assert (found["status"], found["charts"]) == ("waiting", "")
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_followed_from_before_its_beginning_through_a_stop_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    watched = Watched(folder)
    seen = [watched.document()]

    class Looks(Listener):
        def epoch(self, record: dict[str, Any]) -> None:
            seen.append(watched.document())

    class StopsInEpoch2(training.stop.StopSignal):
        asked = 0

        def __call__(self) -> bool:
            self.asked += 1
            return self.asked > 24

    config = replace(SHORT, epochs=3, out=folder)
    with monkeypatch.context() as patch:
        patch.setattr(training.runs, "StopSignal", StopsInEpoch2)
        assert training.train(config, Looks())["interrupted"]
    seen.append(watched.document())
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    training.resume(folder, Looks())
    seen.append(watched.document())
    assert [found["status"] for found in seen] == [
        *("waiting", "training", "stopped", "training", "training", "finished")
    ]
    assert [found["points"] for found in seen] == [0, 3, 3, 6, 9, 9]
    assert [found["film"] for found in seen[1:]] == [
        *([0, 1], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3])
    ]
    assert len({found["version"] for found in seen}) == len(seen)
    assert before.keys() <= {path.name for path in folder.iterdir()}
    assert dict(seen[1]["facts"])["time left"] and "time left" not in dict(seen[-1]["facts"])


def test_a_training_that_was_killed_has_stopped(tmp_path: Path) -> None:
    training.train(replace(SHORT, out=tmp_path))
    (tmp_path / "summary.json").unlink()
    watched = Watched(tmp_path)
    (tmp_path / ".lock").write_text(f"process {os.getpid()} since 2012-09-30 10:00:00 for train\n")
    assert watched.document()["status"] == "training"
    (tmp_path / ".lock").write_text("process 4194305 since 2012-09-30 10:00:00 for train\n")
    long_ago = 1_000_000_000
    for path in tmp_path.iterdir():
        os.utime(path, (long_ago, long_ago))
    assert watched.document()["status"] == "stopped"


def test_many_may_look_at_once(tmp_path: Path) -> None:
    training.train(replace(SHORT, out=tmp_path))
    watched, found = Watched(tmp_path), []
    threads = [
        threading.Thread(target=lambda: found.append((watched.document(), watched.batch(1))))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and all(each == found[0] for each in found)
