"""One short run that the tests of reports share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyalex import training
from tinyalex.report.page.facts import Facts, gather


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "<first> & only"
    training.train(training.RunConfig(epochs=2, out=out, backend="numpy", threads=1))
    return out


@pytest.fixture(scope="session")
def facts(folder: Path) -> Facts:
    return gather(folder, "numpy", 1)
