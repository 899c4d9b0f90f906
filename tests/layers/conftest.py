"""PyTorch, for the tests that compare with it; they skip where it is not installed."""

from __future__ import annotations

from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    module: ModuleType = pytest.importorskip("torch", exc_type=ImportError)
    module.set_num_threads(1)
    return module
