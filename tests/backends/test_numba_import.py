"""Numba takes half a second to import: only who uses it pays for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tinyalex import backends
from tinyalex.errors import BackendError

needs_numba = pytest.mark.skipif("numba" not in backends.available(), reason="numba is missing")


@pytest.mark.parametrize(
    "lines",
    [
        "import tinyalex, tinyalex.cli",
        "import tinyalex.backends as b; b.available(); b.get('numpy')",
        "from tinyalex import layers, models; models.build('tiny')",
    ],
)
def test_numba_is_not_imported_before_it_is_used(lines: str) -> None:
    if "cuda" in backends.available() and "cli" not in lines:
        pytest.skip("numba-cuda is asked whether it finds the GPU")
    check = "; import sys; print(*{'numba', 'llvmlite', 'scipy'} & set(sys.modules))"
    command = [sys.executable, "-c", lines + check]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


@needs_numba
def test_auto_prefers_numba_to_numpy() -> None:
    names = backends.available()
    assert names.index("numba") < names.index("numpy")
    assert backends.get("auto").name == names[0]


@pytest.mark.skipif("TINYALEX_TEST_BACKENDS" in os.environ, reason="the backends are chosen")
def test_a_backend_whose_package_is_missing_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_has", lambda package: package != "numba")
    assert "numba" not in backends.available()
    with pytest.raises(BackendError, match="numba is not installed[\\s\\S]*Try: "):
        backends.get("numba")


@needs_numba
def test_a_backend_is_made_once_for_each_number_of_threads() -> None:
    one, two = (backends.get("numba", threads=threads) for threads in (1, 2))
    assert one is not two and backends.get("numba", threads=1) is one
