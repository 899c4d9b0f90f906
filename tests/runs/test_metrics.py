"""metrics.jsonl, where it cannot be written."""

from __future__ import annotations

import pytest

from tinyalex.errors import RunError
from tinyalex.runs.metrics import MetricsFile


def test_a_metrics_file_that_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(RunError, match="cannot be written"):
        MetricsFile(tmp_path / "missing" / "metrics.jsonl")
