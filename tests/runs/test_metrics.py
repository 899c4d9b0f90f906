"""metrics.jsonl: its epochs; and where it is missing or cannot be written."""

from __future__ import annotations

import pytest

from tinyalex.errors import RunError
from tinyalex.runs import metrics


def test_a_metrics_file_that_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(RunError, match="cannot be written"):
        metrics.MetricsFile(tmp_path / "missing" / "metrics.jsonl")


def test_only_the_lines_of_finished_epochs_are_epochs(tmp_path):
    line = {"train_loss": 1, "train_error": 0.5, "test_loss": 1, "test_error": 0.5, "lr": 0.1}
    records = [("step", {"epoch": 1, "loss": 2.0}), ("epoch", {"epoch": 1, **line})]
    records += [("warning", {"epoch": 1, "text": "!"}), ("epoch", {"epoch": 2, **line})]
    file = metrics.MetricsFile(tmp_path / metrics.FILE)
    for record in records:
        file.write(*record)
    file.close()
    assert len(metrics.read_metrics(file.path)) == 4
    assert [epoch["epoch"] for epoch in metrics.read_epochs(file.path)] == [1, 2]


def test_a_missing_file_is_told_by_its_name(tmp_path):
    with pytest.raises(RunError, match="epochs.jsonl does not exist"):
        metrics.read_epochs(tmp_path / "epochs.jsonl")
