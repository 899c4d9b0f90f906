"""One browser, and one page of a real run, for the tests of `tinyalex explore`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Browser, browser
from tinyalex import training
from tinyalex.report import explore
from tinyalex.training import Run


@pytest.fixture(scope="session")
def window() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs") / "digits"
    training.train(
        training.RunConfig(data="digits@300", epochs=2, out=out, backend="numpy", threads=1)
    )
    return training.load_run(out, "numpy", 1)


@pytest.fixture(scope="session")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return explore(run, tmp_path_factory.mktemp("pages") / "explore.html")
